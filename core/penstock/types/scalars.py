"""The simplest types: anything, nothing, and the scalars that config can write.

Owns: ``ANY``, ``NOTHING`` and one type per scalar. Knows no containers and no annotations.
"""

from __future__ import annotations

from typing import Any

from penstock.types.checks import TypeCheck, refused
from penstock.types.definition import PythonObjectType, Type, TypeKind, found
from penstock.types.loaders import PlainLoader


def _anything(_context: Any, _value: object) -> bool:
    return True


def _only_none(_context: Any, value: object) -> TypeCheck | bool:
    return value is None or refused(f"Nothing is passed, or None, found {found(value)}")


def anything(name: str, typing_type: Any = Any) -> Type:
    """A type without a check, for annotations that cannot be checked.

    Args:
        name: what people see.
        typing_type: the annotation.
    """
    made = Type(_anything, name=name, typing_type=typing_type)
    made.accepts_anything = True
    return made


def _scalar(python_type: type, name: str, loader: PlainLoader) -> Type:
    options: dict[str, Any] = {"kind": TypeKind.SCALAR, "is_builtin": True, "typing_type": python_type}
    return PythonObjectType(python_type, name=name, loader=loader, **options)


def _as_float(value: Any) -> Any:
    return float(value) if type(value) is int else value


ANY = Type(_anything, name="Any", is_builtin=True, kind=TypeKind.ANY, loader=PlainLoader(Any))
ANY.accepts_anything = True
NOTHING = Type(_only_none, name="Nothing", is_builtin=True, kind=TypeKind.NOTHING, typing_type=type(None))
SCALARS: dict[Any, Type] = {
    int: _scalar(int, "Int", PlainLoader(int)),
    str: _scalar(str, "String", PlainLoader(str)),
    bool: _scalar(bool, "Bool", PlainLoader(bool)),
    float: _scalar(float, "Float", PlainLoader(float, _as_float)),
}
