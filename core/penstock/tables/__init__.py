"""Values and Arrow: recognises tables of any library and converts between them.

Owns: which types are tables, and the way of each to ``pyarrow.Table`` and back. It must not know
files, steps or plugins. Table libraries are lazy here: none is imported to find out whether a
value is a table, only to convert one. Handlers are found by the ``"module.qualname"`` of a type
(``registry``); the built-in ones are in ``arrow`` and ``frames``; ``convert`` is what others call.
"""

from __future__ import annotations

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
from penstock.tables.registry import register

__all__ = [
    "ARROW_STREAM",
    "convert",
    "from_arrow",
    "is_exact_table",
    "kind_of",
    "recognize",
    "register",
    "settle",
    "to_arrow",
]
