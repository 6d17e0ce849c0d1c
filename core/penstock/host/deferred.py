"""Modules that are imported when something in them is first asked for.

Owns: ``deferred``, for what a run never needs but an instance offers. Lazy, which is its purpose: a
module that names its deferred import also for type checkers shows the same arrow as a plain one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Deferred:
    """Stands for a module until the first question, and answers like it."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(import_module(self.__dict__["_name"]), attribute)
        self.__dict__[attribute] = found
        return found

    def __repr__(self) -> str:
        return f"<deferred module {self.__dict__['_name']!r}>"


def deferred(name: str) -> Any:
    """A module that is imported at its first use.

    Args:
        name: dotted.
    """
    return _Deferred(name)
