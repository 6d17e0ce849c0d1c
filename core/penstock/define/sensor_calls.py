"""Calling a sensor as a test does: like its function, with a context and resources.

Owns: the order of a sensor function's parameters, which of them are resources, and the complaints about a
call that does not fit. Must not know what a tick makes of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.define.annotations import is_resource_annotation
from penstock.define.signature import FunctionShape, read_shape
from penstock.errors import InvalidInvocationError, ResourceRequirementError


def places_of(shape: FunctionShape) -> tuple[str, ...]:
    """The parameters of a sensor function that are no resources, in order."""
    first = () if shape.context is None else (shape.context,)
    return (*first, *(name for name in shape.order if name not in shape.resources))


def call_directly(
    definition: Any,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    build: Callable[[], Any] | None,
) -> Any:
    """Call the function of a sensor.

    Args:
        definition: the sensor; has ``name``, ``context_class`` and ``required_resource_keys``.
        fn: its function.
        args: the context, if it takes one.
        kwargs: the context under its name, and resources under theirs.
        build: makes an empty context when none is given; None when there is no such thing.

    Raises:
        InvalidInvocationError: when the context is missing or of another kind, or an argument is too many.
        ResourceRequirementError: when a resource is missing.
    """
    shape = read_shape(fn)
    lent = {name: value for name, value in kwargs.items() if name in shape.resources}
    context = _context(definition, shape, args, {k: v for k, v in kwargs.items() if k not in lent}, build)
    if context is not None and lent:
        _lend(context, lent)
    given: dict[str, Any] = dict.fromkeys(places_of(shape)[:1], context)
    if shape.resources:
        given |= _opened(definition, shape, context, lent)
    elif context is not None:
        context.ground.want(who(definition), definition.required_resource_keys)
    return fn(**given)


def _lend(context: Any, lent: Mapping[str, Any]) -> None:
    """Lend resources to a context itself and to no copy: its cursor is looked at after the call."""
    before = context.ground
    context.ground = before.with_resources(lent)
    context.ground.is_entered = before.is_entered
    before.close()


def who(definition: Any) -> str:
    """A sensor as the subject of a sentence."""
    return f"Sensor {definition.name!r}"


def _opened(
    definition: Any, shape: FunctionShape, context: Any, lent: Mapping[str, Any]
) -> Mapping[str, Any]:
    if context is None:
        missing = sorted(set(shape.resources) - set(lent))
        if missing:
            raise ResourceRequirementError(
                f"{who(definition)} requires the resource {missing[0]!r}, which nobody provides."
                f" Call it with {missing[0]}=…."
            )
        return lent
    context.ground.want(who(definition), definition.required_resource_keys)
    opened = context.ground.resources
    return {name: getattr(opened, name) for name in shape.resources}


def _context(
    definition: Any,
    shape: FunctionShape,
    args: tuple[Any, ...],
    others: Mapping[str, Any],
    build: Callable[[], Any] | None,
) -> Any:
    """The context among the arguments of a call; None when there is none and none can be made."""
    subject, places = f"{who(definition)} ({shape.where})", places_of(shape)
    if any(is_resource_annotation(type(one)) for one in args):
        raise InvalidInvocationError(f"{subject} takes its context by place and resources by name alone.")
    if len(args) + len(others) > 1:
        raise InvalidInvocationError(
            f"{subject} was called with {len(args) + len(others)} arguments that are no resources."
            " It takes its context, and resources by name."
        )
    name = places[0] if places else "context"
    if others and name not in others:
        raise InvalidInvocationError(
            f"{subject} was called with {next(iter(others))!r}, which it does not take. Its context is"
            f" {name!r}."
        )
    if places and not args and not others:
        raise InvalidInvocationError(
            f"{subject} takes a context, but was called without one. Make one with"
            f" {definition.context_builder}(…) and pass it first."
        )
    found = args[0] if args else others.get(name)
    if found is None:
        return None if build is None else build()
    if not isinstance(found, definition.context_class):
        raise InvalidInvocationError(
            f"{subject} wants a {definition.context_class.__name__}, found"
            f" {'a' if hasattr(found, 'ground') else repr(found)[:200] + ', a'} {type(found).__name__}."
            f" Make one with {definition.context_builder}(…)."
        )
    return found
