"""The op behind an asset, an observation or a check: what its function takes, and from which assets.

Owns: reading a user's function as an op whose arguments are assets. The decorators say which
outputs it has and what they mean.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, cast, get_args, get_origin

from attrs import evolve

from penstock.define.inference import NOTHING, infer_ins, infer_outs, type_of
from penstock.define.inout import NO_VALUE, In, InputDefinition, Out, OutputDefinition
from penstock.define.names import as_tags
from penstock.define.op import OpDefinition, config_of
from penstock.define.signature import BARE, FunctionShape
from penstock.define.spec_rules import COMPUTE_KIND_TAG, key_named
from penstock.define.specs import NO_TYPE, AssetDep, AssetIn, as_deps, dep_on, key_of
from penstock.errors import InvalidDefinitionError, suggest
from penstock.keys import AssetKey
from penstock.values import frozen

_RESULTS = frozenset({"MaterializeResult", "ObserveResult", "AssetCheckResult", "DataVersion"})
_NO_FACTS: Mapping[str, Any] = {}
_NO_KEYS: frozenset[str] = frozenset()


class StepOptions(TypedDict, total=False):
    """What may be said about the step that runs a function, whatever it makes.

    ``timeout`` is in seconds; ``executor`` names what runs this step, ``compute`` what it needs; ``lane`` is
    ``process``, ``thread`` or ``async``.
    """

    config_schema: Any
    required_resource_keys: Iterable[str] | None
    resource_defs: Mapping[str, Any] | None
    op_tags: Mapping[str, Any] | None
    compute_kind: str | None
    retry_policy: Any
    pool: str | None
    hooks: Iterable[Any] | None
    timeout: float | None
    lane: str | None
    executor: Any
    compute: Any


@frozen(kw_only=True)
class Wiring:
    """What a function reads: arguments that are assets, and assets that it only comes after.

    Args:
        ins: its inputs as the op has them.
        keys: argument → asset.
        deps: every asset it depends on, those of arguments first.
    """

    ins: Mapping[str, InputDefinition]
    keys: Mapping[str, AssetKey]
    deps: tuple[AssetDep, ...]

    @property
    def partition_mappings(self) -> Mapping[AssetKey, Any]:
        """The mapping of each asset that has one."""
        return {
            dep.asset_key: dep.partition_mapping for dep in self.deps if dep.partition_mapping is not None
        }


def wire(
    shape: FunctionShape, ins: Mapping[str, Any] | None, deps: Iterable[Any] | None, owner: str
) -> Wiring:
    """Which assets the arguments of a function are.

    Args:
        shape: of the function.
        ins: argument → ``AssetIn`` or key, where the argument's name does not say it.
        deps: assets that only have to come before.
        owner: whose they are, for messages.

    Raises:
        InvalidDefinitionError: when ``ins`` names an argument that the function does not have.
    """
    ordered = as_deps(deps)
    if not ins:
        if not shape.inputs:
            return Wiring(ins=_NO_FACTS, keys=_NO_FACTS, deps=ordered)
        plain = {name: key_named(name) for name in shape.inputs}
        deps = tuple(map(dep_on, plain.values()))
        whole = _joined(deps, ordered) if ordered else deps
        return Wiring(ins=infer_ins(shape, None, owner), keys=plain, deps=whole)
    said = {name: _as_asset_in(one) for name, one in ins.items()}
    _check_arguments(said, shape, owner)
    nothing = [name for name, one in said.items() if name not in shape.inputs and _is_nothing(one)]
    inputs = infer_ins(shape, {n: _as_in(n, one) for n, one in said.items() if n not in nothing}, owner)
    keys = {name: said.get(name, _BY_NAME).key_for(name) for name in inputs}
    loaded = [
        AssetDep(
            key,
            partition_mapping=said.get(name, _BY_NAME).partition_mapping,
            metadata=said.get(name, _BY_NAME).metadata,
        )
        for name, key in keys.items()
    ]
    first = [*loaded, *(AssetDep(said[name].key_for(name)) for name in nothing)]
    return Wiring(ins=inputs, keys=keys, deps=_joined(first, ordered))


_BY_NAME = AssetIn()


def _as_asset_in(given: Any) -> AssetIn:
    return given if isinstance(given, AssetIn) else AssetIn(key_of(given))


def _is_nothing(said: AssetIn) -> bool:
    return said.type is not NO_TYPE and type_of(said.type).is_nothing


def _as_in(name: str, said: AssetIn) -> In:
    return In(
        type=NO_VALUE if said.type is NO_TYPE else said.type,
        metadata=said.metadata,
        asset_key=said.key_for(name),
        input_manager_key=said.input_manager_key,
    )


def _check_arguments(said: Mapping[str, AssetIn], shape: FunctionShape, owner: str) -> None:
    for name, one in said.items():
        if name in shape.inputs or shape.keywords or _is_nothing(one):
            continue
        raise InvalidDefinitionError(
            f"ins of asset {owner!r} ({shape.where}) names the argument {name!r}, which the function does"
            f" not have (it has {', '.join(map(repr, shape.inputs)) or 'none'}).{suggest(name, shape.inputs)}"
            " For an order without a value use deps=."
        )


def _joined(first: Iterable[AssetDep], then: tuple[AssetDep, ...]) -> tuple[AssetDep, ...]:
    """Dependencies without doubles: an asset that is an argument and a dep is an argument."""
    found = {dep.asset_key: dep for dep in first}
    for dep in then:
        earlier = found.setdefault(dep.asset_key, dep)
        if earlier.partition_mapping is None and dep.partition_mapping is not None:
            found[dep.asset_key] = dep
    return tuple(found.values())


def make_op(
    name: str,
    fn: Callable[..., Any],
    shape: FunctionShape,
    slots: tuple[Mapping[str, InputDefinition], Mapping[str, OutputDefinition]],
    options: Mapping[str, Any],
    description: str | None = None,
) -> OpDefinition:
    """The op that runs a user's function.

    Args:
        name: of the op.
        fn: the function; ``shape`` its shape.
        slots: its inputs and outputs.
        options: ``StepOptions`` and whatever else the decorator takes.
        description: for people.

    Raises:
        InvalidDefinitionError: when the function has a config parameter and a config schema is given.
    """
    keys = options.get("required_resource_keys")
    tags: Mapping[str, Any] | None = options.get("op_tags")
    if options.get("compute_kind"):
        tags = {COMPUTE_KIND_TAG: options["compute_kind"], **(tags or {})}
    return OpDefinition(
        name=name,
        fn=fn,
        shape=shape,
        ins=slots[0],
        outs=slots[1],
        config=config_of(shape, options.get("config_schema"), name),
        required_resource_keys=_resource_keys(shape, keys, name) if keys or shape.resources else _NO_KEYS,
        tags=as_tags(tags, name) if tags else _NO_FACTS,
        description=description,
        retry_policy=options.get("retry_policy"),
        code_version=options.get("code_version"),
        timeout=options.get("timeout"),
        pool=options.get("pool"),
        lane=options.get("lane"),
    )


def _resource_keys(shape: FunctionShape, given: Iterable[str] | None, name: str) -> frozenset[str]:
    if isinstance(given, str):
        raise InvalidDefinitionError(
            f"required_resource_keys of {name!r} is a set of names, found the text {given!r}."
            f" Write {{{given!r}}}."
        )
    return frozenset(shape.resources).union(given or ())


def value_outs(
    shape: FunctionShape, outs: Out | Mapping[str, Out] | None, owner: str
) -> dict[str, OutputDefinition]:
    """Outputs whose types come from what is said of them or from the return annotation.

    An annotation that names a result class (``-> MaterializeResult``) says nothing about a value.
    """
    if shape.returns is not BARE and _is_result(shape.returns):
        shape = evolve(shape, returns=BARE)
    return infer_outs(shape, outs, owner)


def _is_result(annotation: Any) -> bool:
    """Whether an annotation is a result class, or a stream or union of them."""
    if getattr(annotation, "__name__", "") in _RESULTS:
        return True
    if getattr(get_origin(annotation), "__name__", "") in _RESULTS:
        return True
    return any(_is_result(part) for part in get_args(annotation))


def nothing_out(name: str, *, required: bool, metadata: Mapping[str, Any], manager: str) -> OutputDefinition:
    """An output that stands for something made by the function itself, without a value.

    Args:
        name: of the output.
        required: whether the function has to make it.
        metadata: facts about what it stands for.
        manager: the resource that reads it.
    """
    return OutputDefinition(
        name=name, type=NOTHING, is_required=required, metadata=metadata, io_manager_key=manager
    )


def description_of(fn: Callable[..., Any], given: str | None) -> str | None:
    """The description given, else the docstring without its indentation."""
    if given is not None or not fn.__doc__:
        return given
    return inspect.cleandoc(fn.__doc__)


def executor_of(options: Mapping[str, Any]) -> Any:
    """What a step is to be run by and on: kept as given, for whoever runs it.

    Raises:
        InvalidDefinitionError: when ``compute=`` is no mapping.
    """
    executor: Any = options.get("executor")
    compute: Any = options.get("compute")
    if compute is not None and not isinstance(compute, Mapping):
        raise InvalidDefinitionError(
            f"compute= takes a mapping such as {{'num_cpus': 2}}, found {compute!r}."
        )
    return executor if compute is None else {"executor": executor, "compute": cast("Any", compute)}
