"""How a bare op or graph becomes assets: which input reads, and which output is, which asset.

Owns: the fields of a definition made by ``AssetsDefinition.from_op`` and ``from_graph``, and the
reading of a graph's outputs down to the op that makes each. Stands below ``assets``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypedDict

from penstock.define.graph import GraphDefinition
from penstock.define.inout import OutputDefinition
from penstock.define.op import OpDefinition
from penstock.define.spec_rules import DEFAULT_GROUP, check_options
from penstock.define.specs import AssetCheckSpec, AssetDep, AssetSpec, as_deps, key_of
from penstock.errors import InvalidDefinitionError, suggest
from penstock.keys import AssetKey, CoercibleToAssetKeyPrefix, as_parts


class NodeOptions(TypedDict, total=False):
    """What may be said when an op or graph becomes assets; ``…_by_output_name`` override the rest."""

    keys_by_input_name: Mapping[str, AssetKey]
    keys_by_output_name: Mapping[str, AssetKey]
    key_prefix: CoercibleToAssetKeyPrefix | None
    internal_asset_deps: Mapping[str, AbstractSet[AssetKey]] | None
    partitions_def: Any
    partition_mappings: Mapping[str, Any] | None
    resource_defs: Mapping[str, Any] | None
    group_name: str | None
    group_names_by_output_name: Mapping[str, str | None] | None
    descriptions_by_output_name: Mapping[str, str] | None
    metadata_by_output_name: Mapping[str, Mapping[str, Any] | None] | None
    tags_by_output_name: Mapping[str, Mapping[str, str] | None] | None
    automation_conditions_by_output_name: Mapping[str, Any] | None
    owners_by_output_name: Mapping[str, Sequence[str]] | None
    code_versions_by_output_name: Mapping[str, str | None] | None
    backfill_policy: Any
    can_subset: bool
    check_specs: Sequence[AssetCheckSpec] | None
    hook_defs: Iterable[Any] | None


def fields_from_op(op: OpDefinition, options: NodeOptions) -> dict[str, Any]:
    """The fields of the definition that an op makes, without ``node``.

    Raises:
        InvalidDefinitionError: when options name inputs or outputs that it does not have.
    """
    nothing = {name for name, one in op.ins.items() if one.type.is_nothing}
    return _fields(op.name, op.ins, op.outs, op.description, options, nothing)


def fields_from_graph(graph: GraphDefinition, options: NodeOptions) -> dict[str, Any]:
    """The fields of the definition that a graph makes, without ``node``.

    Raises:
        InvalidDefinitionError: when options name inputs or outputs that it does not have.
    """
    outs = {name: output_of_graph(graph, name) for name in graph.outs}
    return _fields(graph.name, graph.ins, outs, graph.description, options, set())


def _fields(
    name: str,
    ins: Mapping[str, Any],
    outs: Mapping[str, OutputDefinition],
    description: str | None,
    options: NodeOptions,
    nothing: AbstractSet[str],
) -> dict[str, Any]:
    keys_by_input = _keys_by_input(name, ins, options)
    keys_by_output = _keys_by_output(name, outs, options)
    mappings = {
        keys_by_input[argument]: mapping
        for argument, mapping in (options.get("partition_mappings") or {}).items()
        if argument in keys_by_input
    }
    upstream = tuple(AssetDep(key, partition_mapping=mappings.get(key)) for key in keys_by_input.values())
    internal = checked_internal_deps(options.get("internal_asset_deps") or {}, keys_by_output, name)
    specs = {
        key: _spec(key, outs[output], description, internal.get(key, upstream), (output, options))
        for output, key in keys_by_output.items()
    }
    return {
        "keys_by_input": {key: one for key, one in keys_by_input.items() if key not in nothing},
        "keys_by_output": keys_by_output,
        "specs_by_key": specs,
        "internal_deps": {key: frozenset(dep.asset_key for dep in deps) for key, deps in internal.items()},
        "checks_by_output": checks_by_output(options.get("check_specs") or (), specs, name),
        "partitions_def": options.get("partitions_def"),
        "partition_mappings": mappings,
        "resource_defs": dict(options.get("resource_defs") or {}),
        "can_subset": options.get("can_subset", False),
        "backfill_policy": options.get("backfill_policy"),
        "hooks": frozenset(options.get("hook_defs") or ()),
    }


def _keys_by_input(name: str, ins: Iterable[str], options: NodeOptions) -> dict[str, AssetKey]:
    given = options.get("keys_by_input_name") or {}
    check_options(given, ins, f"{name!r} (an input)")
    return {argument: key_of(given.get(argument, AssetKey(argument))) for argument in ins}


def _keys_by_output(name: str, outs: Iterable[str], options: NodeOptions) -> dict[str, AssetKey]:
    given = options.get("keys_by_output_name") or {}
    outputs = list(outs)
    check_options(given, outputs, f"{name!r} (an output)")
    prefix = as_parts(options.get("key_prefix"))
    # A single output has no telling name of its own: the function's name says what it is.
    own = {output: AssetKey(name if len(outputs) == 1 else output) for output in outputs}
    found = {output: key_of(given.get(output, own[output])) for output in outputs}
    return {output: key.with_prefix(prefix) for output, key in found.items()} if prefix else found


def _spec(
    key: AssetKey,
    out: OutputDefinition,
    description: str | None,
    deps: Sequence[AssetDep],
    said: tuple[str, NodeOptions],
) -> AssetSpec:
    output, options = said

    def by_output(name: str) -> Any:
        return (options.get(name) or {}).get(output)  # type: ignore[union-attr]  # the names are mappings

    return AssetSpec(
        key,
        deps=deps,
        description=by_output("descriptions_by_output_name") or out.description or description,
        metadata={**out.metadata, **(by_output("metadata_by_output_name") or {})},
        skippable=not out.is_required,
        group_name=by_output("group_names_by_output_name") or options.get("group_name") or DEFAULT_GROUP,
        code_version=by_output("code_versions_by_output_name") or out.code_version,
        automation_condition=by_output("automation_conditions_by_output_name"),
        owners=by_output("owners_by_output_name"),
        tags=by_output("tags_by_output_name"),
        partitions_def=options.get("partitions_def"),
    )


def checked_internal_deps(
    given: Mapping[str, Iterable[Any]], keys_by_output: Mapping[str, AssetKey], owner: str
) -> dict[AssetKey, tuple[AssetDep, ...]]:
    """``internal_asset_deps`` by asset: what each output depends on, instead of on all inputs.

    Args:
        given: output → assets.
        keys_by_output: every output and its asset.
        owner: whose they are, for messages.

    Raises:
        InvalidDefinitionError: when one names no output.
    """
    for output in given:
        if output not in keys_by_output:
            raise InvalidDefinitionError(
                f"internal_asset_deps of {owner!r} names the output {output!r}, which it does not have"
                f" (it has {', '.join(map(repr, keys_by_output))}).{suggest(output, keys_by_output)}"
            )
    return {keys_by_output[output]: as_deps(on) for output, on in given.items()}


def checks_by_output(
    specs: Iterable[AssetCheckSpec], made: Iterable[AssetKey], owner: str
) -> dict[str, AssetCheckSpec]:
    """In-asset checks by their output-like names.

    Args:
        specs: as declared on the function.
        made: the assets that it makes.
        owner: whose they are, for messages.

    Raises:
        InvalidDefinitionError: when two have one name, or one checks an asset made elsewhere.
    """
    found: dict[str, AssetCheckSpec] = {}
    for spec in specs:
        if not isinstance(spec, AssetCheckSpec):
            raise InvalidDefinitionError(f"check_specs of {owner!r} wants AssetCheckSpec, found {spec!r}.")
        if spec.asset_key not in made:
            raise InvalidDefinitionError(
                f"{owner!r} declares the check {spec.name!r} on {spec.asset_key.to_user_string()!r}, which it"
                f" does not make (it makes {', '.join(map(str, made))}). Name one of its own assets, or write"
                " the check as a function with @asset_check."
            )
        if found.setdefault(spec.output_name, spec) is not spec:
            raise InvalidDefinitionError(
                f"{owner!r} declares the check {spec.key.to_user_string()!r} twice. Remove or rename one."
            )
    return found


def output_of_graph(graph: GraphDefinition, output: str) -> OutputDefinition:
    """The output of the op that stands behind an output of a graph, however deep."""
    source = graph.outs[output]
    inner = graph.nodes[source.node].definition
    while isinstance(inner, GraphDefinition):
        source = inner.outs[source.output]
        inner = inner.nodes[source.node].definition
    return inner.outs[source.output]


def manager_key_of_graph(graph: GraphDefinition, output: str) -> str:
    """The resource that stores an output of a graph."""
    return output_of_graph(graph, output).io_manager_key


def required_by(node: OpDefinition | GraphDefinition | None) -> set[str]:
    """Every resource that an op or the ops of a graph ask for."""
    found: set[str] = set()
    waiting = [node] if node is not None else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, OpDefinition):
            found |= one.required_resource_keys
        else:
            waiting.extend(inner.definition for inner in one.nodes.values())
    return found
