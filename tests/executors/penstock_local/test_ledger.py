"""What a worker has begun can be read after its death."""

from __future__ import annotations

import os
import time

import pytest

from penstock_local import anonymous, ledger


@pytest.fixture
def sides():
    page = anonymous.room(ledger.size(3))
    made = ledger.Ledger(page, 3), ledger.Ledger(page, 3)
    os.close(page)
    yield made
    for one in made:
        one.close()


def test_a_task_that_was_not_begun_is_not_there(sides):
    _, theirs = sides
    assert [theirs.began(slot, 5) for slot in range(3)] == [None] * 3


def test_the_other_side_sees_when_a_task_began(sides):
    ours, theirs = sides
    before = time.monotonic()
    ours.begin(2, 5)
    assert before <= theirs.began(2, 5) <= time.monotonic()
    assert theirs.began(1, 5) is None
    assert theirs.began(2, 4) is None


def test_what_is_to_be_interrupted_is_seen_by_the_other_side(sides):
    ours, theirs = sides
    assert ours.interrupted == 0
    theirs.interrupted = 1 << 40
    assert ours.interrupted == 1 << 40


def test_who_was_interrupted_says_so(sides):
    ours, theirs = sides
    assert theirs.heard == 0
    ours.heard = 5
    assert (theirs.heard, theirs.interrupted) == (5, 0)
