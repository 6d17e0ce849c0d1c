"""Buffers that lie side by side travel as one, and nothing but what a table shows travels with them."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import tables
from penstock.tables.spans import Piece, joined, parted

ROWS = 10_000
OWNED = pa.allocate_buffer(1 << 17)
LOOSE = np.arange(1 << 14)


def sent(value: Any) -> tuple[tables.Packed, list[memoryview]]:
    """A value after its way, and the buffers that went out of band."""
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(tables.pack(value), protocol=5, buffer_callback=buffers.append)
    raw = [one.raw() for one in buffers]
    return pickle.loads(stream, buffers=[memoryview(bytes(one)) for one in raw]), raw


def streamed(table: pa.Table) -> pa.Table:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


def some_table() -> pa.Table:
    numbers = range(ROWS)
    return pa.table(
        {
            "x": pa.array([float(one) for one in numbers]),
            "text": pa.array([f"number {one}" for one in numbers]),
            "list": pa.array([[one, None] for one in numbers]),
            "some": pa.array([one if one % 3 else None for one in numbers], pa.int32()),
        }
    )


def test_columns_that_are_rows_of_one_array_travel_as_one_buffer():
    table = pa.table(dict(zip("abcd", np.arange(4.0 * ROWS).reshape(4, ROWS), strict=True)))
    packed, buffers = sent(table)
    assert [one.nbytes for one in buffers] == [table.nbytes]
    assert tables.unpack(packed).equals(table)


def test_a_table_that_was_read_from_a_stream_travels_as_few_buffers_and_is_exact():
    table = streamed(some_table())
    packed, buffers = sent(table)
    large = [one for one in buffers if one.nbytes >= 4096]
    assert len(large) < sum(1 for column in table.columns for one in column.chunk(0).buffers() if one)
    assert sum(one.nbytes for one in buffers) < table.nbytes + 64 * len(buffers) + 1024
    assert tables.unpack(packed).equals(table)


def test_a_table_goes_on_as_few_buffers_as_it_came():
    first, buffers = sent(streamed(some_table()))
    _, again = sent(tables.unpack(first))
    assert len(again) <= len(buffers)


def test_columns_apart_travel_by_themselves():
    columns = [np.arange(float(ROWS)) for _ in range(3)]
    spaced = [column[: ROWS - 8] for column in columns]
    table = pa.table(dict(zip("abc", spaced, strict=True)))
    packed, buffers = sent(table)
    assert sum(one.nbytes for one in buffers) == table.nbytes
    assert tables.unpack(packed).equals(table)


def test_a_column_that_stands_twice_in_a_table_travels_once():
    column = pa.array(np.arange(float(ROWS)))
    packed, buffers = sent(pa.table({"a": column, "b": column}))
    assert [one.nbytes for one in buffers] == [8 * ROWS]
    assert tables.unpack(packed)["a"].equals(tables.unpack(packed)["b"])


@pytest.mark.parametrize("protocol", [4, 5])
def test_neighbours_arrive_in_band_too(protocol):
    table = pa.table(dict(zip("ab", np.arange(2.0 * ROWS).reshape(2, ROWS), strict=True)))
    packed = pickle.loads(pickle.dumps(tables.pack(table), protocol=protocol))
    assert tables.unpack(packed).equals(table)


def test_bytes_between_neighbours_of_different_owners_do_not_travel():
    one, other = pa.py_buffer(LOOSE[:1000]), pa.py_buffer(LOOSE[1001:2001])
    assert joined([one, other]) == ([one, other], ())


def test_padding_between_parts_of_one_buffer_travels():
    one, other = OWNED.slice(0, 8000), OWNED.slice(8032, 8000)
    tree, spans = joined([one, (other, 1)])
    assert tree == [Piece(0, 0, 8000), (Piece(0, 8032, 8000), 1)]
    assert [span.size for span in spans] == [16_032]


def test_a_neighbour_that_would_lose_its_alignment_stays_apart():
    one, other = OWNED.slice(3, 8005), OWNED.slice(8008, 8000)
    assert joined([one, other])[1] == ()


@given(
    st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 4_000)), max_size=12),
    st.sampled_from(["owned", "loose"]),
)
def test_any_buffers_come_back_as_they_were_and_as_aligned(places, whose):
    whole = OWNED if whose == "owned" else pa.py_buffer(LOOSE)
    # of NumPy's memory each view is an owner of its own
    cut = (
        whole.slice
        if whose == "owned"
        else lambda start, size: pa.py_buffer(memoryview(whole)[start:][:size])
    )
    tree = [(cut(8 * start, 8 * size), None, [index]) for index, (start, size) in enumerate(places)]
    changed, spans = joined(tree)
    for (one, _, index), (other, _, other_index) in zip(tree, parted(changed, spans), strict=True):
        assert other.equals(one)
        assert other_index == index
        assert (other.address - one.address) % 8 == 0
    assert sum(span.size for span in spans) <= whole.size
