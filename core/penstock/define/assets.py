"""Assets: keys bound to the function or graph that makes them.

Owns: ``AssetsDefinition``. One definition makes one or several assets (or checks, or observations).
Decorators live in ``asset_decorators``, ``observe`` and ``checks``; specs in ``specs``; how a bare
op or graph becomes a definition in ``asset_nodes``; how changes are worked out in ``asset_changes``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Unpack, cast

from attrs import evolve, field

from penstock.define.asset_changes import AttributeChanges, renamed_fields, replaced_specs
from penstock.define.asset_nodes import (
    NodeOptions,
    fields_from_graph,
    fields_from_op,
    manager_key_of_graph,
    required_by,
)
from penstock.define.composing import current_composer
from penstock.define.graph import GraphDefinition
from penstock.define.invoke import invoke_op
from penstock.define.op import OpDefinition
from penstock.define.spec_rules import DEFAULT_GROUP, IO_MANAGER_KEY, check_options
from penstock.define.specs import AssetCheckSpec, AssetSpec, key_of
from penstock.errors import InvalidDefinitionError, InvalidSubsetError, InvariantViolationError
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, user_strings
from penstock.values import frozen

# Shared by every definition that says nothing: ten thousand assets would make sixty thousand empty dicts.
_NOTHING: Mapping[Any, Any] = {}


@frozen(kw_only=True, eq=False)
class AssetsDefinition:
    """Assets and what makes them.

    Args:
        node: the op or graph; None for external assets that nothing here makes.
        kind: ``"materialize"``, ``"observe"``, ``"external"`` or ``"check"``.
        keys_by_output: output of the node → asset (materialize and observe).
        keys_by_input: argument of the node → asset it reads.
        specs_by_key: everything said about each asset; ``deps`` include those of arguments.
        checks_by_output: check specs by an output-like name (``"orders_has_rows"``).
        internal_deps: for outs of one multi-asset: asset → assets it depends on.
        selected: which of the keys are to be made; None for all.
        selected_checks: which checks are to be evaluated; None for all.
        partition_mappings: asset depended on → mapping, where one was given.
        executor: opaque here: what one step of it is to be run by.
    """

    node: OpDefinition | GraphDefinition | None
    kind: str = "materialize"
    keys_by_output: Mapping[str, AssetKey] = field(default=_NOTHING)
    keys_by_input: Mapping[str, AssetKey] = field(default=_NOTHING)
    specs_by_key: Mapping[AssetKey, AssetSpec] = field(default=_NOTHING)
    checks_by_output: Mapping[str, AssetCheckSpec] = field(default=_NOTHING)
    internal_deps: Mapping[AssetKey, frozenset[AssetKey]] = field(default=_NOTHING)
    partitions_def: Any = None
    partition_mappings: Mapping[AssetKey, Any] = field(default=_NOTHING)
    resource_defs: Mapping[str, Any] = field(default=_NOTHING)
    can_subset: bool = False
    selected: frozenset[AssetKey] | None = None
    selected_checks: frozenset[AssetCheckKey] | None = None
    backfill_policy: Any = None
    hooks: frozenset[Any] = frozenset()
    executor: Any = None

    # ---- what it makes --------------------------------------------------------------------------

    @property
    def keys(self) -> frozenset[AssetKey]:
        """The assets that it makes, observes or stands for; only the selected ones of a subset."""
        return frozenset(self.specs_by_key) if self.selected is None else self.selected

    @property
    def key(self) -> AssetKey:
        """The one asset that it makes.

        Raises:
            InvariantViolationError: when it makes none or several.
        """
        if len(self.specs_by_key) == 1:
            return next(iter(self.specs_by_key))
        raise InvariantViolationError(
            f"{self!r} has no single key: it makes {user_strings(self.specs_by_key)}. Use keys."
        )

    @property
    def specs(self) -> Sequence[AssetSpec]:
        """The specs of its assets, in order of declaration."""
        chosen = self.selected
        return [spec for key, spec in self.specs_by_key.items() if chosen is None or key in chosen]

    def get_asset_spec(self, key: CoercibleToAssetKey | None = None) -> AssetSpec:
        """The spec of one of its assets.

        Args:
            key: which; may be left out when there is one.

        Raises:
            InvariantViolationError: when it does not make that asset.
        """
        wanted = self.key if key is None else key_of(key)
        found = self.specs_by_key.get(wanted)
        if found is None:
            raise InvariantViolationError(
                f"{self!r} does not make {wanted.to_user_string()!r}, only {user_strings(self.specs_by_key)}."
            )
        return found

    @property
    def check_specs(self) -> Sequence[AssetCheckSpec]:
        """The checks that it evaluates; only the selected ones of a subset."""
        chosen = self.selected_checks
        return [spec for spec in self.checks_by_output.values() if chosen is None or spec.key in chosen]

    @property
    def check_keys(self) -> frozenset[AssetCheckKey]:
        """The keys of the checks that it evaluates."""
        return frozenset(spec.key for spec in self.check_specs)

    @property
    def check_key(self) -> AssetCheckKey:
        """The key of the one check that it evaluates.

        Raises:
            InvariantViolationError: when it evaluates none or several.
        """
        specs = self.check_specs
        if len(specs) == 1:
            return specs[0].key
        raise InvariantViolationError(f"{self!r} has {len(specs)} checks, not one. Use check_keys.")

    def get_spec_for_check_key(self, key: AssetCheckKey) -> AssetCheckSpec:
        """The spec of one of its checks.

        Raises:
            InvariantViolationError: when it does not evaluate that check.
        """
        for spec in self.checks_by_output.values():
            if spec.key == key:
                return spec
        raise InvariantViolationError(f"{self!r} does not evaluate the check {key.to_user_string()!r}.")

    # ---- what is said about its assets ----------------------------------------------------------

    @property
    def group_names_by_key(self) -> Mapping[AssetKey, str]:
        """The group of each asset, ``default`` unless given."""
        return {spec.key: spec.group_name or DEFAULT_GROUP for spec in self.specs}

    @property
    def descriptions_by_key(self) -> Mapping[AssetKey, str]:
        """The description of each asset that has one."""
        return {spec.key: spec.description for spec in self.specs if spec.description is not None}

    @property
    def metadata_by_key(self) -> Mapping[AssetKey, Mapping[str, Any]]:
        """The definition metadata of each asset."""
        return {spec.key: spec.metadata for spec in self.specs}

    @property
    def tags_by_key(self) -> Mapping[AssetKey, Mapping[str, str]]:
        """The tags of each asset, kinds included."""
        return {spec.key: spec.tags for spec in self.specs}

    @property
    def owners_by_key(self) -> Mapping[AssetKey, Sequence[str]]:
        """The owners of each asset."""
        return {spec.key: spec.owners for spec in self.specs}

    @property
    def code_versions_by_key(self) -> Mapping[AssetKey, str | None]:
        """The code version of each asset, None where none was given."""
        return {spec.key: spec.code_version for spec in self.specs}

    @property
    def automation_conditions_by_key(self) -> Mapping[AssetKey, Any]:
        """The automation condition of each asset that has one."""
        return {
            spec.key: spec.automation_condition
            for spec in self.specs
            if spec.automation_condition is not None
        }

    # ---- what it depends on ---------------------------------------------------------------------

    @property
    def asset_deps(self) -> Mapping[AssetKey, set[AssetKey]]:
        """Each asset → the assets it depends on."""
        return {spec.key: {dep.asset_key for dep in spec.deps} for spec in self.specs}

    @property
    def dependency_keys(self) -> set[AssetKey]:
        """The assets on which any of its assets or checks depends."""
        found = {dep.asset_key for spec in self.specs for dep in spec.deps}
        if self.kind == "check":
            found.update(self.keys_by_input.values())
            for spec in self.check_specs:
                found.add(spec.asset_key)
                found.update(dep.asset_key for dep in spec.additional_deps)
        return found

    @property
    def keys_by_input_name(self) -> Mapping[str, AssetKey]:
        """Argument → asset, under the original's name."""
        return self.keys_by_input

    @property
    def keys_by_output_name(self) -> Mapping[str, AssetKey]:
        """Output → asset, under the original's name; only the selected ones of a subset."""
        chosen = self.selected
        return {name: key for name, key in self.keys_by_output.items() if chosen is None or key in chosen}

    def get_partition_mapping(self, in_asset_key: AssetKey) -> Any:
        """The partition mapping given for an asset depended on, or None."""
        return self.partition_mappings.get(in_asset_key)

    # ---- how it makes them ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of what makes it; of an external asset the key."""
        return self.node.name if self.node is not None else "__".join(user_strings(self.specs_by_key))

    @property
    def where(self) -> str:
        """``"file.py:12"`` of its function, or the empty text."""
        if isinstance(self.node, OpDefinition):
            return self.node.shape.where
        return "" if self.node is None else self.node.where

    @property
    def node_def(self) -> OpDefinition | GraphDefinition:
        """The op or graph that makes it.

        Raises:
            InvariantViolationError: when it is external.
        """
        if self.node is None:
            raise InvariantViolationError(f"{self!r} is external: nothing here makes it.")
        return self.node

    @property
    def op(self) -> OpDefinition:
        """The op that makes it.

        Raises:
            InvariantViolationError: when a graph makes it, or nothing.
        """
        if not isinstance(self.node, OpDefinition):
            raise InvariantViolationError(f"{self!r} is not made by one op. Use node_def.")
        return self.node

    @property
    def is_materializable(self) -> bool:
        """Whether a run can make it."""
        return self.kind == "materialize"

    @property
    def is_observable(self) -> bool:
        """Whether a run can observe it."""
        return self.kind == "observe"

    @property
    def is_external(self) -> bool:
        """Whether something else makes it; observable assets are external too."""
        return self.kind in {"external", "observe"}

    @property
    def is_executable(self) -> bool:
        """Whether a run can do anything with it."""
        return self.node is not None

    @property
    def is_subset(self) -> bool:
        """Whether only some of its assets or checks are selected."""
        return self.selected is not None or self.selected_checks is not None

    @property
    def hook_defs(self) -> frozenset[Any]:
        """Its hooks, under the original's name."""
        return self.hooks

    @property
    def required_resource_keys(self) -> set[str]:
        """Every resource that its function or the ops of its graph ask for."""
        return required_by(self.node)

    def get_io_manager_key_for_asset_key(self, key: AssetKey) -> str:
        """The resource that stores and loads one of its assets."""
        for output, made in self.keys_by_output.items():
            if made == key and isinstance(self.node, OpDefinition) and self.kind == "materialize":
                return self.node.outs[output].io_manager_key
            if made == key and isinstance(self.node, GraphDefinition):
                return manager_key_of_graph(self.node, output)
        return str(self.get_asset_spec(key).metadata.get(IO_MANAGER_KEY, "io_manager"))

    def get_output_name_for_asset_key(self, key: AssetKey) -> str:
        """The output of the node that is this asset.

        Raises:
            InvariantViolationError: when it does not make that asset.
        """
        for output, made in self.keys_by_output.items():
            if made == key:
                return output
        raise InvariantViolationError(f"{self!r} has no output for {key.to_user_string()!r}.")

    # ---- others like it -------------------------------------------------------------------------

    @classmethod
    def from_op(cls, op_def: OpDefinition, **options: Unpack[NodeOptions]) -> AssetsDefinition:
        """The assets that the outputs of an op are.

        Args:
            op_def: the op; one output is named after it, several after themselves.
            options: see ``NodeOptions``.
        """
        check_options(options, NodeOptions.__annotations__, "AssetsDefinition.from_op()")
        return AssetsDefinition(node=op_def, **fields_from_op(op_def, options))

    @classmethod
    def from_graph(cls, graph_def: GraphDefinition, **options: Unpack[NodeOptions]) -> AssetsDefinition:
        """The assets that the outputs of a graph are.

        Args:
            graph_def: the graph; one output is named after it, several after themselves.
            options: see ``NodeOptions``.
        """
        check_options(options, NodeOptions.__annotations__, "AssetsDefinition.from_graph()")
        return AssetsDefinition(node=graph_def, **fields_from_graph(graph_def, options))

    def subset_for(
        self,
        selected_asset_keys: AbstractSet[AssetKey],
        selected_asset_check_keys: AbstractSet[AssetCheckKey] | None = None,
    ) -> AssetsDefinition:
        """The same definition, making only some of its assets and checks.

        Args:
            selected_asset_keys: which assets; others are ignored.
            selected_asset_check_keys: which checks; None keeps those of the selected assets.

        Raises:
            InvalidSubsetError: when that is a true part and ``can_subset`` is off.
        """
        wanted = self.keys & selected_asset_keys
        if selected_asset_check_keys is None:
            checks = frozenset(key for key in self.check_keys if key.asset_key in wanted or not self.keys)
        else:
            checks = self.check_keys & selected_asset_check_keys
        if wanted == self.keys and checks == self.check_keys:
            return self
        if not self.can_subset:
            return self._whole_or_refused(wanted, checks)
        return evolve_definition(self, selected=wanted, selected_checks=checks)

    def _whole_or_refused(
        self, wanted: frozenset[AssetKey], checks: frozenset[AssetCheckKey]
    ) -> AssetsDefinition:
        # Checks inside a function that makes all its assets are evaluated with it, asked for or not.
        if wanted == self.keys:
            return self
        everything = [*user_strings(self.keys), *sorted(key.to_user_string() for key in self.check_keys)]
        part = [*user_strings(wanted), *sorted(key.to_user_string() for key in checks)]
        raise InvalidSubsetError(
            f"{self.name!r} makes {everything} together, only {part} were selected. Select all of them"
            " (AssetSelection.required_multi_asset_neighbors() adds the others), or declare it with"
            " can_subset=True and make only context.selected_asset_keys."
        )

    def with_attributes(self, **changes: Unpack[AttributeChanges]) -> AssetsDefinition:
        """The same definition with keys renamed or facts about its assets changed.

        Args:
            changes: see ``AttributeChanges``.
        """
        check_options(changes, AttributeChanges.__annotations__, "with_attributes()")
        specs = replaced_specs(self.specs_by_key, changes)
        fields = renamed_fields(self, specs, changes.get("asset_key_replacements") or {})
        if "backfill_policy" in changes:
            fields["backfill_policy"] = changes["backfill_policy"]
        hooks = changes.get("hook_defs")
        if hooks:
            fields["hooks"] = self.hooks.union(hooks)
        return evolve_definition(self, **fields)

    def map_asset_specs(self, fn: Callable[[AssetSpec], AssetSpec]) -> AssetsDefinition:
        """The same definition with each spec replaced by what the function makes of it."""
        specs = {key: fn(spec) for key, spec in self.specs_by_key.items()}
        renamed = {key: spec.key for key, spec in specs.items() if spec.key != key}
        return evolve_definition(self, **renamed_fields(self, specs, renamed))

    def with_hooks(self, hook_defs: AbstractSet[Any]) -> AssetsDefinition:
        """The same definition with more hooks."""
        return evolve_definition(self, hooks=self.hooks.union(hook_defs))

    def with_resources(self, resource_defs: Mapping[str, Any]) -> AssetsDefinition:
        """The same definition with resources of its own bound to it."""
        return evolve_definition(self, resource_defs={**self.resource_defs, **resource_defs})

    def to_source_asset(self, key: CoercibleToAssetKey | None = None) -> AssetsDefinition:
        """One of its assets as an external asset that is read where this one stored it.

        Args:
            key: which; may be left out when there is one.
        """
        spec = self.get_asset_spec(key)
        manager = self.get_io_manager_key_for_asset_key(spec.key)
        bare = evolve(spec.with_io_manager_key(manager), deps=(), skippable=False)
        return external_asset(bare, self.partitions_def, self.resource_defs)

    def to_source_assets(self) -> Sequence[AssetsDefinition]:
        """Each of its assets as an external asset."""
        return [self.to_source_asset(spec.key) for spec in self.specs]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function directly, or place it in the graph that is being composed.

        Raises:
            InvariantViolationError: when it is external.
        """
        node = self.node_def
        if isinstance(node, OpDefinition) and current_composer() is None:
            return invoke_op(node, args, kwargs, assets=self)
        return cast("Any", node)(*args, **kwargs)

    def __repr__(self) -> str:
        shown = user_strings(self.keys) or sorted(key.to_user_string() for key in self.check_keys)
        return f"{type(self).__name__}({', '.join(shown)})"


@frozen(kw_only=True, eq=False, repr=False)
class AssetChecksDefinition(AssetsDefinition):
    """Checks and the function that evaluates them; it makes no asset."""

    kind: str = "check"


def evolve_definition(definition: AssetsDefinition, **changes: Any) -> AssetsDefinition:
    """A definition with some fields changed; a ``SourceAsset`` becomes a plain definition."""
    made = AssetChecksDefinition if isinstance(definition, AssetChecksDefinition) else AssetsDefinition
    fields = {name: getattr(definition, name) for name in _FIELDS}
    return made(**(fields | changes))


_FIELDS = tuple(one.name for one in cast("Any", AssetsDefinition).__attrs_attrs__)


def external_asset(
    spec: AssetSpec, partitions_def: Any = None, resource_defs: Mapping[str, Any] | None = None
) -> AssetsDefinition:
    """An asset that nothing here makes.

    Args:
        spec: what is said about it.
        partitions_def: its partitions, unless the spec names them.
        resource_defs: resources bound to it, such as the I/O manager that reads it.
    """
    partitions = spec.partitions_def or partitions_def
    if spec.partitions_def is not partitions or spec.group_name is None:
        spec = evolve(spec, partitions_def=partitions, group_name=spec.group_name or DEFAULT_GROUP)
    return AssetsDefinition(
        node=None,
        kind="external",
        specs_by_key={spec.key: spec},
        partitions_def=partitions,
        partition_mappings=spec.partition_mappings,
        resource_defs=resource_defs or {},
    )


def as_definition(thing: Any) -> AssetsDefinition:
    """What a user listed among assets, as a definition.

    Raises:
        InvalidDefinitionError: when it is no asset.
    """
    if isinstance(thing, AssetsDefinition):
        return thing
    if isinstance(thing, AssetSpec):
        return external_asset(thing)
    raise InvalidDefinitionError(
        f"An asset was wanted, found {thing!r} ({type(thing).__name__})."
        " Give what @asset and its like make, an AssetSpec or a SourceAsset."
    )
