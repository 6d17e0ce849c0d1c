"""Pickling of what workers need: definitions with the user's functions in them.

Owns: what travels by reference (everything another process can import) and what by value (``__main__``,
notebooks, local functions), and the message about what cannot travel at all. Lazy: cloudpickle is
imported with this module, which is imported when a run leaves this process.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle as untyped

from penstock.define.places import function_at, place_of
from penstock.errors import UnmetExecutorRequirementsError

cloudpickle: Any = untyped  # ships no types
_PROTOCOL = 5


class _Pickler(cloudpickle.Pickler):
    """Functions below a decorator go by their place; modules that nobody else can import go by value."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is FunctionType and is_importable(obj.__module__):
            place = place_of(obj)
            if place is not None:
                return function_at, place
        return _by_value(self, obj)


_by_value: Any = cloudpickle.Pickler.reducer_override


def dumps(value: Any, modules: frozenset[str] = frozenset()) -> bytes:
    """The pickled value.

    Args:
        value: anything.
        modules: of the user; those that other processes cannot import travel by value.

    Raises:
        Exception: what pickling raised.
    """
    by_value = [sys.modules[name] for name in modules if name in sys.modules and not is_importable(name)]
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        stream = io.BytesIO()
        _Pickler(stream, protocol=_PROTOCOL).dump(value)
        return stream.getvalue()
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)


def refuse(job_name: str, parts: Mapping[str, Any], error: BaseException) -> UnmetExecutorRequirementsError:
    """The error that says which part of a run cannot travel.

    Args:
        job_name: of the run.
        parts: what travels, by a name that people know.
        error: what pickling all of it raised.
    """
    culprits = list(_culprits(parts))
    named = "; ".join(culprits[:10]) or f"{type(error).__name__}: {error}"
    return UnmetExecutorRequirementsError(
        f"Job {job_name!r} cannot leave this process, because something in it cannot be pickled: {named}."
        " Define functions at the top of a module that workers can import, open connections in a resource"
        " rather than beside it, or run the job with executor='in_process'."
    )


def _culprits(parts: Mapping[str, Any]) -> Iterator[str]:
    for name, part in parts.items():
        try:
            dumps(part)
        except Exception as error:  # noqa: BLE001  # whatever the user's object raises is the finding
            yield f"{name} ({type(error).__name__}: {error})"


@lru_cache(maxsize=1024)
def is_importable(name: str) -> bool:
    """Whether a fresh process with the same path finds the same module under this name."""
    if name == "__main__":
        return False
    module: ModuleType | None = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return module is not None and name in sys.builtin_module_names
    root = sys.modules.get(name.partition(".")[0])
    try:
        found = PathFinder.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return False
    return found is not None and root is not None and found.origin == getattr(root, "__file__", None)
