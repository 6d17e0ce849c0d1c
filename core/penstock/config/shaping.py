"""The shaping of a class statement into a config class: which fields, defaults and hooks it has.

Owns the reading of class bodies (plain values, ``pydantic.Field``, ``attrs.field``, private
attributes). Annotations stay as written; ``reading`` resolves them on first use.
Lazy: a module that Python has from 3.14 on.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from penstock.config import pydantic_parts
from penstock.config.faults import MISSING
from penstock.config.spec import DraftField

_CLASS_VARIABLE = re.compile(r"^(\w+\.)*ClassVar\b")
_MACHINERY = frozenset({"namespaces_of_the_class_statement", "__init_subclass__", "__new__"})


def namespaces_of_the_class_statement() -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The globals and locals in which the class statement stands, for string annotations."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_name in _MACHINERY:
        frame = frame.f_back
    if frame is None:
        return {}, {}
    return frame.f_globals, frame.f_locals if frame.f_locals is not frame.f_globals else {}


def shape(cls: Any, namespaces: tuple[dict[str, Any], Mapping[str, Any]]) -> None:
    """Make an attrs class of a class body and note its fields.

    Args:
        cls: the new class, changed in place.
        namespaces: globals and locals in which its string annotations mean something.
    """
    bodies = _bodies(cls)
    these = {name: _attrs_field(thing) for name, (_, thing) in bodies.items()}
    for name, (_, thing) in bodies.items():
        if thing is not MISSING and name in _body(cls):
            delattr(cls, name)
    attrs.define(cls, these=these, slots=False, init=False, eq=False, repr=False, kw_only=True)
    inherited: dict[str, DraftField] = {}
    for ancestor in reversed(cls.__mro__[1:]):
        inherited.update(_body(ancestor).get("__config_drafts__", {}))
    own = {name: _draft(cls, name, body, namespaces) for name, body in bodies.items()}
    cls.__config_drafts__ = inherited | own
    cls.__config_private__ = _private(cls)
    cls.__config_after__ = _after(cls)


def _bodies(cls: Any) -> dict[str, tuple[Any, Any]]:
    """The fields of a class body: name to (annotation, what is assigned or ``MISSING``)."""
    body = _body(cls)
    found: dict[str, tuple[Any, Any]] = {}
    for name, annotation in _own_annotations(cls).items():
        if not name.startswith("_") and not _is_class_variable(annotation):
            assigned = body.get(name, MISSING)
            found[name] = (annotation, MISSING if assigned is Ellipsis else assigned)
    for name, draft in cls.__config_drafts__.items():
        if name in body and name not in found and not callable(body[name]):
            found[name] = (draft.annotation, body[name])
    return found


def _body(cls: Any) -> dict[str, Any]:
    return cls.__dict__


def _own_annotations(cls: Any) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415  # exists from 3.14 on

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return _body(cls).get("__annotations__", {})


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return _CLASS_VARIABLE.match(annotation) is not None
    return annotation is ClassVar or getattr(annotation, "__origin__", None) is ClassVar


def _is_attrs_field(thing: Any) -> bool:
    return type(thing).__module__.startswith("attr.") and hasattr(thing, "validator")


def _attrs_field(thing: Any) -> Any:
    """The field that attrs' own functions see; the defaults that count are in the drafts."""
    if _is_attrs_field(thing):
        return thing
    return attrs.field() if thing is MISSING else attrs.field(default=None)


def _draft(
    cls: Any, name: str, body: tuple[Any, Any], namespaces: tuple[dict[str, Any], Mapping[str, Any]]
) -> DraftField:
    annotation, thing = body
    default, factory, info = thing, None, None
    if pydantic_parts.is_field_info(thing):
        info = thing
        default, factory = pydantic_parts.default_of(thing)
    elif _is_attrs_field(thing):
        default, factory = _attrs_default(attrs.fields_dict(cls)[name].default)
    if name in cls.__config_drafts__ and name not in _own_annotations(cls):
        namespaces = cls.__config_drafts__[name].namespaces
    return DraftField(
        name=name, annotation=annotation, default=default, factory=factory, info=info, namespaces=namespaces
    )


def _attrs_default(default: Any) -> tuple[Any, Callable[[], Any] | None]:
    if default is attrs.NOTHING:
        return MISSING, None
    factory = getattr(default, "factory", None)
    return (default, None) if factory is None else (MISSING, factory)


def _private(cls: Any) -> dict[str, Any]:
    """Private attributes whose default must be made anew for each object."""
    found: dict[str, Any] = dict(cls.__config_private__)
    for name, value in _body(cls).items():
        if name.startswith("_") and not name.startswith("__"):
            made_anew = isinstance(value, list | dict | set)
            if made_anew or pydantic_parts.is_private_attribute(value):
                found[name] = value
    return found


def _after(cls: Any) -> tuple[Callable[[Any], Any], ...]:
    """What runs on a complete object: model validators, then the hooks after making."""
    checks = list(pydantic_parts.model_validators(cls, "after"))
    if hasattr(cls, "model_post_init"):
        checks.append(lambda made: made.model_post_init(None))
    if hasattr(cls, "__attrs_post_init__"):
        checks.append(lambda made: made.__attrs_post_init__())
    return tuple(checks)
