"""Handlers of the pyarrow types, and of anything that exports an Arrow stream.

Owns: their way to ``pyarrow.Table`` and back. Imported by the registry on first use, so pyarrow
may stand at the top.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa

from penstock.tables.compact import without_views
from penstock.values import frozen

arrow: Any = pa  # ships no types; the aliases say what is meant
Table: TypeAlias = Any
RecordBatch: TypeAlias = Any
RecordBatchReader: TypeAlias = Any


@frozen
class TableHandler:
    """``pyarrow.Table``: already what it should be."""

    kind: str = "pyarrow.Table"

    def to_arrow(self, value: Table) -> Table:
        """The same object."""
        return value

    def from_arrow(self, table: Table) -> Table:
        """The same object."""
        return table


@frozen
class BatchHandler:
    """``pyarrow.RecordBatch``: one chunk."""

    kind: str = "pyarrow.RecordBatch"

    def to_arrow(self, value: RecordBatch) -> Table:
        """A table over the same buffers."""
        return arrow.Table.from_batches([value])

    def from_arrow(self, table: Table) -> RecordBatch:
        """One batch; only several chunks are copied together."""
        batches = table.to_batches()
        if len(batches) > 1:
            batches = table.combine_chunks().to_batches()
        if len(batches) == 1:
            return batches[0]
        return arrow.RecordBatch.from_pylist([], schema=table.schema)


@frozen
class ReaderHandler:
    """``pyarrow.RecordBatchReader``: can be read once, so it is read into a table."""

    kind: str = "pyarrow.RecordBatchReader"

    def to_arrow(self, value: RecordBatchReader) -> Table:
        """All its batches; the reader is spent afterwards."""
        return value.read_all()

    def from_arrow(self, table: Table) -> RecordBatchReader:
        """A reader over the table's chunks."""
        return table.to_reader()


@frozen
class StreamHandler:
    """Anything with ``__arrow_c_stream__``: comes back as ``pyarrow.Table``."""

    kind: str = "arrow_stream"

    def to_arrow(self, value: Any) -> Table:
        """The exported stream, its view types made plain: few readers know them."""
        return without_views(arrow.RecordBatchReader.from_stream(value).read_all())

    def from_arrow(self, table: Table) -> Table:
        """The table: the exporting type is not known to be constructible."""
        return table


TABLE = TableHandler()
BATCH = BatchHandler()
READER = ReaderHandler()
STREAM = StreamHandler()
