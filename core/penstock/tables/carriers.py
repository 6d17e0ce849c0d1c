"""How the values of each library become tables that travel, and what they were again.

Owns: one carrier for each kind, save the pandas ones. ``pack`` gives None for a value that Arrow cannot
carry exactly. Imported on first use, so pyarrow may stand at the top.
Lazy: polars and pandas are imported when one of their values is made.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol, TypeAlias, cast

import pyarrow as pa

from penstock.spi.tables import TypeHandler
from penstock.tables import arrow as handlers
from penstock.tables import frames
from penstock.tables.compact import fit
from penstock.tables.envelope import body_of
from penstock.tables.frames_exact import PANDAS, PANDAS_SERIES
from penstock.tables.packed import Packed
from penstock.values import frozen

__all__ = ["ARRAY", "BATCH", "CHUNKED", "PANDAS", "PANDAS_SERIES", "POLARS", "POLARS_LAZY"]
__all__ += ["POLARS_SERIES", "READER", "STREAM", "TABLE", "Carrier", "classes", "table_packed"]

arrow: Any = pa  # ships no types; the aliases say what is meant
Table: TypeAlias = Any
_COLUMN = "array"


class Carrier(Protocol):
    """One kind of value on its way."""

    def pack(self, value: Any) -> Packed | None:
        """The value as a table, None when it is to be pickled."""
        ...

    def give(self, table: Table, note: Any) -> Any:
        """The value again."""
        ...


def table_packed(
    kind: str, table: Table, *, target: str | TypeHandler | None = None, trim: bool = False
) -> Packed:
    """A table on its way, in the form that travels best."""
    table = fit(table, trim=trim)
    return Packed(kind=kind, nbytes=table.nbytes, body=body_of(table), target=target)


@frozen
class TableCarrier:
    """What a handler makes a table of without loss: dictionary entries that no row uses may go.

    Args:
        handler: of the type.
        kind: as which it comes back; a stream can be read once only, so it comes back as a table.
    """

    handler: TypeHandler
    kind: str

    def pack(self, value: Any) -> Packed:
        """The table of it."""
        return table_packed(self.kind, self.handler.to_arrow(value), trim=True)

    def give(self, table: Table, note: Any) -> Any:
        """The value over the table's buffers."""
        return self.handler.from_arrow(table)


@frozen
class ColumnCarrier:
    """``pyarrow.Array`` and ``pyarrow.ChunkedArray``: a table of one column."""

    kind: str

    def pack(self, value: Any) -> Packed:
        """The table of it."""
        return table_packed(self.kind, arrow.table({_COLUMN: value}), trim=True)

    def give(self, table: Table, note: Any) -> Any:
        """The column; an array is in one piece."""
        column = table.column(0)
        if self.kind == "pyarrow.ChunkedArray":
            return column
        return column.chunk(0) if column.num_chunks == 1 else arrow.concat_arrays(_chunks(column))


@frozen
class PolarsCarrier:
    """``polars.DataFrame`` and ``polars.LazyFrame``."""

    handler: TypeHandler
    kind: str

    def pack(self, value: Any) -> Packed | None:
        """The table of it, when polars reads its own types from Arrow again."""
        frame = value.collect() if self.kind == "polars.LazyFrame" else value
        table = _exact(frame)
        return None if table is None else table_packed(self.kind, table)

    def give(self, table: Table, note: Any) -> Any:
        """A frame over the table's buffers."""
        return self.handler.from_arrow(table)


@frozen
class PolarsSeriesCarrier:
    """``polars.Series``: a frame of one column."""

    kind: str = "polars.Series"

    def pack(self, value: Any) -> Packed | None:
        """The table of it."""
        table = _exact(value.to_frame())
        return None if table is None else table_packed(self.kind, table)

    def give(self, table: Table, note: Any) -> Any:
        """The series over the table's buffers."""
        return frames.POLARS.from_arrow(table).to_series()


def classes() -> list[type]:
    """Every type of the imported libraries that travels in an envelope when other values contain it."""
    found: list[Any] = [arrow.Table, arrow.RecordBatch, arrow.ChunkedArray]
    named = cast("dict[str, Any]", vars(arrow.lib)).values()
    found += [one for one in named if isinstance(one, type) and issubclass(one, arrow.Array)]
    for library, names in (("pandas", ("DataFrame", "Series")), ("polars", ("DataFrame", "Series"))):
        module = sys.modules.get(library)
        found += [getattr(module, name) for name in names if hasattr(module, name)]
    return found


def _chunks(column: Any) -> list[Any]:
    return column.chunks or [arrow.array([], type=column.type)]


def _exact(frame: Any) -> Table | None:
    """The frame as a table, None when polars would read another schema from it."""
    try:
        table = frames.POLARS.to_arrow(frame)
        again = frames.POLARS.from_arrow(table.slice(0, 0))
    except (arrow.ArrowException, TypeError, ValueError, NotImplementedError):
        return None
    return table if again.schema == frame.schema else None


TABLE = TableCarrier(handlers.TABLE, "pyarrow.Table")
BATCH = TableCarrier(handlers.BATCH, "pyarrow.RecordBatch")
READER = TableCarrier(handlers.READER, "pyarrow.Table")
STREAM = TableCarrier(handlers.STREAM, "pyarrow.Table")
ARRAY = ColumnCarrier("pyarrow.Array")
CHUNKED = ColumnCarrier("pyarrow.ChunkedArray")
POLARS = PolarsCarrier(frames.POLARS, "polars.DataFrame")
POLARS_LAZY = PolarsCarrier(frames.POLARS_LAZY, "polars.LazyFrame")
POLARS_SERIES = PolarsSeriesCarrier()
