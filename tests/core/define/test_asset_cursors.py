"""How far a sensor has come with several assets: what moves a cursor, and what trails behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import AssetKey, InvariantViolationError
from penstock.define.asset_cursors import (
    MOST_TRAILING,
    START,
    AssetCursor,
    advanced,
    name_in_cursor,
    read_cursors,
    written,
)

KEY = AssetKey("stock")


def test_what_was_written_is_read():
    cursors = {"a": AssetCursor("p", 7, {"q": 3}), "b": START}
    assert read_cursors(written(cursors)) == cursors


@pytest.mark.parametrize(
    "text", [None, "", "rubbish", "3", "[1]", '{"a": 1}', '{"a": [1, 2]}', '{"a": ["p", "1", {}]}']
)
def test_what_was_not_written_says_nothing(text):
    assert read_cursors(text) == {}


def test_keys_of_several_parts_are_told_apart():
    assert name_in_cursor(AssetKey(["a", "b"])) != name_in_cursor(AssetKey("a/b"))


def test_what_is_done_moves_the_cursor_and_what_was_passed_over_trails():
    after = advanced(START, {3: "c"}, [(1, "a"), (2, "b")], KEY)
    assert after == AssetCursor("c", 3, {"a": 1, "b": 2})


def test_of_what_trails_the_newest_is_kept():
    assert advanced(START, {4: "c"}, [(1, "a"), (2, "a")], KEY).trailing == {"a": 2}


def test_what_is_done_takes_with_it_all_before_of_its_partition():
    assert advanced(START, {4: "a"}, [(1, "a"), (2, "b"), (3, "a")], KEY).trailing == {"b": 2}
    assert advanced(START, {2: "a", 4: "c"}, [(1, "a"), (2, "a"), (3, "a")], KEY).trailing == {"a": 3}


def test_what_trails_may_be_done_later_without_moving_the_cursor():
    before = AssetCursor("c", 9, {"a": 1, "b": 2, "d": 3})
    assert advanced(before, {1: "a", 2: "b"}, [], KEY) == AssetCursor("c", 9, {"d": 3})


def test_without_partitions_nothing_trails():
    assert advanced(START, {3: None}, [(1, None), (2, None)], KEY) == AssetCursor(None, 3)


def test_too_many_may_not_trail():
    passed = [(place, str(place)) for place in range(MOST_TRAILING)]
    assert len(advanced(START, {99: "z"}, passed[1:], KEY).trailing) == MOST_TRAILING - 1
    with pytest.raises(InvariantViolationError, match="25 partitions of 'stock' were passed over"):
        advanced(START, {99: "z"}, passed, KEY)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.data())
def test_no_materialization_is_lost(parts, data):
    """Whatever is done in whatever ticks: the newest of a partition trails, is done, or lies ahead."""
    made = list(enumerate(parts, 1))
    cursor, done = START, {}
    for _ in range(data.draw(st.integers(1, 3))):
        now = dict(data.draw(st.lists(st.sampled_from(made), min_size=1, unique=True)))
        done |= now
        first = cursor.place or 0
        passed = [one for one in made if first < one[0] < max(now)]
        cursor = advanced(cursor, now, passed, KEY)
    for part in set(parts):
        newest = max(place for place, own in made if own == part)
        newest_done = max((place for place, own in done.items() if own == part), default=0)
        if newest <= cursor.place and newest > newest_done:
            assert cursor.trailing[part] == newest
        else:
            assert cursor.trailing.get(part, 0) <= newest
    assert not set(cursor.trailing.values()) & set(done)
