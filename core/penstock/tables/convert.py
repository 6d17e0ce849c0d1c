"""What others call: recognise a table, carry it to Arrow, give a consumer the type it asks for.

Owns: reading a consumer's annotation (unions and ``Annotated`` included) and choosing the way.
The way between two types is found once and remembered, so a value that is no table costs one
dictionary lookup. Lazy: no table library is imported to find out that nothing is to be done, and
``travel`` only for a value that came from another process.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from penstock.spi.tables import TypeHandler
from penstock.tables.packed import Packed
from penstock.tables.registry import TableType, handler_of_kind, table_type, when_registered

ARROW_STREAM = "arrow_stream"
_TRAVEL = "penstock.tables.travel"  # stands on this module
_ONCE = frozenset({"pyarrow.RecordBatchReader", ARROW_STREAM})


def recognize(value: Any) -> str | None:
    """The library that a table belongs to.

    Returns:
        ``"pyarrow"``, ``"pandas"``, ``"polars"``, ``"arrow_stream"`` for anything else with
        ``__arrow_c_stream__``, the root module of a type that a plugin registered, or None.
    """
    found = _type_of(value)
    return None if found is None else found.root


def kind_of(value: Any) -> str | None:
    """The kind of a table (``"pandas.DataFrame"``), None when the value is no table."""
    found = _type_of(value)
    return None if found is None else found.handler().kind


def is_exact_table(value: Any) -> bool:
    """Whether a table comes back as the same type; a subclass would lose what it adds."""
    found = _type_of(value)
    return found is not None and found.exact


def to_arrow(value: Any) -> Any:
    """A table of any library as ``pyarrow.Table``, without a copy where the library allows it.

    Raises:
        TypeError: when the value is no table.
    """
    found = _type_of(value)
    if found is None:
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        raise TypeError(
            f"Wanted a table (pyarrow, pandas, polars, or anything with __arrow_c_stream__), found {name}."
            " Register a handler for the type through the hook penstock_type_handlers to store it as one."
        )
    return found.handler().to_arrow(value)


def from_arrow(table: Any, wanted: Any = None, kind: str | None = None) -> Any:
    """A table as the type that its consumer asks for.

    Args:
        table: a ``pyarrow.Table``.
        wanted: the consumer's annotation; None, ``Any`` or no table type asks for nothing.
        kind: the kind that was recorded with the table, given back when nothing is asked for.

    Returns:
        A value of the wanted type, else of the recorded kind, else the table.
    """
    targets = tables_in(wanted)
    if targets:
        return build(targets[0].handler(), table)
    handler = None if kind in _ONCE or kind is None else handler_of_kind(kind)
    return build(handler, table) if handler is not None else table


def convert(value: Any, wanted: Any) -> Any:
    """A value as its consumer declares it; everything but a table of another type as it is.

    Args:
        value: anything; a ``Packed`` is unpacked.
        wanted: the consumer's annotation.

    Returns:
        The same object, or a table of the wanted type.
    """
    if _type_of(value) is None:
        return _unpacked(value, wanted) if type(value) is Packed else value
    way = _way(value, wanted)
    return value if way is None else build(way[1].handler(), way[0].handler().to_arrow(value))


def settle(value: Any) -> Any:
    """A value that may be read more than once: streams are read into a ``pyarrow.Table``.

    Call it once on an output, before it is stored and handed on; other values come back as they are.
    """
    found = _type_of(value)
    if found is None or found.root not in {"pyarrow", ARROW_STREAM}:
        return value
    handler = found.handler()
    return handler.to_arrow(value) if handler.kind in _ONCE else value


def _type_of(value: object) -> TableType | None:
    return table_type(type(value))


def _unpacked(packed: Packed, wanted: Any) -> Any:
    return import_module(_TRAVEL).unpack(packed, wanted)


def build(handler: TypeHandler, table: Any) -> Any:
    """A value of the handler's type; an index that pandas made up is left to pandas."""
    if handler.kind.startswith("pyarrow."):
        from penstock.tables.frames import without_pandas_index  # noqa: PLC0415  # lazy, see the top

        table = without_pandas_index(table)
    return handler.from_arrow(table)


def _way(value: object, wanted: Any) -> tuple[TableType, TableType] | None:
    try:
        return _known_way(type(value), wanted)
    except TypeError:  # an annotation that cannot be hashed is remembered nowhere
        return _find_way(type(value), wanted)


def _find_way(source: type, wanted: Any) -> tuple[TableType, TableType] | None:
    found = table_type(source)
    classes = _classes(wanted)
    if found is None or any(issubclass(source, cls) for cls in classes):
        return None
    targets = tables_in(wanted)
    return (found, targets[0]) if targets else None


_known_way = lru_cache(maxsize=4096)(_find_way)
when_registered(_known_way.cache_clear)


def tables_in(wanted: Any) -> list[TableType]:
    """The table types that an annotation admits, in its order."""
    found = (table_type(cls) for cls in _classes(wanted))
    return [one for one in found if one is not None]


def _classes(wanted: Any) -> list[type]:
    """The classes an annotation admits, in its order; ``Any`` and the like admit no class."""
    if isinstance(wanted, type):
        return [wanted]
    origin = get_origin(wanted)
    if origin is Annotated:
        return _classes(get_args(wanted)[0])
    if origin is Union or origin is UnionType:
        return [cls for arm in get_args(wanted) for cls in _classes(arm)]
    return [origin] if isinstance(origin, type) else cast("list[type]", [])
