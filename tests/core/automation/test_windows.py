"""Which partitions are of the newest window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from penstock import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from penstock.automation.windows import latest_windows
from penstock.partitions.view import DynamicKeys, View

NOW = View(datetime(2024, 1, 10, 12, tzinfo=UTC), DynamicKeys({"c": ("x", "y"), "none": ()}))
DAYS = DailyPartitionsDefinition("2024-01-01")


def test_the_newest_window_is_the_last_that_is_over():
    assert list(latest_windows(DAYS, None, NOW) or ()) == ["2024-01-09"]
    ahead = DailyPartitionsDefinition("2024-01-01", end_offset=1)
    assert list(latest_windows(ahead, None, NOW) or ()) == ["2024-01-10"]


def test_windows_within_some_time_before_its_end_count_too():
    days = [f"2024-01-0{day}" for day in (7, 8, 9)]
    assert list(latest_windows(DAYS, timedelta(days=3), NOW) or ()) == days
    assert len(latest_windows(DAYS, timedelta(days=1000), NOW) or ()) == 9


def test_before_the_first_window_is_over_there_is_none():
    found = latest_windows(WeeklyPartitionsDefinition("2024-01-07"), timedelta(days=9), NOW)
    assert found is not None
    assert found.is_empty


def test_what_has_no_windows_has_no_newest():
    assert latest_windows(StaticPartitionsDefinition(["a"]), None, NOW) is None
    assert latest_windows(MultiPartitionsDefinition({"a": _letters(), "b": _letters()}), None, NOW) is None


def test_of_several_dimensions_the_one_of_time_counts():
    both = MultiPartitionsDefinition({"day": DAYS, "letter": _letters()})
    assert set(latest_windows(both, None, NOW) or ()) == {"2024-01-09|a", "2024-01-09|b"}
    assert len(latest_windows(both, timedelta(days=2), NOW) or ()) == 4


def test_of_several_dimensions_the_other_may_grow():
    growing = MultiPartitionsDefinition({"c": DynamicPartitionsDefinition(name="c"), "day": DAYS})
    assert set(latest_windows(growing, None, NOW) or ()) == {"x|2024-01-09", "y|2024-01-09"}
    empty = MultiPartitionsDefinition({"c": DynamicPartitionsDefinition(name="none"), "day": DAYS})
    assert list(latest_windows(empty, None, NOW) or ()) == []


def _letters():
    return StaticPartitionsDefinition(["a", "b"])
