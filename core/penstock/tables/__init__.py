"""Values and Arrow: recognises tables of any library and converts between them.

Owns: which types are tables, and the way of each to ``pyarrow.Table`` and back. It must not know
files, steps or plugins. Table libraries are lazy here: none is imported to find out whether a
value is a table, only to convert one. Handlers are found by the ``"module.qualname"`` of a type
(``registry``); the built-in ones are in ``arrow`` and ``frames``; ``convert`` is what others call.
``travel`` packs values for other processes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from penstock.tables.convert import (
    ARROW_STREAM,
    convert,
    from_arrow,
    is_exact_table,
    kind_of,
    recognize,
    settle,
    to_arrow,
)
from penstock.tables.packed import Packed
from penstock.tables.registry import register, registrations, unregister

if TYPE_CHECKING:
    from penstock.tables.travel import pack, unpack

__all__ = [
    "ARROW_STREAM",
    "Packed",
    "convert",
    "from_arrow",
    "is_exact_table",
    "kind_of",
    "pack",
    "recognize",
    "register",
    "registrations",
    "settle",
    "to_arrow",
    "unpack",
    "unregister",
]

_TRAVEL = frozenset({"pack", "unpack"})


def __getattr__(name: str) -> Any:
    if name not in _TRAVEL:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module("penstock.tables.travel"), name)
    return found
