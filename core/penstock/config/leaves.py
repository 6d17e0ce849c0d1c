"""Leaf types: values that a text or number in a config stands for, both ways.

Owns the table of types (dates, paths, decimals …), by name so that none is imported before the
user's code did, and the way to types that we do not know.
Lazy: cattrs is imported only when a value of such an unknown type is really bound; pydantic is
never imported, only used for its own types when the user's code has imported it already.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

from penstock.config.python_nodes import Leaf

Reader = Callable[[Any, Any], Any]
"""Takes the type and what was given."""


def _iso(cls: Any, given: Any) -> Any:
    return cls.fromisoformat(given)


def _made(cls: Any, given: Any) -> Any:
    return cls(given)


def _duration(cls: Any, given: Any) -> Any:
    return cls(seconds=float(_numeric(given)))


def _decimal(cls: Any, given: Any) -> Any:
    try:
        return cls(str(_numeric(given)))
    except ArithmeticError as error:
        raise ValueError("not a decimal number") from error


def _numeric(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise TypeError("not a number")
    return given


_PATH: tuple[str, Reader, Callable[[Any], Any]] = ("a path", _made, str)
_LEAVES: Mapping[str, tuple[str, Reader, Callable[[Any], Any]]] = {
    "datetime.datetime": ("a date and time in ISO form", _iso, lambda value: value.isoformat()),
    "datetime.date": ("a date in ISO form", _iso, lambda value: value.isoformat()),
    "datetime.time": ("a time of day in ISO form", _iso, lambda value: value.isoformat()),
    "datetime.timedelta": ("a duration in seconds", _duration, lambda value: value.total_seconds()),
    "pathlib.Path": _PATH,
    "pathlib.PosixPath": _PATH,
    "pathlib.PurePath": _PATH,
    "pathlib.PurePosixPath": _PATH,
    "decimal.Decimal": ("a decimal number", _decimal, str),
    "uuid.UUID": ("a UUID", _made, str),
    "re.Pattern": ("a regular expression", lambda _, given: re.compile(given), lambda value: value.pattern),
    "builtins.bytes": ("a text", lambda _, given: given.encode(), lambda value: value.decode()),
}


def _name(cls: type) -> str:
    return f"{cls.__module__.partition('.')[0]}.{cls.__qualname__}"


def leaf_of(cls: type) -> Leaf | None:
    """The node of a leaf type, or None when the type is none."""
    entry = _LEAVES.get(_name(cls))
    if entry is None:
        return None
    wanted, reader, _ = entry
    return Leaf(cls, wanted, lambda given: reader(cls, given))


def written(value: Any) -> Any:
    """A value of a leaf type as the text or number that stands for it.

    Args:
        value: anything; what is of no leaf type comes back unchanged.
    """
    for cls in type(cast("object", value)).__mro__:
        entry = _LEAVES.get(_name(cls))
        if entry is not None:
            return entry[2](value)
    return value


def structured(value: Any, annotation: Any) -> Any:
    """Make a value of a type that has no rule here.

    Args:
        value: what the config says.
        annotation: the type; a value that is of it already comes back unchanged.

    Raises:
        Exception: whatever cattrs, pydantic or the type itself has against the value.
    """
    if isinstance(annotation, type) and isinstance(value, annotation):
        return value
    pydantic: Any = sys.modules.get("pydantic")
    if pydantic is not None and _is_pydantic_type(annotation):
        return pydantic.TypeAdapter(annotation).validate_python(value)
    import cattrs  # noqa: PLC0415  # lazy: see the docstring of the module

    converter: Any = cattrs.Converter(detailed_validation=False)
    return converter.structure(value, annotation)


def _is_pydantic_type(annotation: Any) -> bool:
    module = str(getattr(annotation, "__module__", ""))
    return module.startswith("pydantic") or hasattr(annotation, "__get_pydantic_core_schema__")
