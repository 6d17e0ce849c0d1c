"""When clocks change, against looking at every moment around."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.partitions.periods import HourlyPartitionsDefinition
from penstock.partitions.zones import clock_changes, offset_at, start_of_decade, zone_named

FAR = ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago"]


@settings(max_examples=20)
@given(zone=st.sampled_from(FAR), decade=st.integers(250, 998))
def test_far_changes_are_those_that_the_zone_has(zone, decade):
    changes = clock_changes(zone, decade)
    start, end = start_of_decade(decade), start_of_decade(decade + 1)
    for change in changes:
        assert start <= change.at < end
        assert offset_at(zone_named(zone), change.at - 1) == change.before
        assert offset_at(zone_named(zone), change.at) == change.after
    edges = [start, *(change.at for change in changes), end]
    offsets = [offset_at(zone_named(zone), start - 1), *(change.after for change in changes)]
    middles = [(first + last) // 2 for first, last in pairwise(edges)]
    assert [offset_at(zone_named(zone), middle) for middle in middles] == offsets


def test_a_far_change_is_not_looked_for_again():
    clock_changes.cache_clear()
    near = clock_changes("America/New_York", 230)
    before = clock_changes.cache_info().misses
    far = clock_changes("America/New_York", 230 + 40 * 15)
    assert clock_changes.cache_info().misses == before + 1
    assert len(far) == len(near) == 20


@pytest.mark.parametrize("year", [2500, 9024])
def test_windows_of_a_far_year_begin_where_its_clocks_say(year):
    hours = HourlyPartitionsDefinition("2013-01-01-00:00", timezone="America/New_York")
    window = hours.time_window_for_partition_key(f"{year}-07-04-12:00")
    assert window.start == datetime(year, 7, 4, 12, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert window.start.utcoffset().total_seconds() == -4 * 3600
