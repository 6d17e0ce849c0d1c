"""Direct invocation: an op is called like its function, outside of any run.

Owns: sorting the arguments of such a call into context, config, resources and inputs, and
checking types on the way in and out. Retries, I/O managers and hooks do not take part. Whatever
needs the environment or a context of its own goes through ``port``. Contexts are known by their
mark alone: their classes stand above this room.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, cast, get_origin

from attrs import define, field

from penstock.config import MISSING, bind, holds_references
from penstock.define import port
from penstock.define.inout import NO_VALUE
from penstock.define.output_checks import check_answer, check_one, check_value, missing_outputs
from penstock.define.signature import FunctionShape
from penstock.errors import InvalidInvocationError, ResourceRequirementError, suggest


@define(kw_only=True)
class _Call:
    """The arguments of one call, sorted; ``opened`` closes the resources among them."""

    context: Any = NO_VALUE
    config: Any = NO_VALUE
    values: dict[str, Any] = field(factory=dict[str, Any])
    opened: ExitStack = field(factory=ExitStack)

    @property
    def has_context(self) -> bool:
        return self.context is not NO_VALUE


def is_context(value: Any) -> bool:
    """Whether an argument is an execution context."""
    return getattr(value, "__penstock_context__", False) is True


def invoke_op(op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], assets: Any = None) -> Any:
    """Call the function of an op.

    Args:
        op: the ``OpDefinition``.
        args: a context first when the function takes one, then values in the order of parameters.
        kwargs: values by name; ``config`` and resources too.
        assets: the assets definition whose op this is, when an asset is called.

    Returns:
        What the function returns: its value, a generator of outputs, or a coroutine.

    Raises:
        InvalidInvocationError: when an argument, the context, config or a resource is missing or too many.
        TypeCheckDidNotPass: when an argument or the returned value is not of its type.
    """
    with ExitStack() as opened:
        call = _sort(op, args, dict(kwargs))
        call.opened = opened
        if call.has_context:
            _refuse_two_configs(op, call)
            call.context = port.call("direct_context", call.context, op, assets, call.config)
        arguments = _arguments(op, call)
        positional = () if op.shape.context is None else (call.context,)
        answer = op.fn(*positional, **arguments)
        if inspect.isasyncgen(answer):
            return _watched_async(op, cast("AsyncIterator[Any]", answer), assets, opened.pop_all())
        if inspect.isgenerator(answer):
            return _watched(op, cast("Iterator[Any]", answer), assets, opened.pop_all())
        if inspect.isawaitable(answer):
            return _awaited(op, answer, assets, opened.pop_all())
        check_answer(op, answer, assets)
        return answer


# ---------------------------------------------------------------------------------------- arguments


def _sort(op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
    call = _Call()
    shape: FunctionShape = op.shape
    rest = _take_context(op, call, args, kwargs)
    order = [name for name in (shape.order or tuple(shape.inputs)) if name not in kwargs]
    for value in rest:
        name = _next_parameter(shape, order, value)
        if name is None:
            raise InvalidInvocationError(
                f"{op.name!r} ({shape.where}) was called with too many arguments: {value!r} is left over."
                + ("" if shape.context else " It takes no context.")
            )
        kwargs[name] = value
    if shape.config is not None:
        call.config = kwargs.pop(shape.config, NO_VALUE)
    elif "config" not in op.ins and op.config is not None:
        call.config = kwargs.pop("config", NO_VALUE)
    call.values = kwargs
    return call


def _take_context(op: Any, call: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    name: str | None = op.shape.context
    for spelling in (name, "context"):
        if spelling is not None and spelling in kwargs and spelling not in op.ins:
            call.context = kwargs.pop(spelling)
            return args
    if args and (is_context(args[0]) or (name is not None and args[0] is None)):
        call.context = args[0]
        return args[1:]
    if name is not None:
        raise InvalidInvocationError(
            f"{op.name!r} ({op.shape.where}) takes a context, but was called without one. Make one with"
            " build_op_context(...) or build_asset_context(...) and pass it first."
        )
    return args


def _next_parameter(shape: FunctionShape, order: list[str], value: Any) -> str | None:
    """The parameter that a positional value is for; config and resources may be left to the context."""
    while order:
        name = order.pop(0)
        if name == shape.config:
            if _may_be(value, shape.config_class):
                return name
        elif name not in shape.resources or _may_be(value, shape.resources[name]):
            return name
    return None


def _may_be(value: Any, annotation: Any) -> bool:
    annotation = getattr(annotation, "__origin__", annotation)
    annotation = get_origin(annotation) or annotation
    return not isinstance(annotation, type) or isinstance(value, annotation)


def _arguments(op: Any, call: _Call) -> dict[str, Any]:
    """Everything the function is called with, by name."""
    shape: FunctionShape = op.shape
    given = call.values
    arguments: dict[str, Any] = {}
    for name, definition in op.ins.items():
        if definition.type.is_nothing:
            _refuse_nothing(op, name, given)
            continue
        value = given.pop(name, NO_VALUE)
        if value is NO_VALUE:
            value = _default(op, definition)
        check_value(definition.type, value, f"input {name!r} of {op.name!r}")
        arguments[name] = value
    for name in shape.resources:
        arguments[name] = _resource(op, name, call)
    if given:
        _refuse_unknown(op, given)
    if shape.config is not None:
        arguments[shape.config] = _config(op, call)
    elif op.config is not None and not call.has_context and call.config is not NO_VALUE:
        _bound_config(op, call.config)
    return arguments


def _default(op: Any, definition: Any) -> Any:
    if definition.default is NO_VALUE:
        raise InvalidInvocationError(
            f"{op.name!r} ({op.shape.where}) was called without a value for its input"
            f" {definition.name!r}, which has no default."
        )
    return definition.default


def _refuse_nothing(op: Any, name: str, given: Mapping[str, Any]) -> None:
    if name in given:
        raise InvalidInvocationError(
            f"Input {name!r} of {op.name!r} is of type Nothing: it keeps the order of a run and takes no"
            " value when the op is called directly. Leave it out."
        )


def _refuse_unknown(op: Any, given: Mapping[str, Any]) -> None:
    unknown = next(iter(given))
    known = [*op.ins, *op.shape.resources, *filter(None, (op.shape.config,))]
    raise InvalidInvocationError(
        f"{op.name!r} ({op.shape.where}) has no parameter {unknown!r};"
        f" it has {', '.join(map(repr, known)) or 'none'}.{suggest(unknown, known)}"
    )


def _resource(op: Any, name: str, call: _Call) -> Any:
    if name in call.values:
        return _ready(call.values.pop(name), call.opened)
    if call.has_context:
        return getattr(call.context.resources, name)
    raise ResourceRequirementError(
        f"{op.name!r} ({op.shape.where}) needs the resource {name!r}. Pass it by name, or pass a context"
        f" made by build_op_context(resources={{{name!r}: ...}})."
    )


def _ready(value: Any, opened: ExitStack) -> Any:
    """A resource as user code expects it: environment looked up, parts made, set up until the call ends."""
    prepare = getattr(value, "process_config_and_initialize_cm", None)
    return value if prepare is None or isinstance(value, type) else opened.enter_context(prepare())


def _config(op: Any, call: _Call) -> Any:
    if call.has_context and call.config is NO_VALUE:
        return call.context.op_config
    return _bound_config(op, MISSING if call.config is NO_VALUE else call.config)


def _refuse_two_configs(op: Any, call: _Call) -> None:
    if call.config is not NO_VALUE and getattr(call.context, "op_config", None) is not None:
        raise InvalidInvocationError(
            f"{op.name!r} was given config twice: by its context and as an argument. Give it once."
        )


def _bound_config(op: Any, raw: Any) -> Any:
    cls = op.shape.config_class
    references = raw is not MISSING and holds_references(raw)
    if isinstance(cls, type) and isinstance(raw, cls) and not references:
        return raw
    env: Mapping[str, str] = port.call("environment") if references else {}
    return bind(op.config, raw, env=env, path=f"$.ops.{op.name}.config", what=f"{op.name!r}")


# ------------------------------------------------------------------------------------------ answers


def _watched(op: Any, stream: Iterator[Any], assets: Any, opened: ExitStack) -> Iterator[Any]:
    seen: set[str] = set()
    with opened:
        for item in stream:
            check_one(op, item, seen)
            yield item
    missing_outputs(op, seen, assets)


async def _watched_async(
    op: Any, stream: AsyncIterator[Any], assets: Any, opened: ExitStack
) -> AsyncIterator[Any]:
    seen: set[str] = set()
    with opened:
        async for item in stream:
            check_one(op, item, seen)
            yield item
    missing_outputs(op, seen, assets)


async def _awaited(op: Any, answer: Awaitable[Any], assets: Any, opened: ExitStack) -> Any:
    with opened:
        value = await answer
    check_answer(op, value, assets)
    return value
