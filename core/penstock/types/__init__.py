"""Types: what a value of an input or output must be, checked while a step runs.

Owns: types and their checks, the reading of Python annotations as types, and loaders that make
values from run config. Knows nothing of ops, assets, config schemas or tables: a type carries
``typing_type``, from which others derive what they need.
Read next: ``definition`` (``Type``), ``annotations`` (``resolve_type``), ``loaders``.
"""

from __future__ import annotations

from penstock.types.annotations import (
    check_type,
    make_python_type_usable_as_type,
    resolve_type,
    usable_as_type,
)
from penstock.types.builtins import (
    Any,
    Bool,
    Dict,
    Float,
    Int,
    List,
    Nothing,
    Optional,
    Set,
    String,
    Tuple,
)
from penstock.types.checks import TypeCheck, TypeCheckContext, refusal
from penstock.types.definition import PythonObjectType, Type, TypeKind, loader_schema
from penstock.types.loaders import TypeLoader, TypeLoaderContext, type_loader

__all__ = [
    "Any",
    "Bool",
    "Dict",
    "Float",
    "Int",
    "List",
    "Nothing",
    "Optional",
    "PythonObjectType",
    "Set",
    "String",
    "Tuple",
    "Type",
    "TypeCheck",
    "TypeCheckContext",
    "TypeKind",
    "TypeLoader",
    "TypeLoaderContext",
    "check_type",
    "loader_schema",
    "make_python_type_usable_as_type",
    "refusal",
    "resolve_type",
    "type_loader",
    "usable_as_type",
]
