"""The shape of a user's function: which parameter is context, config, resource or input.

Owns: reading a signature once, at definition time. Must not know ops or assets.
Plain functions are read from their code object, because ``inspect.signature`` alone would cost more
than the rest of a definition; everything else that can be called goes through ``inspect``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, cast

from penstock.define.annotations import annotations_of, is_context_class, is_resource_annotation
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen

CONTEXT_NAMES = frozenset({"context", "_context", "context_", "_"})
BARE: Any = inspect.Parameter.empty
"""Stands for "no annotation"."""

_VARARGS, _VARKEYWORDS = inspect.CO_VARARGS, inspect.CO_VARKEYWORDS
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
_NOTHING: Mapping[str, Any] = {}


@frozen(kw_only=True)
class FunctionShape:
    """What a function takes and how it answers.

    Args:
        context: name of the context parameter, or None.
        config: name of the config parameter, or None; ``config_class`` its annotation.
        resources: resource parameters, name → annotation (the resource key is the name).
        inputs: all other parameters in order, name → annotation (``inspect.Parameter.empty`` when bare).
        defaults: Python defaults of inputs.
        returns: the return annotation, ``inspect.Signature.empty`` when bare.
        is_generator, is_async: how it answers (an async generator is both).
        keywords: whether it takes ``**kwargs``.
        where: ``"file.py:12"`` of the function.
        order: every parameter but the context, in order; positional arguments follow it.
    """

    context: str | None = None
    config: str | None = None
    config_class: Any = None
    resources: Mapping[str, Any]
    inputs: Mapping[str, Any]
    defaults: Mapping[str, Any]
    returns: Any
    is_generator: bool = False
    is_async: bool = False
    keywords: bool = False
    where: str = ""
    order: tuple[str, ...] = ()


@frozen
class _Parameters:
    """What a signature says before anybody asks what the parameters are for."""

    names: tuple[str, ...]
    defaults: Mapping[str, Any]
    positional: bool
    keywords: bool


def read_shape(fn: Callable[..., Any]) -> FunctionShape:
    """Read the shape of a function.

    A context is the first parameter when it is called ``context``, ``_context``, ``context_`` or
    ``_``, or when its annotation is a class with ``__penstock_context__``. ``config`` is the
    parameter of that name with an annotation. A resource is annotated with a class that has
    ``__penstock_resource__`` or with ``ResourceParam[...]``.

    Args:
        fn: a function, or anything else that can be called and has a signature.

    Raises:
        InvalidDefinitionError: when it takes ``*args``, which have no names to wire.
    """
    plain = type(fn) is FunctionType and "__wrapped__" not in fn.__dict__
    found = _parameters_of_code(cast("FunctionType", fn)) if plain else _parameters_of_callable(fn)
    where, flags = _origin(fn)
    if found.positional:
        raise InvalidDefinitionError(
            f"{getattr(fn, '__name__', fn)!r} ({where}) takes *args, but every input needs a name."
            " Name the parameters, or take **kwargs."
        )
    return _sorted_out(found, annotations_of(fn), where, flags)


def _parameters_of_code(fn: FunctionType) -> _Parameters:
    code = fn.__code__
    positional, flags = code.co_argcount, code.co_flags
    names = code.co_varnames[: positional + code.co_kwonlyargcount]
    given = fn.__defaults__
    defaults = dict(zip(names[positional - len(given) : positional], given, strict=True)) if given else {}
    if fn.__kwdefaults__:
        defaults.update(fn.__kwdefaults__)
    return _Parameters(names, defaults, bool(flags & _VARARGS), bool(flags & _VARKEYWORDS))


def _parameters_of_callable(fn: Callable[..., Any]) -> _Parameters:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError) as error:
        raise InvalidDefinitionError(
            f"Wanted a function whose parameters can be read, found {fn!r} ({error}). Wrap it in a function."
        ) from error
    kinds = {parameter.kind for parameter in parameters}
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return _Parameters(
        tuple(p.name for p in named),
        {p.name: p.default for p in named if p.default is not BARE},
        inspect.Parameter.VAR_POSITIONAL in kinds,
        inspect.Parameter.VAR_KEYWORD in kinds,
    )


def _origin(fn: Any) -> tuple[str, int]:
    """Where a function stands, and the flags of its code."""
    code = getattr(fn, "__code__", None) or getattr(fn, "__func__", None)
    code = getattr(code, "__code__", code)
    flags = code.co_flags if code is not None else 0
    inner = inspect.unwrap(fn) if hasattr(fn, "__wrapped__") else getattr(fn, "func", fn)
    inner_code = getattr(inner, "__code__", code)
    if inner_code is None:
        return "", flags
    return f"{inner_code.co_filename}:{inner_code.co_firstlineno}", flags


def _sorted_out(found: _Parameters, annotations: Mapping[str, Any], where: str, flags: int) -> FunctionShape:
    names = found.names
    context = config = None
    if names and (names[0] in CONTEXT_NAMES or is_context_class(annotations.get(names[0]))):
        context, names = names[0], names[1:]
    inputs: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    for name in names:
        annotation = annotations.get(name, BARE)
        if name == "config" and annotation is not BARE:
            config = name
        elif annotation is not BARE and is_resource_annotation(annotation):
            resources[name] = annotation
        else:
            inputs[name] = annotation
    defaults = found.defaults
    return FunctionShape(
        context=context,
        config=config,
        config_class=annotations[config] if config else None,
        resources=resources,
        inputs=inputs,
        defaults={name: defaults[name] for name in inputs if name in defaults} if defaults else _NOTHING,
        returns=annotations.get("return", BARE),
        is_generator=bool(flags & _GENERATORS),
        is_async=bool(flags & _ASYNC),
        keywords=found.keywords,
        where=where,
        order=names,
    )
