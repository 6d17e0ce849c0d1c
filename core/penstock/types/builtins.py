"""The names of types that people import: ``Any``, ``Int``, ``List[...]`` and so on.

Owns: the names. Scalars are the Python classes themselves, so that config and annotations take
them alike; containers give a ``Type`` when subscripted.
"""

from __future__ import annotations

import typing

from penstock.types.annotations import TypeName
from penstock.types.containers import dict_of, list_of, optional_of, set_of, tuple_of

Any = typing.Any
Bool = bool
Float = float
Int = int
String = str
Nothing = type(None)

if typing.TYPE_CHECKING:
    from typing import Dict, List, Optional, Set, Tuple  # noqa: UP035  # what a type checker should see
else:
    Dict = TypeName("Dict", dict, dict_of, 2)
    List = TypeName("List", list, list_of, 1)
    Optional = TypeName("Optional", typing.Any, optional_of, 1)
    Set = TypeName("Set", set, set_of, 1)
    Tuple = TypeName("Tuple", tuple, lambda *inner: tuple_of(inner), None)

__all__ = ["Any", "Bool", "Dict", "Float", "Int", "List", "Nothing", "Optional", "Set", "String", "Tuple"]
