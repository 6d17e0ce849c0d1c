"""Inputs and outputs of a function: what its signature says, with what ``In`` and ``Out`` add.

Owns: that union, and the complaints where the two contradict each other. Pure.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin

from penstock.define.inout import (
    NO_VALUE,
    DynamicOut,
    In,
    InputDefinition,
    Out,
    OutputDefinition,
)
from penstock.define.names import checked_slot
from penstock.define.output import DEFAULT_OUTPUT, DynamicOutput, Output
from penstock.define.signature import FunctionShape
from penstock.errors import InvalidDefinitionError, InvariantViolationError, suggest
from penstock.types import Type, resolve_type

ANY, NOTHING = resolve_type(Any), resolve_type(None)
_EMPTY = inspect.Parameter.empty
_NO_METADATA: Mapping[str, Any] = {}
_STREAMS = frozenset({Generator, Iterator, Iterable, AsyncGenerator, AsyncIterator})
_PLAIN_IN, _PLAIN_OUT, _DYNAMIC_OUT = In(), Out(), DynamicOut()


def type_of(annotation: Any) -> Type:
    """The type that an annotation or a ``type=`` argument means; unknown ones mean anything.

    Args:
        annotation: a type, a Python annotation, a string nobody could resolve, or nothing.
    """
    if annotation is _EMPTY or annotation is NO_VALUE or isinstance(annotation, str):
        return ANY
    return resolve_type(annotation)


# ------------------------------------------------------------------------------------------- inputs


def infer_ins(shape: FunctionShape, ins: Mapping[str, In] | None, owner: str) -> dict[str, InputDefinition]:
    """The inputs of a function: its parameters in order, then those that carry no value.

    Args:
        shape: of the function.
        ins: what the user said of them, by name.
        owner: whose they are, for messages.

    Raises:
        InvalidDefinitionError: when an ``In`` has no parameter, or a Nothing input has one.
    """
    said = ins or {}
    found = {
        name: _input(name, annotation, said.get(name, _PLAIN_IN), shape, owner)
        for name, annotation in shape.inputs.items()
    }
    for name, one in said.items():
        if name not in found:
            found[name] = _input_without_parameter(name, one, shape, owner)
    return found


def _input(name: str, annotation: Any, said: In, shape: FunctionShape, owner: str) -> InputDefinition:
    given = type_of(annotation if said.type is NO_VALUE else said.type)
    if given.is_nothing and said.type is not NO_VALUE:
        raise InvalidDefinitionError(
            f"Input {name!r} of {owner!r} ({shape.where}) is of type Nothing, so no value will come,"
            f" but the function has a parameter {name!r}. Remove the parameter."
        )
    default = shape.defaults.get(name, NO_VALUE) if said.default_value is NO_VALUE else said.default_value
    return _input_definition(name, given, None if annotation is _EMPTY else annotation, default, said)


def _input_definition(name: str, given: Type, annotation: Any, default: Any, said: In) -> InputDefinition:
    if said is _PLAIN_IN:
        return InputDefinition(
            name=name, type=given, default=default, annotation=annotation, metadata=_NO_METADATA
        )
    return InputDefinition(
        name=name,
        type=given,
        default=default,
        annotation=said.type if annotation is None and said.type is not NO_VALUE else annotation,
        asset_key=said.asset_key,  # type: ignore[arg-type]  # the converter made it a key
        input_manager_key=said.input_manager_key,
        metadata=said.metadata or _NO_METADATA,
        description=said.description,
    )


def _input_without_parameter(name: str, said: In, shape: FunctionShape, owner: str) -> InputDefinition:
    given = type_of(said.type)
    if not given.is_nothing and not shape.keywords:
        raise InvalidDefinitionError(
            f"{owner!r} ({shape.where}) declares an input {name!r}, but the function has no parameter"
            f" of that name (it has {', '.join(map(repr, shape.inputs)) or 'none'})."
            f"{suggest(name, shape.inputs)} Add the parameter, accept **kwargs, or give the input the"
            " type Nothing."
        )
    return _input_definition(checked_slot(name, "input", owner), given, None, said.default_value, said)


# ------------------------------------------------------------------------------------------ outputs


def infer_outs(
    shape: FunctionShape, out: Out | Mapping[str, Out] | None, owner: str, code_version: str | None = None
) -> dict[str, OutputDefinition]:
    """The outputs of a function: what is said of them, or one that its annotation describes.

    Args:
        shape: of the function.
        out: one ``Out`` (named ``result``), several by name, or None.
        owner: whose they are, for messages.
        code_version: of outputs that have none of their own.

    Raises:
        InvariantViolationError: when there are several outputs and the annotation is for fewer or more.
    """
    annotation = _answer(shape)
    if out is None:
        said: Mapping[str, Out] = {DEFAULT_OUTPUT: _out_of(annotation)}
    elif isinstance(out, Out):
        said = {DEFAULT_OUTPUT: out}
    else:
        said = out
    parts = (annotation,) if len(said) == 1 else _parts(annotation, len(said), owner, shape)
    return {
        name: _output(name, one, part, owner, code_version)
        for (name, one), part in zip(said.items(), parts, strict=True)
    }


def _answer(shape: FunctionShape) -> Any:
    """The annotation of what the function gives back; streams say it of their elements alone."""
    found = shape.returns
    if found is _EMPTY or isinstance(found, str):
        return _EMPTY
    elements = get_args(found) if get_origin(found) in _STREAMS else ()
    if elements and _is_wrapped(elements[0]):
        return elements[0]
    return _EMPTY if shape.is_generator else found


def _is_wrapped(annotation: Any) -> bool:
    outer = get_origin(annotation) or annotation
    return outer is Output or outer is DynamicOutput


def _out_of(annotation: Any) -> Out:
    if annotation is _EMPTY:
        return _PLAIN_OUT
    inner = get_args(annotation)[0] if get_origin(annotation) is list else annotation
    return _DYNAMIC_OUT if inner is DynamicOutput or get_origin(inner) is DynamicOutput else _PLAIN_OUT


def _parts(annotation: Any, count: int, owner: str, shape: FunctionShape) -> tuple[Any, ...]:
    """One annotation for each of several outputs."""
    if annotation is _EMPTY or annotation is tuple or annotation is None or _is_wrapped(annotation):
        return (_EMPTY,) * count
    if get_origin(annotation) is not tuple:
        raise InvariantViolationError(
            f"{owner!r} ({shape.where}) has {count} outputs, so its return annotation should be a tuple"
            f" of {count} types, found {annotation!r}. Write tuple[...], or leave it out."
        )
    parts = get_args(annotation)
    if len(parts) == 2 and parts[1] is Ellipsis:
        return (parts[0],) * count
    if len(parts) != count:
        raise InvariantViolationError(
            f"{owner!r} ({shape.where}) has {count} outputs, but its return annotation is a tuple of"
            f" {len(parts)}. Give one type for each output."
        )
    return parts


def _output(name: str, said: Out, annotation: Any, owner: str, code_version: str | None) -> OutputDefinition:
    given = type_of(said.type) if said.type is not NO_VALUE else _type_inside(annotation)
    if said is _PLAIN_OUT:
        return OutputDefinition(name=name, type=given, metadata=_NO_METADATA, code_version=code_version)
    return OutputDefinition(
        name=checked_slot(name, "output", owner),
        type=given,
        is_required=said.is_required,
        is_dynamic=said.is_dynamic,
        io_manager_key=said.io_manager_key or "io_manager",
        metadata=said.metadata or _NO_METADATA,
        description=said.description,
        code_version=said.code_version or code_version,
    )


def _type_inside(annotation: Any) -> Type:
    """The type of the value itself, without ``Output[...]`` and what else is around it."""
    if annotation is _EMPTY or isinstance(annotation, str):
        return ANY
    if annotation is None or annotation is type(None):
        return NOTHING
    arguments = get_args(annotation)
    if _is_wrapped(annotation):
        return _type_inside(arguments[0]) if arguments else ANY
    if arguments and get_origin(annotation) is list and _is_wrapped(arguments[0]):
        return _type_inside(arguments[0])
    return type_of(annotation)
