"""Annotations of user functions, made real.

Owns: strings (of ``from __future__ import annotations`` and of quotes) become what they name, by
the function's closure, its module, and the functions around it that are still running. What
cannot be found stays a string, and whoever reads it takes it for "anything".
Must not know what the annotations are for, except to tell contexts and resources by their marks.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from types import CodeType, FrameType
from typing import Any, cast

_UNKNOWN: Any = object()
_NO_ANNOTATIONS: Mapping[str, Any] = {}

RESOURCE_MARK = "penstock_resource"
"""What ``ResourceParam[T]`` adds to ``Annotated``."""


def annotations_of(fn: Callable[..., Any]) -> Mapping[str, Any]:
    """The annotations of a function by parameter, ``"return"`` included.

    Args:
        fn: a function, a wrapper around one, a ``partial`` or a callable object.

    Returns:
        Resolved annotations; those that nobody can resolve stay strings.
    """
    source = _function_behind(fn)
    raw = _raw_annotations(source)
    if not raw:
        return _NO_ANNOTATIONS
    for annotation in raw.values():
        if type(annotation) is str:
            return {
                name: _resolved(value, source) if type(value) is str else value for name, value in raw.items()
            }
    return raw


def is_context_class(annotation: Any) -> bool:
    """Whether an annotation is one of the engine's context classes."""
    return isinstance(annotation, type) and hasattr(annotation, "__penstock_context__")


def is_resource_annotation(annotation: Any) -> bool:
    """Whether an annotation says that a parameter is a resource and no input."""
    if isinstance(annotation, type):
        return getattr(annotation, "__penstock_resource__", False) is True
    metadata = getattr(annotation, "__metadata__", None)
    if metadata is not None:
        return RESOURCE_MARK in metadata
    origin = getattr(annotation, "__origin__", None)
    return isinstance(origin, type) and getattr(origin, "__penstock_resource__", False) is True


def _function_behind(fn: Any) -> Any:
    if hasattr(fn, "__wrapped__"):
        return inspect.unwrap(fn)
    fn = getattr(fn, "func", fn)
    if not isinstance(fn, type) and not hasattr(fn, "__annotations__"):
        return type(fn).__call__ if callable(fn) else fn
    return fn


def _raw_annotations(fn: Any) -> Mapping[str, Any]:
    try:
        return getattr(fn, "__annotations__", _NO_ANNOTATIONS)
    except NameError:
        # From Python 3.14 on annotations are evaluated when asked for, and names that exist for type
        # checkers alone fail then; this asks for stand-ins instead.
        lazy = cast("Any", import_module("annotationlib"))
        known = lazy.get_annotations(fn, format=lazy.Format.FORWARDREF)
        return {
            name: value.__forward_arg__ if isinstance(value, lazy.ForwardRef) else value
            for name, value in known.items()
        }


def _resolved(text: str, fn: Any) -> Any:
    """What a string annotation means, or the string itself."""
    if text.isidentifier():
        found = _look_up(text, fn)
        return text if found is _UNKNOWN else found
    code = _compiled(text)
    if code is None:
        return text
    names: dict[str, Any] = {}
    for name in code.co_names:
        found = _look_up(name, fn)
        if found is not _UNKNOWN:
            names[name] = found
    try:
        return eval(code, names)  # noqa: S307  # the text is the user's own source code
    except Exception:  # noqa: BLE001  # whatever it raises, the annotation is unknown
        return text


@lru_cache(maxsize=2048)
def _compiled(text: str) -> CodeType | None:
    try:
        return compile(text, "<annotation>", "eval")
    except (SyntaxError, ValueError):
        return None


def _look_up(name: str, fn: Any) -> Any:
    closure = getattr(fn, "__closure__", None)
    if closure and name in fn.__code__.co_freevars:
        try:
            return closure[fn.__code__.co_freevars.index(name)].cell_contents
        except ValueError:
            return _UNKNOWN
    module_names: dict[str, Any] = getattr(fn, "__globals__", {})
    if name in module_names:
        return module_names[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    for frame in _frames_of(module_names):
        if name in frame.f_locals:
            return frame.f_locals[name]
    return _UNKNOWN


def _frames_of(module_names: Any) -> Iterator[FrameType]:
    """The running functions of the same module, innermost first: classes may be local to one."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if frame.f_globals is module_names:
            yield frame
        frame = frame.f_back
