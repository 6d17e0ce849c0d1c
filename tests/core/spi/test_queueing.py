"""Queues in which what is more urgent waits further in front."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from penstock.spi.queueing import enqueue


@given(st.lists(st.integers(-3, 3)))
def test_a_queue_is_sorted_by_priority_and_then_by_coming(priorities):
    queue = deque()
    for one in enumerate(priorities):
        enqueue(queue, one, lambda entry: entry[1])
    assert list(queue) == sorted(enumerate(priorities), key=lambda entry: -entry[1])
