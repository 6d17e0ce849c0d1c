"""Where a user's function can be found again: by module and name, also below its decorator.

Owns: the place of a function whose name in its module now stands for the definition made of it
(``@asset def orders`` leaves an asset under the name ``orders``), and the way back from there.
Lazy: ``function_at`` imports the module, which is its purpose.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FunctionType
from typing import Any, cast

from penstock.errors import InvalidDefinitionError

_OWN = ("penstock.define.", "penstock.config.")
_MOST = 200
"""How many objects are looked at below one name: definitions are small, graphs of them are not."""


def place_of(function: FunctionType) -> tuple[str, str] | None:
    """Module and name under which a decorated function is found; None when it must travel by value.

    A function that is what its own name stands for needs no help and gives None as well.
    """
    module, name = function.__module__, function.__qualname__
    if "<" in name or module == "__main__" or module not in sys.modules:
        return None
    found = _at(sys.modules[module], name)
    if found is None or found is function:
        return None
    return (module, name) if _held(found, module, name) is function else None


def function_at(module: str, name: str) -> FunctionType:
    """The function that ``place_of`` found, in this process.

    Raises:
        InvalidDefinitionError: when something else stands in its place here.
    """
    found = _at(import_module(module), name)
    held = None if found is None else _held(found, module, name)
    if held is None:
        raise InvalidDefinitionError(
            f"Wanted the function {name!r} of module {module!r}, found {found!r}."
            " Both processes must run the same code."
        )
    return held


def _at(module: Any, name: str) -> Any:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _held(definition: Any, module: str, name: str) -> FunctionType | None:
    """The function of this name inside a definition: the nearest first."""
    left: deque[Any] = deque([definition])
    seen: set[int] = set()
    while left and len(seen) < _MOST:
        one = left.popleft()
        if isinstance(one, FunctionType):
            if one.__module__ == module and one.__qualname__ == name:
                return one
        elif id(one) not in seen:
            seen.add(id(one))
            left.extend(_parts(one))
    return None


def _parts(one: Any) -> Iterator[Any]:
    if isinstance(one, Mapping):
        yield from cast("Mapping[Any, Any]", one).values()
    elif isinstance(one, tuple | list | frozenset):
        yield from cast("tuple[Any, ...]", one)
        return
    held: Any = cast("Any", one)
    if held.__class__.__module__.startswith(_OWN):
        for field in getattr(held, "__attrs_attrs__", ()):
            yield getattr(held, field.name, None)
