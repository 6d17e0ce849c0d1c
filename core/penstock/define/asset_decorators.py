"""``@asset`` and ``@multi_asset``: assets made by one function.

Owns: what the arguments of the decorators mean. How the function's own arguments find their assets:
``asset_ops``. Assets made by graphs: ``graph_assets``. Lazy: the rules of partitions are imported when an
asset depends on itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from typing import Any, Unpack, overload

from attrs import evolve

from penstock.define.asset_nodes import checked_internal_deps, checks_by_output
from penstock.define.asset_ops import (
    StepOptions,
    Wiring,
    description_of,
    executor_of,
    make_op,
    nothing_out,
    value_outs,
    wire,
)
from penstock.define.assets import AssetsDefinition
from penstock.define.freshness import FreshnessPolicy
from penstock.define.inout import NO_VALUE, Out, OutputDefinition
from penstock.define.signature import FunctionShape, read_shape
from penstock.define.spec_rules import (
    DEFAULT_GROUP,
    IO_MANAGER_KEY,
    check_name,
    check_options,
    checked_key,
    key_named,
    op_name_of,
)
from penstock.define.specs import NO_TYPE, AssetCheckSpec, AssetDep, AssetIn, AssetOut, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey, CoercibleToAssetKey, CoercibleToAssetKeyPrefix, as_parts

_NOTHING: Mapping[str, Any] = {}


class AssetOptions(StepOptions, total=False):
    """What ``@asset`` may be told, beside what holds for every step.

    ``key`` excludes ``name`` and ``key_prefix``; ``type`` is that of the value; ``output_required=False``
    lets the function give nothing, and what depends on the asset is skipped then.
    """

    name: str | None
    key: CoercibleToAssetKey | None
    key_prefix: CoercibleToAssetKeyPrefix | None
    ins: Mapping[str, AssetIn] | None
    deps: Iterable[Any] | None
    metadata: Mapping[str, Any] | None
    tags: Mapping[str, str] | None
    description: str | None
    io_manager_def: Any
    io_manager_key: str | None
    type: Any
    partitions_def: Any
    group_name: str | None
    output_required: bool
    automation_condition: Any
    freshness_policy: FreshnessPolicy | None
    backfill_policy: Any
    code_version: str | None
    check_specs: Sequence[AssetCheckSpec] | None
    owners: Sequence[str] | None
    kinds: Iterable[str] | None
    is_virtual: bool


_ASSET_OPTIONS = frozenset(AssetOptions.__annotations__)


@overload
def asset(compute_fn: Callable[..., Any], /) -> AssetsDefinition: ...


@overload
def asset(**options: Unpack[AssetOptions]) -> Callable[[Callable[..., Any]], AssetsDefinition]: ...


def asset(
    compute_fn: Callable[..., Any] | None = None, /, **options: Unpack[AssetOptions]
) -> AssetsDefinition | Callable[[Callable[..., Any]], AssetsDefinition]:
    """Make an asset of a function: its name is the key, its arguments are the assets it reads.

    Args:
        compute_fn: the function, when the decorator is used without arguments.
        options: see ``AssetOptions``.

    Raises:
        InvalidDefinitionError: when an argument does not fit the function or breaks a naming rule.
    """
    if compute_fn is not None:
        return _asset(compute_fn, options)
    for name in options:
        if name not in _ASSET_OPTIONS:
            check_options(options, sorted(_ASSET_OPTIONS), "@asset")

    def decorate(fn: Callable[..., Any]) -> AssetsDefinition:
        return _asset(fn, options)

    return decorate


def _refuse_reading_itself(key: AssetKey, wiring: Wiring, partitions: Any, where: str) -> None:
    """An asset may read only what it made before: earlier partitions of its own."""
    for dep in wiring.deps:
        if dep.asset_key == key and partitions is None:
            raise InvalidDefinitionError(
                f"Asset {key.to_user_string()!r} ({where}) depends on itself. Only a partitioned asset may,"
                " with a partition mapping that looks back; take the asset out of its own deps and arguments."
            )
        if dep.asset_key == key:
            rules = import_module("penstock.partitions.mapping_rules")
            given = wiring.partition_mappings.get(key, dep.partition_mapping)
            mapping = rules.mapping_between(given, partitions, partitions)
            rules.refuse_looking_ahead(mapping, f"Asset {key.to_user_string()!r} ({where})")


def _asset(fn: Callable[..., Any], options: AssetOptions) -> AssetsDefinition:
    shape = read_shape(fn)
    get = options.get
    key = asset_key_of(fn, options)
    name = op_name_of(key)
    wiring = wire(shape, get("ins"), get("deps"), name)
    partitions = get("partitions_def")
    _refuse_reading_itself(key, wiring, partitions, shape.where)
    spec = AssetSpec(
        key,
        deps=wiring.deps,
        description=description_of(fn, get("description")),
        metadata=get("metadata"),
        skippable=not get("output_required", True),
        group_name=get("group_name") or DEFAULT_GROUP,
        code_version=get("code_version"),
        automation_condition=get("automation_condition"),
        owners=get("owners"),
        tags=get("tags"),
        kinds=get("kinds"),
        partitions_def=partitions,
        freshness_policy=get("freshness_policy"),
        is_virtual=get("is_virtual", False),
    )
    resources, manager = bound_manager(name, options)
    outs = value_outs(shape, _asset_out(spec, options, manager), name)
    check_specs = get("check_specs")
    return AssetsDefinition(
        node=make_op(name, fn, shape, (wiring.ins, outs), options, spec.description),
        keys_by_output={"result": key},
        keys_by_input=wiring.keys,
        specs_by_key={key: spec},
        checks_by_output=checks_by_output(check_specs, (key,), name) if check_specs else _NOTHING,
        partitions_def=partitions,
        partition_mappings=wiring.partition_mappings,
        resource_defs=resources,
        backfill_policy=get("backfill_policy"),
        hooks=frozenset(get("hooks") or ()),
        executor=executor_of(options),
    )


def asset_key_of(fn: Callable[..., Any], options: Mapping[str, Any]) -> AssetKey:
    """The key that ``key``, ``key_prefix``, ``name`` and the function's name give.

    Raises:
        InvalidDefinitionError: when ``key`` is given together with one of the others, or a name is none.
    """
    key, name, prefix = options.get("key"), options.get("name"), options.get("key_prefix")
    own = fn.__name__ if hasattr(fn, "__name__") else type(fn).__name__
    if key is not None:
        if name is not None or prefix is not None:
            raise InvalidDefinitionError(
                f"The asset of {own!r} is given key={key!r} and also name or key_prefix."
                " Give the whole key, or a name and a prefix."
            )
        return checked_key(key)
    if own == "<lambda>" and name is None:
        raise InvalidDefinitionError("An asset made of a lambda has no name. Give it name=.")
    last = check_name(own if name is None else name)
    return key_named(last) if prefix is None else checked_key((*as_parts(prefix), last))


def bound_manager(name: str, options: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The resources bound to an asset, and the key of its I/O manager, None for the default.

    Raises:
        InvalidDefinitionError: when the manager is given as an object and also bound as a resource.
    """
    resources, manager = options.get("resource_defs") or _NOTHING, options.get("io_manager_key")
    definition = options.get("io_manager_def")
    if definition is None:
        return resources, manager
    manager = manager or f"{name}__io_manager"
    if manager in resources and resources[manager] is not definition:
        raise InvalidDefinitionError(
            f"Asset {name!r} is given io_manager_def and another resource under {manager!r}. Keep one."
        )
    return {**resources, manager: definition}, manager


