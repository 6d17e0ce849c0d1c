"""Assets that something else makes: read, watched, never made here.

Owns: ``SourceAsset``, ``@observable_source_asset``, ``@multi_observable_source_asset`` and the turning of
bare specs into external assets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack, overload

from attrs import evolve, fields_dict

from penstock.define.asset_decorators import (
    asset_key_of,
    bound_manager,
    common_partitions,
    internal_deps_of,
)
from penstock.define.asset_nodes import checks_by_output
from penstock.define.asset_ops import StepOptions, Wiring, description_of, executor_of, make_op, wire
from penstock.define.assets import AssetsDefinition, external_asset
from penstock.define.checks import VERDICT
from penstock.define.freshness import FreshnessPolicy
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.signature import read_shape
from penstock.define.spec_rules import DEFAULT_GROUP, IO_MANAGER_KEY, check_name, check_options, op_name_of
from penstock.define.specs import AssetCheckSpec, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey, CoercibleToAssetKey, CoercibleToAssetKeyPrefix
from penstock.values import frozen


class SourceOptions(StepOptions, total=False):
    """What may be said about an asset that something else makes, beside what holds for every step."""

    io_manager_def: Any
    description: str | None
    partitions_def: Any
    group_name: str | None
    automation_condition: Any
    freshness_policy: FreshnessPolicy | None
    tags: Mapping[str, str] | None
    owners: Sequence[str] | None
    kinds: Iterable[str] | None
    auto_observe_interval_minutes: float | None


@frozen(init=False, eq=False, repr=False)
class SourceAsset(AssetsDefinition):
    """An asset that something else makes and assets here read.

    Args:
        key: the asset, in any spelling.
        metadata: facts about it, by name.
        io_manager_key: the resource that reads it.
        observe_fn: looks at it and returns a ``DataVersion`` or ``ObserveResult``.
        options: see ``SourceOptions``.
    """

    def __init__(
        self,
        key: CoercibleToAssetKey,
        metadata: Mapping[str, Any] | None = None,
        io_manager_key: str | None = None,
        *,
        observe_fn: Callable[..., Any] | None = None,
        **options: Unpack[SourceOptions],
    ) -> None:
        check_options(options, SourceOptions.__annotations__, "SourceAsset")
        given: dict[str, Any] = {**options, "metadata": metadata, "io_manager_key": io_manager_key}
        fields = _source_fields(AssetSpec(key).key, observe_fn, given)
        for name, one in fields_dict(AssetsDefinition).items():
            default: Any = one.default
            value = fields[name] if name in fields else getattr(default, "factory", lambda d=default: d)()
            object.__setattr__(self, name, value)

    @property
    def spec(self) -> AssetSpec:
        """Everything said about it."""
        return self.get_asset_spec()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its facts."""
        return self.spec.metadata

    @property
    def description(self) -> str | None:
        """What is said about it for people."""
        return self.spec.description

    @property
    def group_name(self) -> str:
        """Its group, ``default`` unless given."""
        return self.group_names_by_key[self.key]

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        return self.spec.tags

    @property
    def io_manager_key(self) -> str:
        """The resource that reads it."""
        return self.get_io_manager_key_for_asset_key(self.key)


