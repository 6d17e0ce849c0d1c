"""Chunks of bits: what is cut and packed comes back, and little takes few bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.store import bitmaps

numbers = st.lists(st.integers(0, 3 * bitmaps.BITS) | st.integers(0, 40), max_size=30)


def mask_of(numbers):
    return sum(1 << number for number in set(numbers))


@given(numbers)
def test_numbers_come_back_from_their_chunks(found):
    chunks = bitmaps.chunks_of(found)
    rows = [(chunk, bitmaps.pack(mask)) for chunk, mask in chunks.items()]
    assert bitmaps.unpacked(rows) == chunks
    assert bitmaps.cut(mask_of(found)) == chunks
    assert {chunk: bitmaps.unpack(packed) for chunk, packed in rows} == chunks


@given(numbers, numbers)
def test_chunks_of_one_number_are_united(one, other):
    rows = [(c, bitmaps.pack(m)) for some in (one, other) for c, m in bitmaps.chunks_of(some).items()]
    assert bitmaps.unpacked(rows) == bitmaps.chunks_of([*one, *other])


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_a_range_makes_the_chunks_of_its_numbers(start, stop):
    assert bitmaps.chunks_of(range(start, stop)) == bitmaps.chunks_of(list(range(start, stop)))


def test_one_number_takes_three_bytes_and_a_full_chunk_none():
    assert len(bitmaps.pack(1 << 4000)) == 3
    full = (1 << bitmaps.BITS) - 1
    assert bitmaps.pack(full) == b""
    assert bitmaps.unpack(b"") == full