def _asset_out(spec: AssetSpec, options: AssetOptions, manager: str | None) -> Out | None:
    given = options.get("type", NO_TYPE)
    if not manager and not spec.metadata and not spec.skippable and given in (NO_TYPE, None):
        return None
    return Out(
        type=NO_VALUE if given in (NO_TYPE, None) else given,
        is_required=not spec.skippable,
        io_manager_key=manager,
        metadata=spec.metadata,
    )


class MultiAssetOptions(StepOptions, total=False):
    """What ``@multi_asset`` may be told, beside what holds for every step.

    One of ``specs`` (the function makes the assets itself and says so with ``MaterializeResult``) and
    ``outs`` (it gives their values). ``internal_asset_deps`` says what an output depends on, instead
    of on every input.
    """

    name: str | None
    specs: Sequence[AssetSpec] | None
    outs: Mapping[str, AssetOut] | None
    ins: Mapping[str, AssetIn] | None
    deps: Iterable[Any] | None
    description: str | None
    internal_asset_deps: Mapping[str, AbstractSet[AssetKey]] | None
    partitions_def: Any
    backfill_policy: Any
    can_subset: bool
    group_name: str | None
    code_version: str | None
    check_specs: Sequence[AssetCheckSpec] | None


def multi_asset(**options: Unpack[MultiAssetOptions]) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """Make several assets of one function.

    Args:
        options: see ``MultiAssetOptions``.

    Raises:
        InvalidDefinitionError: when neither or both of ``specs`` and ``outs`` are given, or an argument
            does not fit the function.
    """
    check_options(options, MultiAssetOptions.__annotations__, "@multi_asset")
    specs, outs = options.get("specs"), options.get("outs")
    if (specs is None) == (outs is None):
        raise InvalidDefinitionError(
            f"@multi_asset wants either specs= or outs=, found {'both' if specs is not None else 'neither'}."
        )
    if outs is None:
        return lambda fn: _multi_of_specs(fn, specs or (), options)
    return lambda fn: _multi_of_outs(fn, outs, options)


