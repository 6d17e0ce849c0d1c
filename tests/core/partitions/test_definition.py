"""Static and daily partitions: which keys there are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import InvalidDefinitionError, InvariantViolationError, UnknownPartitionError
from penstock.partitions import DailyPartitionsDefinition, PartitionsDefinition, StaticPartitionsDefinition


def test_static_keys_keep_their_order_and_unknown_ones_are_named():
    some = StaticPartitionsDefinition(["north", "south"])
    assert some.get_partition_keys() == ["north", "south"]
    with pytest.raises(UnknownPartitionError, match=r"'nort'.*'north'"):
        some.validate_partition_key("nort")


@pytest.mark.parametrize("keys", [["a", "a"], ["a...b"], [1]])
def test_keys_that_cannot_be_are_refused(keys):
    with pytest.raises(InvalidDefinitionError):
        StaticPartitionsDefinition(keys)


def test_definitions_of_equal_keys_are_equal():
    assert StaticPartitionsDefinition(["a"]) == StaticPartitionsDefinition(("a",))
    assert isinstance(StaticPartitionsDefinition(["a"]), PartitionsDefinition)
    assert isinstance(DailyPartitionsDefinition("2024-01-01"), PartitionsDefinition)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-5, 400), st.integers(0, 23))
def test_a_day_is_a_partition_once_it_is_over(start, days, hour):
    daily = DailyPartitionsDefinition(start.isoformat(), hour_offset=hour)
    now = datetime.combine(start, datetime.min.time(), tzinfo=UTC) + timedelta(days=days, hours=hour)
    assert len(daily.get_partition_keys(now)) == max(days, 0)


@given(st.dates(date(2020, 1, 1), date(2021, 1, 1)), st.integers(0, 60), st.integers(-3, 3))
def test_every_listed_key_exists_and_no_other(start, days, end_offset):
    daily = DailyPartitionsDefinition(start.isoformat(), end_offset=end_offset)
    now = datetime.combine(start, datetime.min.time(), tzinfo=UTC) + timedelta(days=days)
    keys = set(daily.get_partition_keys(now))
    around = [(start + timedelta(days=n)).isoformat() for n in range(-3, days + 5)]
    assert {key for key in around if daily.has_partition_key(key, now)} == keys


def test_an_end_date_closes_the_days():
    daily = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04")
    assert list(daily.get_partition_keys()) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    with pytest.raises(InvariantViolationError, match="current_time"):
        DailyPartitionsDefinition("2024-01-01").get_partition_keys()


@pytest.mark.parametrize("key", ["2023-12-31", "2024-1-2", "soon", "2024-02-30"])
def test_a_day_before_the_start_or_written_otherwise_is_unknown(key):
    with pytest.raises(UnknownPartitionError, match=key):
        DailyPartitionsDefinition("2024-01-01").validate_partition_key(key)


def test_days_follow_their_time_zone():
    daily = DailyPartitionsDefinition("2024-03-09", timezone="America/New_York")
    start, end = daily.time_window_for_partition_key("2024-03-10")
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=23)
    assert list(daily.get_partition_keys(datetime(2024, 3, 10, 4, 59, tzinfo=UTC))) == []
    assert list(daily.get_partition_keys(datetime(2024, 3, 10, 5, tzinfo=UTC))) == ["2024-03-09"]


def test_a_format_holds_for_start_and_keys():
    daily = DailyPartitionsDefinition("30.12.2023", fmt="%d.%m.%Y", end_date="02.01.2024")
    assert list(daily.get_partition_keys()) == ["30.12.2023", "31.12.2023", "01.01.2024"]
    with pytest.raises(InvalidDefinitionError, match="written"):
        DailyPartitionsDefinition("2023-12-30", fmt="%d.%m.%Y")
