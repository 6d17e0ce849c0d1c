"""A table taken apart for the envelope, and put together again.

Owns: what is pickled of a table (its schema and the chunks of its columns, not the ``Table``: some
libraries replace the way a ``Table`` is pickled), the IPC image of tables that pickle cannot carry well,
and the extension types that a reader must know. Imported on first use, so pyarrow may stand at the top.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, TypeAlias

import pyarrow as pa

from penstock.errors import InvariantViolationError
from penstock.tables.packed import Image
from penstock.tables.spans import joined, parted

arrow: Any = pa  # ships no types; the aliases say what is meant
Table: TypeAlias = Any
Schema: TypeAlias = Any
DataType: TypeAlias = Any

_NAME = b"ARROW:extension:name"


def sealed(table: Table) -> tuple[Schema, list[list[Any]], tuple[Any, ...]]:
    """The schema, of each column how its chunks are made again, and the spans that these lie in.

    Chunks are taken apart here, so that no pickler has a say in how an array is pickled.
    """
    columns = [[chunk.__reduce__() for chunk in column.chunks] for column in table.columns]
    return table.schema, *joined(columns)


def unsealed(schema: Schema, columns: list[list[Any]], spans: tuple[Any, ...]) -> Table:
    """The table of a schema and its columns' chunks, over the same buffers."""
    arrays = [
        arrow.chunked_array([make(*parts) for make, parts in chunks], type=field.type)
        for field, chunks in zip(schema, parted(columns, spans), strict=True)
    ]
    return arrow.Table.from_arrays(arrays, schema=schema)


def body_of(table: Table) -> Any:
    """The table, or its image where pickle would lose rows or need the class of a user."""
    extensions = extensions_of(table.schema)
    if extensions or not table.num_columns:
        return Image(ipc_stream(table), extensions)
    return table


def ipc_stream(table: Table) -> Any:
    """The table as a ``pyarrow.Buffer`` with an Arrow IPC stream."""
    sink = arrow.BufferOutputStream()
    write_ipc(table, sink)
    return sink.getvalue()


def write_ipc(table: Table, sink: Any) -> None:
    """Write a table as an Arrow IPC stream; a stream knows dictionaries that change, a file does not."""
    with arrow.ipc.new_stream(sink, table.schema) as writer:
        if table.num_columns:
            writer.write_table(table)
        else:  # rows without columns
            for batch in table.to_batches():
                writer.write_batch(batch)


def open_image(image: Image) -> Table:
    """The table of an image, over the image's own memory.

    Raises:
        InvariantViolationError: when it has extension types that this process does not know.
    """
    table = _read(image)
    missing = _unknown(table.schema, dict(image.extensions))
    if not missing:
        return table
    for module in set(missing.values()):
        _import_if_there(module)  # which usually registers its types
    table = _read(image)
    missing = _unknown(table.schema, dict(image.extensions))
    if missing:
        raise InvariantViolationError(_message(missing))
    return table


def extensions_of(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Name → module of the extension types in a schema, save those of pyarrow itself."""
    found = {
        kind.extension_name: type(kind).__module__
        for field in schema
        for kind in _types_in(field.type)
        if isinstance(kind, arrow.BaseExtensionType) and type(kind).__module__ != "pyarrow.lib"
    }
    return tuple(found.items())


def _read(image: Image) -> Table:
    with arrow.ipc.open_stream(arrow.py_buffer(image.data)) as reader:
        return reader.read_all()


def _unknown(schema: Schema, wanted: dict[str, str]) -> dict[str, str]:
    """The wanted extension types that arrived as their storage."""
    fields = [field for top in schema for field in _fields_in(top)]
    names = {field.metadata[_NAME].decode() for field in fields if _NAME in (field.metadata or {})}
    return {name: module for name, module in wanted.items() if name in names}


def _types_in(kind: DataType) -> Iterator[DataType]:
    yield kind
    if isinstance(kind, arrow.BaseExtensionType):
        yield from _types_in(kind.storage_type)
    elif arrow.types.is_dictionary(kind):
        yield from _types_in(kind.value_type)
    else:
        for place in range(kind.num_fields):
            yield from _types_in(kind.field(place).type)


def _fields_in(field: Any) -> Iterator[Any]:
    yield field
    kind = field.type
    for place in range(kind.num_fields):
        yield from _fields_in(kind.field(place))


def _import_if_there(module: str) -> None:
    try:
        import_module(module)
    except ImportError:
        return


def _message(missing: dict[str, str]) -> str:
    names = ", ".join(f"{name!r} (of module {module})" for name, module in sorted(missing.items()))
    return (
        f"Wanted to read a table with the Arrow extension types {names}, found them unregistered in this"
        " process. Call pyarrow.register_extension_type in a module that the reading step imports;"
        " otherwise its values would silently arrive as their storage type."
    )