def _multi_of_outs(
    fn: Callable[..., Any], outs: Mapping[str, AssetOut], options: MultiAssetOptions
) -> AssetsDefinition:
    name, shape = check_name(options.get("name") or fn.__name__, "multi_asset"), read_shape(fn)
    wiring = wire(shape, options.get("ins"), options.get("deps"), name)
    keys = {out: one.to_spec(out).key for out, one in outs.items()}
    internal = checked_internal_deps(options.get("internal_asset_deps") or {}, keys, name)
    _check_internal(internal, wiring, set(keys.values()), name)
    upstream = {dep.asset_key: dep for dep in wiring.deps}
    specs: list[AssetSpec] = []
    for out, one in outs.items():
        deps = internal.get(keys[out])
        chosen = wiring.deps if deps is None else [upstream.get(dep.asset_key, dep) for dep in deps]
        specs.append(one.to_spec(out, chosen, options.get("group_name")))
    described = [_described(spec, fn, options, single=len(outs) == 1) for spec in specs]
    op_outs = {
        out: Out(
            type=NO_VALUE if one.type is NO_TYPE else one.type,
            is_required=one.is_required,
            io_manager_key=one.io_manager_key,
            metadata=one.metadata,
            description=one.description,
            code_version=one.code_version or options.get("code_version"),
        )
        for out, one in outs.items()
    }
    made = value_outs(shape, op_outs, name)
    return _multi(name, fn, (shape, wiring, made), described, options)


def _check_internal(
    internal: Mapping[AssetKey, Sequence[AssetDep]], wiring: Wiring, own: AbstractSet[AssetKey], name: str
) -> None:
    if not internal:
        return
    known = own | {dep.asset_key for dep in wiring.deps}
    for key, deps in internal.items():
        for dep in deps:
            if dep.asset_key not in known:
                raise InvalidDefinitionError(
                    f"internal_asset_deps of {name!r} says that {key.to_user_string()!r} depends on"
                    f" {dep.asset_key.to_user_string()!r}, which is neither an input nor an output."
                    " Add it to deps= or ins=."
                )


def _described(
    spec: AssetSpec, fn: Callable[..., Any], options: MultiAssetOptions, *, single: bool
) -> AssetSpec:
    changes: dict[str, Any] = {}
    if spec.partitions_def is None and options.get("partitions_def") is not None:
        changes["partitions_def"] = options.get("partitions_def")
    if spec.code_version is None and options.get("code_version") is not None:
        changes["code_version"] = options.get("code_version")
    if spec.group_name in (None, DEFAULT_GROUP):
        changes["group_name"] = options.get("group_name") or DEFAULT_GROUP
    if single and spec.description is None:
        changes["description"] = description_of(fn, options.get("description"))
    return evolve(spec, **changes) if changes else spec


def _multi_of_specs(
    fn: Callable[..., Any], specs: Sequence[AssetSpec], options: MultiAssetOptions
) -> AssetsDefinition:
    name, shape = check_name(options.get("name") or fn.__name__, "multi_asset"), read_shape(fn)
    for argument in ("internal_asset_deps", "deps"):
        if options.get(argument):
            raise InvalidDefinitionError(
                f"@multi_asset {name!r} is given specs= and {argument}=. Put deps= into the specs instead."
            )
    wiring = wire(shape, options.get("ins"), (), name)
    specs = spread_inputs(specs, wiring, name)
    optional = options.get("can_subset", False)
    outs = {
        op_name_of(spec.key): nothing_out(
            op_name_of(spec.key),
            required=not (optional or spec.skippable),
            metadata=spec.metadata,
            manager=spec.metadata.get(IO_MANAGER_KEY, "io_manager"),
        )
        for spec in specs
    }
    described = [_described(spec, fn, options, single=len(specs) == 1) for spec in specs]
    return _multi(name, fn, (shape, wiring, outs), described, options)


