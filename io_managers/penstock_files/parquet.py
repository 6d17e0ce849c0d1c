"""Tables in Parquet files, with a checksum on every page.

Owns: how a table is written and read, and the kind of table recorded in the file's schema under
``penstock.kind``, so that a consumer without an annotation gets what the producer returned. A
flipped bit in the data is found when the page is read. Imported when the first table comes, so
pyarrow may stand at the top.
"""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import Any, BinaryIO, TypeAlias, cast

import pyarrow as pa
from pyarrow import parquet as pq

from penstock import tables
from penstock.metadata import TableColumn, TableSchema

arrow: Any = pa  # ships no types; the alias says what is meant
parquet: Any = pq
Table: TypeAlias = Any

_KIND = b"penstock.kind"


def to_storable(value: Any) -> Table | None:
    """A table that Parquet can hold and that gives the value back, or None.

    Args:
        value: a table of any library.
    """
    try:
        table = tables.to_arrow(value)
        if not table.num_columns and getattr(value, "shape", (0,))[0]:
            return None  # Parquet counts rows by its columns
        metadata: dict[bytes, bytes] = table.schema.metadata or {}
        kind = cast("str", tables.kind_of(value))
        marked = table.replace_schema_metadata({**metadata, _KIND: kind.encode()})
        write(marked.slice(0, 0), BytesIO())  # raises for types that Parquet does not know
    except (arrow.ArrowException, ValueError, TypeError):
        return None
    return marked


def write(table: Table, sink: BinaryIO) -> None:
    """Write a table with a checksum on every page."""
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)


def read(source: Any, wanted: Any = None) -> Any:
    """Read a table, verifying every page.

    Args:
        source: a path or a file that can be sought.
        wanted: the consumer's annotation.

    Raises:
        OSError: when a page does not fit its checksum or the file is cut off.
    """
    with parquet.ParquetFile(source, page_checksum_verification=True) as file:
        table = _with_seconds(file.read(), file.metadata.metadata or {})
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    kind = metadata.pop(_KIND, b"").decode() or None
    return tables.from_arrow(table.replace_schema_metadata(metadata or None), wanted, kind)


def _with_seconds(table: Table, footer: dict[bytes, bytes]) -> Table:
    """The table with the moments in seconds that Parquet, which has none, gave back in milliseconds."""
    written = footer.get(b"ARROW:schema")
    if written is None or not any(arrow.types.is_timestamp(kind) for kind in table.schema.types):
        return table
    original = arrow.ipc.read_schema(arrow.py_buffer(b64decode(written)))
    fields = [
        field.with_type(original.field(place).type) if _is_seconds(original.field(place).type) else field
        for place, field in enumerate(table.schema)
    ]
    return table.cast(arrow.schema(fields, metadata=table.schema.metadata))


def _is_seconds(kind: Any) -> bool:
    return arrow.types.is_timestamp(kind) and kind.unit == "s"


def column_schema(table: Table) -> TableSchema:
    """Names and types of a table's columns, for the record of the materialization."""
    return TableSchema([TableColumn(name=field.name, type=str(field.type)) for field in table.schema])
