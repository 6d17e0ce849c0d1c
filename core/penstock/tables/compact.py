"""Tables made fit for travel: no more bytes than they show, few chunks, types that every reader knows.

Owns: casting of view types, rewriting of slices, combining of small chunks, trimming of dictionaries.
Values never change. Imported on first use, so pyarrow may stand at the top.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

arrow: Any = pa  # ships no types; the aliases say what is meant
compute: Any = pc
Table: TypeAlias = Any
Array: TypeAlias = Any
ChunkedArray: TypeAlias = Any
DataType: TypeAlias = Any

SLACK, SPARE = 1.25, 64 << 10
"""A table is rewritten when its buffers are larger than slack times what it shows plus the spare bytes."""
SMALL_CHUNK = 1 << 20
SMALL_DICTIONARY = 4 << 10


def fit(table: Table, *, trim: bool) -> Table:
    """The table as it should travel.

    Args:
        table: any.
        trim: whether dictionary entries that no row uses may go; categories of a frame may not.
    """
    table = without_views(table)
    columns = [_combined(column) for column in table.columns]
    if trim:
        columns = [_trimmed(column) for column in columns]
    if _is_wasteful(columns):
        columns = [arrow.chunked_array(map(_rewritten, one.chunks), type=one.type) for one in columns]
    return arrow.Table.from_arrays(columns, schema=table.schema) if columns else table


def without_views(table: Table) -> Table:
    """The table with its view columns as large strings and large binaries, nested ones too."""
    kinds = table.schema.types
    wanted = [plain(kind) for kind in kinds]
    if wanted == kinds:
        return table
    fields = [field.with_type(kind) for field, kind in zip(table.schema, wanted, strict=True)]
    return table.cast(arrow.schema(fields, metadata=table.schema.metadata))


def plain(kind: DataType) -> DataType:
    """The type without string and binary views, which few readers know."""
    types = arrow.types
    if types.is_primitive(kind) or types.is_string(kind) or types.is_large_string(kind):
        return kind
    if types.is_string_view(kind):
        return arrow.large_string()
    if types.is_binary_view(kind):
        return arrow.large_binary()
    if types.is_struct(kind):
        return arrow.struct(
            [kind.field(place).with_type(plain(kind.field(place).type)) for place in range(kind.num_fields)]
        )
    if types.is_dictionary(kind):
        return arrow.dictionary(kind.index_type, plain(kind.value_type), kind.ordered)
    return _plain_list(kind)


def _plain_list(kind: DataType) -> DataType:
    types = arrow.types
    if types.is_map(kind):
        return arrow.map_(plain(kind.key_type), plain(kind.item_type), kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return arrow.list_(_plain_item(kind), kind.list_size)
    makers = (
        (types.is_list, arrow.list_),
        (types.is_large_list, arrow.large_list),
        (types.is_list_view, arrow.list_view),
        (types.is_large_list_view, arrow.large_list_view),
    )
    return next((make(_plain_item(kind)) for fits, make in makers if fits(kind)), kind)


def _plain_item(kind: DataType) -> Any:
    return kind.value_field.with_type(plain(kind.value_type))


def _combined(column: ChunkedArray) -> ChunkedArray:
    count = column.num_chunks
    if count < 2:
        return column
    # each chunk would carry the whole dictionary
    if not arrow.types.is_dictionary(column.type) and column.nbytes >= count * SMALL_CHUNK:
        return column
    try:
        combined = column.combine_chunks()
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError):  # some nested types cannot be
        return column
    return combined if isinstance(combined, arrow.ChunkedArray) else arrow.chunked_array([combined])


def _is_wasteful(columns: list[ChunkedArray]) -> bool:
    """Whether the buffers behind all chunks, which travel apart, hold much that no row shows."""
    held = sum(chunk.get_total_buffer_size() for column in columns for chunk in column.chunks)
    return held > SLACK * sum(column.nbytes for column in columns) + SPARE


def _rewritten(chunk: Array) -> Array:
    if chunk.get_total_buffer_size() <= SLACK * chunk.nbytes + SMALL_DICTIONARY:
        return chunk
    types = arrow.types
    if types.is_list_view(chunk.type) or types.is_large_list_view(chunk.type):
        return _rewritten_list_view(chunk)
    try:
        return arrow.concat_arrays([chunk])
    except arrow.ArrowNotImplementedError:
        return chunk.take(arrow.array(range(len(chunk)), arrow.int64()))


def _rewritten_list_view(chunk: Array) -> Array:
    """By way of a list, for concatenating views keeps all that they could point to."""
    large = arrow.types.is_large_list_view(chunk.type)
    kind = (arrow.large_list if large else arrow.list_)(chunk.type.value_field)
    lists = arrow.concat_arrays([chunk.cast(kind)])
    made = arrow.LargeListViewArray if large else arrow.ListViewArray
    sizes = compute.subtract(lists.offsets.slice(1), lists.offsets.slice(0, len(lists)))
    return made.from_arrays(
        lists.offsets.slice(0, len(lists)), sizes, lists.values, type=chunk.type, mask=lists.is_null()
    )


def _trimmed(column: ChunkedArray) -> ChunkedArray:
    if not _has_dictionary(column.type):
        return column
    return arrow.chunked_array(map(_trimmed_chunk, column.chunks), type=column.type)


def _has_dictionary(kind: DataType) -> bool:
    if arrow.types.is_dictionary(kind):
        return True
    return any(_has_dictionary(kind.field(place).type) for place in range(kind.num_fields))


def _trimmed_chunk(chunk: Array) -> Array:
    """The chunk without what no row of it uses, as far as structs and lists can be looked into."""
    types, kind = arrow.types, chunk.type
    if types.is_dictionary(kind):
        return _trimmed_dictionary(chunk)
    if not _has_dictionary(kind):
        return chunk
    mask = chunk.is_null()
    if types.is_struct(kind):
        fields = [_trimmed_chunk(chunk.field(place)) for place in range(kind.num_fields)]
        return arrow.StructArray.from_arrays(fields, fields=list(kind), mask=mask)
    if types.is_list(kind) or types.is_large_list(kind):
        whole = arrow.concat_arrays([chunk])
        made = arrow.ListArray if types.is_list(kind) else arrow.LargeListArray
        return made.from_arrays(whole.offsets, _trimmed_chunk(whole.values), type=kind, mask=mask)
    return chunk


def _trimmed_dictionary(chunk: Array) -> Array:
    if len(chunk.dictionary) <= len(chunk) or chunk.dictionary.nbytes <= SMALL_DICTIONARY:
        return chunk
    used = chunk.indices.unique().drop_null().sort()
    indices = compute.index_in(chunk.indices, value_set=used).cast(chunk.type.index_type)
    dictionary = chunk.dictionary.take(used)
    return arrow.DictionaryArray.from_arrays(indices, dictionary, ordered=chunk.type.ordered)