def spread_inputs(specs: Sequence[AssetSpec], wiring: Wiring, owner: str) -> Sequence[AssetSpec]:
    """The specs of one function, with what its arguments add: mappings to the deps that name them.

    Raises:
        InvalidDefinitionError: when a key stands twice, or an argument is no spec's dependency while
            others are.
    """
    keys = [spec.key for spec in specs]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidDefinitionError(
            f"{owner!r} makes {twice.to_user_string()!r} twice. Remove one of the specs."
        )
    named = {dep.asset_key for spec in specs for dep in spec.deps}
    loose = [dep for dep in wiring.deps if dep.asset_key not in named]
    if loose and named:
        raise InvalidDefinitionError(
            f"{owner!r} has an argument that loads {loose[0].asset_key.to_user_string()!r}, but none of its"
            " specs depends on that. Add it to the deps of the specs that are made of it."
        )
    if loose:
        return [evolve(spec, deps=tuple(loose)) for spec in specs]
    by_key = {dep.asset_key: dep for dep in wiring.deps if dep.partition_mapping is not None}
    if not by_key:
        return specs
    return [evolve(spec, deps=tuple(by_key.get(d.asset_key, d) for d in spec.deps)) for spec in specs]


def _multi(
    name: str,
    fn: Callable[..., Any],
    parts: tuple[FunctionShape, Wiring, Mapping[str, OutputDefinition]],
    specs: Sequence[AssetSpec],
    options: MultiAssetOptions,
) -> AssetsDefinition:
    shape, wiring, outs = parts
    _refuse_different_partitions(name, specs, options)
    keys = {output: spec.key for output, spec in zip(outs, specs, strict=True)}
    own = set(keys.values())
    mappings = {key: mapping for spec in specs for key, mapping in spec.partition_mappings.items()}
    return AssetsDefinition(
        node=make_op(
            name, fn, shape, (wiring.ins, outs), options, description_of(fn, options.get("description"))
        ),
        keys_by_output=keys,
        keys_by_input=wiring.keys,
        specs_by_key={spec.key: spec for spec in specs},
        checks_by_output=checks_by_output(options.get("check_specs") or (), own, name),
        internal_deps=internal_deps_of(specs),
        partitions_def=options.get("partitions_def") or common_partitions(specs),
        partition_mappings={**wiring.partition_mappings, **mappings},
        resource_defs=options.get("resource_defs") or {},
        can_subset=options.get("can_subset", False),
        backfill_policy=options.get("backfill_policy"),
        hooks=frozenset(options.get("hooks") or ()),
        executor=executor_of(options),
    )


def _refuse_different_partitions(name: str, specs: Sequence[AssetSpec], options: MultiAssetOptions) -> None:
    """A run has partitions of one definition, so what is always made together must have one."""
    found: list[AssetSpec] = []
    for spec in specs:
        if spec.partitions_def is not None and all(
            spec.partitions_def != one.partitions_def for one in found
        ):
            found.append(spec)
    given = options.get("partitions_def")
    if given is not None and found and (len(found) > 1 or found[0].partitions_def != given):
        odd = next(spec for spec in found if spec.partitions_def != given)
        raise InvalidDefinitionError(
            f"@multi_asset {name!r} has partitions_def={given}, but the spec of"
            f" {odd.key.to_user_string()!r} says {odd.partitions_def}. Say it in one place."
        )
    if len(found) > 1 and not options.get("can_subset", False):
        one, other = (f"{spec.key.to_user_string()!r} ({spec.partitions_def})" for spec in found[:2])
        raise InvalidDefinitionError(
            f"@multi_asset {name!r} makes {one} and {other} in one run, which has partitions of one"
            " definition. Give it can_subset=True, or make them apart."
        )


def internal_deps_of(specs: Sequence[AssetSpec]) -> dict[AssetKey, frozenset[AssetKey]]:
    """Asset → the assets it depends on, when one of several made together depends on another."""
    own = {spec.key for spec in specs}
    found = {spec.key: frozenset(dep.asset_key for dep in spec.deps) for spec in specs}
    return found if any(deps & own for deps in found.values()) else {}


def common_partitions(specs: Sequence[AssetSpec]) -> Any:
    """The partitions that all specs share, None when they have none or different ones."""
    first = specs[0].partitions_def if specs else None
    return first if all(spec.partitions_def == first for spec in specs) else None
