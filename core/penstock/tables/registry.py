"""Which types are tables: handlers by the ``"module.qualname"`` of their type.

Owns: the table of names and the lookup along a type's bases. A handler is imported when the first
value of its type arrives; a library is never imported to find out whether a value belongs to it.
Lazy: the import of a handler's module happens inside ``load_target``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, cast

from penstock.errors import PluginError
from penstock.spi.tables import TypeHandler
from penstock.values import frozen

_FRAMES = "penstock.tables.frames"
_ARROW = "penstock.tables.arrow"
_STREAM = f"{_ARROW}:STREAM"

# Series and arrays of these libraries stream too, but are no tables: only named types count there.
_NAMED_ONLY = frozenset({"pyarrow", "pandas", "polars"})

_targets: dict[str, str | TypeHandler] = {
    "pyarrow.lib.Table": f"{_ARROW}:TABLE",
    "pyarrow.lib.RecordBatch": f"{_ARROW}:BATCH",
    "pyarrow.lib.RecordBatchReader": f"{_ARROW}:READER",
    "pandas.DataFrame": f"{_FRAMES}:PANDAS",
    "pandas.core.frame.DataFrame": f"{_FRAMES}:PANDAS",
    "polars.dataframe.frame.DataFrame": f"{_FRAMES}:POLARS",
    "polars.lazyframe.frame.LazyFrame": f"{_FRAMES}:POLARS_LAZY",
}
_by_kind: dict[str, str] = {
    "pyarrow.Table": f"{_ARROW}:TABLE",
    "pyarrow.RecordBatch": f"{_ARROW}:BATCH",
    "pyarrow.RecordBatchReader": f"{_ARROW}:READER",
    "pandas.DataFrame": f"{_FRAMES}:PANDAS",
    "polars.DataFrame": f"{_FRAMES}:POLARS",
    "polars.LazyFrame": f"{_FRAMES}:POLARS_LAZY",
}
_BUILT_IN = dict(_targets)
_registered: dict[str, str | TypeHandler] = {}
_watchers: list[Callable[[], None]] = []


@frozen
class TableType:
    """A type that is a table.

    Args:
        root: the library that the table belongs to (``"pandas"``), or ``"arrow_stream"``.
        target: the handler, or where it is to be found.
        exact: whether the type itself is registered, not only one of its bases.
        name: under which it is registered, empty for what is known by the protocol alone.
    """

    root: str
    target: str | TypeHandler
    exact: bool
    name: str = ""

    def handler(self) -> TypeHandler:
        """The handler, imported now if it was not yet."""
        return load_target(self.target)


def register(name: str, target: str | TypeHandler) -> None:
    """Make a type a table, for this process.

    Args:
        name: the type's ``"module.qualname"``, as ``type(value)`` shows it.
        target: a handler, or its ``"module:attribute"``, imported on first use.

    Raises:
        PluginError: when what is given lacks something that a handler has.
    """
    if not isinstance(target, str):
        _check(target, f"for {name!r}")
    _targets[name] = _registered[name] = target
    _forget_all()


def unregister(name: str) -> None:
    """Take back what ``register`` did in this process; a built-in type is handled as before.

    Args:
        name: as it was registered.

    Raises:
        PluginError: when nothing is registered under this name.
    """
    if _registered.pop(name, None) is None:
        raise PluginError(
            f"No table type is registered as {name!r} in this process; registered are:"
            f" {', '.join(sorted(_registered)) or 'none'}."
        )
    _targets.pop(name)
    if name in _BUILT_IN:
        _targets[name] = _BUILT_IN[name]
    _forget_all()


def when_registered(forget: Callable[[], None]) -> None:
    """Call something whenever a type is registered or taken back: a cache to be emptied."""
    _watchers.append(forget)


@lru_cache(maxsize=4096)
def table_type(cls: type) -> TableType | None:
    """What table a type is, found along its bases; None when it is no table."""
    for candidate in cls.__mro__:
        name = f"{candidate.__module__}.{candidate.__qualname__}"
        target = _targets.get(name)
        if target is not None:
            root = candidate.__module__.partition(".")[0]
            return TableType(root, target, exact=candidate is cls, name=name)
    if _streams(cls):
        return TableType("arrow_stream", _STREAM, exact=True)
    return None


def is_built_in(found: TableType) -> bool:
    """Whether a type is handled as Penstock does by itself, not by a plugin."""
    return not found.name or _BUILT_IN.get(found.name) == found.target


def registrations() -> dict[str, str | TypeHandler]:
    """What plugins registered here, by the name of the type: for ``register`` in another process."""
    return {name: target for name, target in _registered.items() if _BUILT_IN.get(name) != target}


def handler_of_kind(kind: str) -> TypeHandler | None:
    """The handler that writes this kind, or None when nobody registered it here."""
    if kind in _by_kind:
        return load_target(_by_kind[kind])
    handlers = map(load_target, _registered.values())
    return next((handler for handler in handlers if handler.kind == kind), None)


def load_target(target: str | TypeHandler) -> TypeHandler:
    """The handler itself; a string is imported.

    Raises:
        PluginError: when the string names nothing that can be imported, or what is no handler.
    """
    return _imported(target) if isinstance(target, str) else target


@cache
def _imported(target: str) -> TypeHandler:
    module, _, attribute = target.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"The table handler {target!r} cannot be imported: {error}."
            " Install the package that it belongs to, or correct the name in its plugin."
        ) from error
    _check(found, repr(target))
    return cast("TypeHandler", found)


def _check(handler: Any, where: str) -> None:
    """Raises PluginError when it is no handler; otherwise the first value of its type would tell."""
    if isinstance(handler, type):
        raise PluginError(
            f"The table handler {where} is the class {handler.__qualname__}, wanted an object of it:"
            f" name one that the module makes once, such as HANDLER = {handler.__name__}()."
        )
    missing = [name for name in ("kind", "to_arrow", "from_arrow") if not hasattr(handler, name)]
    if missing:
        raise PluginError(
            f"The table handler {where} lacks {', '.join(missing)}: it is a {type(handler).__name__}."
            " A handler has kind (a short text), to_arrow(value) and from_arrow(table)."
        )


def _forget_all() -> None:
    table_type.cache_clear()
    for forget in _watchers:
        forget()


def _streams(cls: type) -> bool:
    return cls.__module__.partition(".")[0] not in _NAMED_ONLY and hasattr(cls, "__arrow_c_stream__")
