"""Pickling of what workers need: definitions with the user's functions in them.

Owns: what travels by reference (everything another process can import) and what by value (``__main__``,
notebooks, local functions), and the message about what cannot travel at all. Lazy: cloudpickle is
imported with this module, which is imported when a run leaves this process.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import Any, cast

import cloudpickle as untyped

from penstock.define.executor import ExecutorDefinition
from penstock.define.places import function_at, place_of
from penstock.engine.failures import said_by
from penstock.errors import UnmetExecutorRequirementsError

cloudpickle: Any = untyped  # ships no types
_PROTOCOL = 5
_EXECUTOR = ("collect", "submit", "fetch")
_NOBODY: Any = type(None), ()


class _Pickler(cloudpickle.Pickler):
    """Functions below a decorator go by their place; modules that nobody else can import go by value.

    Executors stay: they belong to the driver, and have threads and connections.

    Args:
        stream: to write to.
        foreign: modules that travel by value; ``classes`` collects what of them is a class.
    """

    def __init__(self, stream: io.BytesIO, foreign: Collection[str] = ()) -> None:
        super().__init__(stream, protocol=_PROTOCOL)  # pyright: ignore[reportUnknownMemberType]  # no types
        self._foreign = {"__main__", *foreign}
        self.classes: list[type] = []

    def reducer_override(self, obj: Any) -> Any:
        kind: Any = cast("Any", type(obj))
        if _is_plain(kind):
            return NotImplemented
        if isinstance(obj, type) and obj.__module__ in self._foreign and "<" not in obj.__qualname__:
            self.classes.append(obj)
        if kind is FunctionType and is_importable(obj.__module__):
            place = place_of(cast("FunctionType", obj))
            if place is not None:
                return function_at, place
        elif kind is ExecutorDefinition:
            definition = cast("ExecutorDefinition", obj)
            return ExecutorDefinition, (definition.name, definition.config)
        elif all(hasattr(kind, name) for name in _EXECUTOR):
            return _NOBODY
        return _by_value(self, obj)


_by_value: Any = cloudpickle.Pickler.reducer_override


@lru_cache(maxsize=4096)
def _is_plain(kind: type) -> bool:
    """Whether objects of a class are pickled as they always are: asked once a class, not for each object."""
    is_special = issubclass(kind, type | FunctionType | ExecutorDefinition)
    return not is_special and not all(hasattr(kind, name) for name in _EXECUTOR)


def dumps(value: Any, modules: frozenset[str] = frozenset()) -> bytes:
    """The pickled value.

    Args:
        value: anything.
        modules: of the user; those that other processes cannot import travel by value.

    Raises:
        Exception: what pickling raised.
    """
    by_value = {name for name in modules if name in sys.modules and not is_importable(name)}
    for name in by_value:
        cloudpickle.register_pickle_by_value(sys.modules[name])
    try:
        stream = io.BytesIO()
        pickler = _Pickler(stream, by_value)
        pickler.dump(_Call(at_home, value, pickler.classes))  # those come last, when all are found
        return stream.getvalue()
    finally:
        for name in by_value:
            cloudpickle.unregister_pickle_by_value(sys.modules[name])


def at_home(value: Any, classes: Sequence[type]) -> Any:
    """A value that has arrived; classes that came with it are where their instances look for them.

    Instances pickle by the name of their class: what a step stores names ``__main__.Point``, as it would
    in the process that the run was launched in, and can be read there.
    """
    for one in classes:
        home = sys.modules.setdefault(one.__module__, ModuleType(one.__module__))
        if "." not in one.__qualname__ and getattr(home, one.__qualname__, None) is not one:
            setattr(home, one.__qualname__, one)
    return value


def dumps_error(error: BaseException) -> bytes:
    """A pickled exception that gives one of the same type, also where its class does not pickle by itself.

    Args:
        error: of the user; what it holds and cannot travel is left behind.

    Raises:
        Exception: when not even its type can travel.
    """
    with suppress(Exception):
        pickled = pickle.dumps(error, _PROTOCOL)
        if type(pickle.loads(pickled)) is type(error):  # noqa: S301  # made in the line before
            return pickled
    state = {name: value for name, value in vars(error).items() if _travels(value)}
    args = error.args if _travels(error.args) else (said_by(error),)
    return _plainly(_Call(error_of, type(error), args, state))


def _plainly(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream).dump(value)
    return stream.getvalue()


def _travels(value: Any) -> bool:
    try:
        pickle.loads(_plainly(value))  # noqa: S301  # made in this line
    except Exception:  # noqa: BLE001  # anything may be in an exception of the user's
        return False
    return True


def error_of(kind: type[BaseException], args: tuple[Any, ...], state: Mapping[str, Any]) -> BaseException:
    """An exception as it was, made without its own ``__init__``, which may want other arguments."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class _Call:
    """Pickles as what a function makes of its arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._parts = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._parts


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
