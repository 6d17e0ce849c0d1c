"""Sets of numbers as ranges, as bits and as boxes, against Python's own sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.partitions.bits import Bits, runs_of
from penstock.partitions.boxes import Boxes, boxes_of
from penstock.partitions.spans import Spans, span, spans_of

NUMBERS = st.sets(st.integers(-20, 60), max_size=40)
PLACES = st.sets(st.integers(0, 60), max_size=40)
PAIRS = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=30)


def bits_of(numbers):
    return Bits(sum(1 << number for number in numbers))


def boxed(pairs):
    heads = {head for head, _ in pairs}
    tails = {head: bits_of(tail for other, tail in pairs if other == head) for head in heads}
    return boxes_of((spans_of([head]), tail) for head, tail in tails.items())


def pairs_in(boxes):
    return {(head, tail) for heads, tails in boxes.boxes for head in heads for tail in tails}


@pytest.mark.parametrize("make", [spans_of, bits_of])
@given(one=PLACES, other=PLACES)
def test_ranges_and_bits_are_sets(make, one, other):
    assert set(make(one) | make(other)) == one | other
    assert set(make(one) & make(other)) == one & other
    assert set(make(one) - make(other)) == one - other
    assert list(make(one)) == sorted(one)
    assert len(make(one)) == len(one)
    assert [number in make(one) for number in range(61)] == [number in one for number in range(61)]


@given(NUMBERS, NUMBERS)
def test_equal_sets_have_equal_ranges(one, other):
    assert (spans_of(one) | spans_of(other)) == spans_of(one | other)
    assert (spans_of(one) - spans_of(other)) == spans_of(one - other)
    assert hash(spans_of(one) & spans_of(other)) == hash(spans_of(one & other))


@given(PAIRS, PAIRS)
def test_boxes_are_sets_of_pairs_and_equal_when_these_are(one, other):
    assert pairs_in(boxed(one) | boxed(other)) == one | other
    assert (boxed(one) | boxed(other)) == boxed(one | other)
    assert (boxed(one) & boxed(other)) == boxed(one & other)
    assert (boxed(one) - boxed(other)) == boxed(one - other)
    assert len(boxed(one)) == len(one)


@given(NUMBERS)
def test_runs_cover_numbers_without_gaps(numbers):
    assert [(first, last + 1) for first, last in runs_of(sorted(numbers))] == list(spans_of(numbers).runs)


def test_a_span_the_wrong_way_round_is_empty():
    assert span(5, 3) == Spans()
    assert not pairs_in(Boxes())
