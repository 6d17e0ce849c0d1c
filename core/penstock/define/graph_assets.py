"""``@graph_asset`` and ``@graph_multi_asset``: assets made by several ops.

Owns: what the arguments of the decorators mean. The body is composed as any graph's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, overload

from penstock.define.asset_decorators import asset_key_of, common_partitions, internal_deps_of
from penstock.define.asset_nodes import checks_by_output
from penstock.define.asset_ops import Wiring, description_of, wire
from penstock.define.assets import AssetsDefinition
from penstock.define.freshness import FreshnessPolicy
from penstock.define.graph import GraphDefinition
from penstock.define.graph_decorator import as_config_mapping, compose_graph
from penstock.define.inout import GraphOut
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.signature import read_shape
from penstock.define.spec_rules import DEFAULT_GROUP, check_name, check_options, op_name_of
from penstock.define.specs import AssetCheckSpec, AssetIn, AssetOut, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import CoercibleToAssetKey, CoercibleToAssetKeyPrefix


class GraphOptions(TypedDict, total=False):
    """What both decorators may be told; ``config`` is a ``ConfigMapping`` or fixed config of the ops."""

    name: str | None
    ins: Mapping[str, AssetIn] | None
    config: Any
    group_name: str | None
    partitions_def: Any
    hooks: Iterable[Any] | None
    backfill_policy: Any
    resource_defs: Mapping[str, Any] | None
    check_specs: Sequence[AssetCheckSpec] | None
    description: str | None
    executor: Any


class GraphAssetOptions(GraphOptions, total=False):
    """What ``@graph_asset`` may be told; ``key`` excludes ``name`` and ``key_prefix``."""

    key: CoercibleToAssetKey | None
    key_prefix: CoercibleToAssetKeyPrefix | None
    metadata: Mapping[str, Any] | None
    tags: Mapping[str, str] | None
    owners: Sequence[str] | None
    kinds: Iterable[str] | None
    automation_condition: Any
    freshness_policy: FreshnessPolicy | None
    code_version: str | None


class GraphMultiAssetOptions(GraphOptions, total=False):
    """What ``@graph_multi_asset`` may be told."""

    can_subset: bool


@overload
def graph_asset(compose_fn: Callable[..., Any], /) -> AssetsDefinition: ...


@overload
def graph_asset(
    **options: Unpack[GraphAssetOptions],
) -> Callable[[Callable[..., Any]], AssetsDefinition]: ...


def graph_asset(
    compose_fn: Callable[..., Any] | None = None, /, **options: Unpack[GraphAssetOptions]
) -> AssetsDefinition | Callable[[Callable[..., Any]], AssetsDefinition]:
    """Make an asset of a function whose body calls ops: the last value is the asset.

    With ``check_specs`` the body may also return a dict: the asset as ``"result"``, and the verdict of an op
    for each check, by its ``output_name``.

    Args:
        compose_fn: the body, when used without arguments; its arguments are the assets it reads.
        options: see ``GraphAssetOptions``.

    Raises:
        InvalidDefinitionError: when the body cannot be wired or gives no value.
    """
    check_options(options, GraphAssetOptions.__annotations__, "@graph_asset")
    if compose_fn is not None:
        return _graph_asset(compose_fn, options)

    def decorate(fn: Callable[..., Any]) -> AssetsDefinition:
        return _graph_asset(fn, options)

    return decorate


def _graph_asset(fn: Callable[..., Any], options: GraphAssetOptions) -> AssetsDefinition:
    key = asset_key_of(fn, options)
    name = op_name_of(key)
    checks = checks_by_output(options.get("check_specs") or (), (key,), name)
    made, wiring = _composed(fn, name, {DEFAULT_OUTPUT: GraphOut()} if checks else None, checks, options)
    if set(made.outs) - set(checks) != {DEFAULT_OUTPUT}:
        raise InvalidDefinitionError(
            f"The body of @graph_asset {name!r} ({made.where}) has to return one value of an op."
            f" Return the call whose value is the asset."
        )
    spec = AssetSpec(
        key,
        deps=wiring.deps,
        description=description_of(fn, options.get("description")),
        metadata=options.get("metadata"),
        group_name=options.get("group_name") or DEFAULT_GROUP,
        code_version=options.get("code_version"),
        automation_condition=options.get("automation_condition"),
        owners=options.get("owners"),
        tags=options.get("tags"),
        kinds=options.get("kinds"),
        partitions_def=options.get("partitions_def"),
        freshness_policy=options.get("freshness_policy"),
    )
    return _definition(made, wiring, {DEFAULT_OUTPUT: spec}, checks, options)


def graph_multi_asset(
    *, outs: Mapping[str, AssetOut], **options: Unpack[GraphMultiAssetOptions]
) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """Make several assets of a function whose body calls ops.

    Args:
        outs: the assets by output; the body returns a dict of values by output, and perhaps of the
            verdicts of checks by their ``output_name``.
        options: see ``GraphMultiAssetOptions``.

    Raises:
        InvalidDefinitionError: when the body cannot be wired or gives other outputs.
    """
    check_options(options, GraphMultiAssetOptions.__annotations__, "@graph_multi_asset")
    return lambda fn: _graph_multi_asset(fn, outs, options)


def _graph_multi_asset(
    fn: Callable[..., Any], outs: Mapping[str, AssetOut], options: GraphMultiAssetOptions
) -> AssetsDefinition:
    name = check_name(options.get("name") or fn.__name__, "graph_multi_asset")
    keys = [one.to_spec(out).key for out, one in outs.items()]
    checks = checks_by_output(options.get("check_specs") or (), keys, name)
    said = {out: GraphOut(one.description) for out, one in outs.items()}
    made, wiring = _composed(fn, name, said, checks, options)
    partitions = options.get("partitions_def")
    specs = {
        out: one.to_spec(out, wiring.deps, options.get("group_name") or DEFAULT_GROUP).replace_attributes(
            partitions_def=partitions
        )
        for out, one in outs.items()
    }
    return _definition(made, wiring, specs, checks, options)


def _composed(
    fn: Callable[..., Any],
    name: str,
    outs: Mapping[str, GraphOut] | None,
    checks: Iterable[str],
    options: GraphOptions,
) -> tuple[GraphDefinition, Wiring]:
    wiring = wire(read_shape(fn), options.get("ins"), (), name)
    verdicts = {check: GraphOut(is_required=False) for check in checks}
    made = compose_graph(
        fn,
        name,
        f"@graph_asset {name!r}",
        out=None if outs is None else {**outs, **verdicts},
        description=description_of(fn, options.get("description")),
        config_mapping=as_config_mapping(options.get("config")),
    )
    return made, wiring


def _definition(
    made: GraphDefinition,
    wiring: Wiring,
    specs: Mapping[str, AssetSpec],
    checks: Mapping[str, AssetCheckSpec],
    options: GraphOptions,
) -> AssetsDefinition:
    whole = list(specs.values())
    return AssetsDefinition(
        node=made,
        keys_by_output={output: spec.key for output, spec in specs.items()},
        keys_by_input={argument: wiring.keys[argument] for argument in made.ins},
        specs_by_key={spec.key: spec for spec in whole},
        checks_by_output=checks,
        internal_deps=internal_deps_of(whole),
        partitions_def=options.get("partitions_def") or common_partitions(whole),
        partition_mappings=wiring.partition_mappings,
        resource_defs=options.get("resource_defs") or {},
        can_subset=options.get("can_subset", False),
        backfill_policy=options.get("backfill_policy"),
        hooks=frozenset(options.get("hooks") or ()),
        executor=options.get("executor"),
    )