def _source_fields(
    key: AssetKey, observe_fn: Callable[..., Any] | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    name = op_name_of(key) if observe_fn is not None else key.to_python_identifier()
    resources, manager = bound_manager(name, options)
    described = options.get("description")
    metadata = dict(options.get("metadata") or {})
    spec = AssetSpec(
        key,
        description=described if observe_fn is None else description_of(observe_fn, described),
        metadata=metadata if manager is None else {**metadata, IO_MANAGER_KEY: manager},
        group_name=options.get("group_name") or DEFAULT_GROUP,
        automation_condition=options.get("automation_condition"),
        tags=options.get("tags"),
        owners=options.get("owners"),
        kinds=options.get("kinds"),
        partitions_def=options.get("partitions_def"),
        freshness_policy=options.get("freshness_policy"),
    )
    fields = {
        "node": None,
        "kind": "external",
        "specs_by_key": {key: spec},
        "partitions_def": spec.partitions_def,
        "resource_defs": resources,
    }
    return fields if observe_fn is None else fields | _observing(observe_fn, spec, options)


def _observing(fn: Callable[..., Any], spec: AssetSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    shape = read_shape(fn)
    name = op_name_of(spec.key)
    _refuse_inputs(wire(shape, None, (), name), name, shape.where)
    return {
        "node": make_op(name, fn, shape, ({}, {DEFAULT_OUTPUT: VERDICT}), options, spec.description),
        "kind": "observe",
        "keys_by_output": {DEFAULT_OUTPUT: spec.key},
        "hooks": frozenset(options.get("hooks") or ()),
        "executor": executor_of(options),
    }


def _refuse_inputs(wiring: Wiring, name: str, where: str) -> None:
    if wiring.keys:
        raise InvalidDefinitionError(
            f"The function that observes {name!r} ({where}) takes {', '.join(map(repr, wiring.keys))}, but an"
            " observation reads no assets. It may take context, config and resources."
        )


class ObservableOptions(SourceOptions, total=False):
    """What ``@observable_source_asset`` may be told; ``key`` excludes ``name`` and ``key_prefix``."""

    metadata: Mapping[str, Any] | None
    io_manager_key: str | None
    key: CoercibleToAssetKey | None
    name: str | None
    key_prefix: CoercibleToAssetKeyPrefix | None


@overload
def observable_source_asset(observe_fn: Callable[..., Any], /) -> SourceAsset: ...


@overload
def observable_source_asset(
    **options: Unpack[ObservableOptions],
) -> Callable[[Callable[..., Any]], SourceAsset]: ...


def observable_source_asset(
    observe_fn: Callable[..., Any] | None = None, /, **options: Unpack[ObservableOptions]
) -> SourceAsset | Callable[[Callable[..., Any]], SourceAsset]:
    """Make an external asset of a function that looks at it.

    Args:
        observe_fn: returns a ``DataVersion``, ``DataVersionsByPartition`` or ``ObserveResult``.
        options: see ``ObservableOptions``.

    Raises:
        InvalidDefinitionError: when the function takes values of assets.
    """
    check_options(options, ObservableOptions.__annotations__, "@observable_source_asset")

    def decorate(fn: Callable[..., Any]) -> SourceAsset:
        given: dict[str, Any] = {**options}
        key = asset_key_of(fn, given)
        for name in ("key", "name", "key_prefix"):
            given.pop(name, None)
        return SourceAsset(key, observe_fn=fn, **given)

    return decorate if observe_fn is None else decorate(observe_fn)


class MultiObservableOptions(StepOptions, total=False):
    """What ``@multi_observable_source_asset`` may be told, beside what holds for every step."""

    name: str | None
    description: str | None
    partitions_def: Any
    can_subset: bool
    group_name: str | None
    check_specs: Sequence[AssetCheckSpec] | None


def multi_observable_source_asset(
    *, specs: Sequence[AssetSpec], **options: Unpack[MultiObservableOptions]
) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """Make several external assets of one function that looks at all of them.

    Args:
        specs: the assets; the function yields an ``ObserveResult`` for each.
        options: see ``MultiObservableOptions``.

    Raises:
        InvalidDefinitionError: when a key stands twice, or the function takes values of assets.
    """
    check_options(options, MultiObservableOptions.__annotations__, "@multi_observable_source_asset")
    return lambda fn: _multi_observing(fn, specs, options)


def _multi_observing(
    fn: Callable[..., Any], specs: Sequence[AssetSpec], options: MultiObservableOptions
) -> AssetsDefinition:
    name, shape = check_name(options.get("name") or fn.__name__, "multi_asset"), read_shape(fn)
    _refuse_inputs(wire(shape, None, (), name), name, shape.where)
    partitions, group = options.get("partitions_def"), options.get("group_name") or DEFAULT_GROUP
    whole = [
        evolve(spec, partitions_def=spec.partitions_def or partitions, group_name=spec.group_name or group)
        for spec in specs
    ]
    keys = {op_name_of(spec.key): spec.key for spec in whole}
    if len(keys) < len(whole):
        raise InvalidDefinitionError(f"{name!r} observes an asset twice. Remove one of the specs.")
    outs = {output: evolve(VERDICT, name=output) for output in keys}
    return AssetsDefinition(
        node=make_op(name, fn, shape, ({}, outs), options, description_of(fn, options.get("description"))),
        kind="observe",
        keys_by_output=keys,
        specs_by_key={spec.key: spec for spec in whole},
        checks_by_output=checks_by_output(options.get("check_specs") or (), keys.values(), name),
        internal_deps=internal_deps_of(whole),
        partitions_def=partitions or common_partitions(whole),
        resource_defs=options.get("resource_defs") or {},
        can_subset=options.get("can_subset", False),
        hooks=frozenset(options.get("hooks") or ()),
        executor=executor_of(options),
    )


def external_asset_from_spec(spec: AssetSpec) -> AssetsDefinition:
    """An external asset for a spec."""
    return external_asset(spec)


def external_assets_from_specs(specs: Iterable[AssetSpec]) -> list[AssetsDefinition]:
    """An external asset for each spec."""
    return [external_asset(spec) for spec in specs]
