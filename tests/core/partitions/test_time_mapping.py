"""Windows of time that read others: what they overlap, what is missing, and who reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey
from penstock.partitions.periods import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import View
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.plan.staleness_facts import Edge
from penstock.plan.staleness_inputs import windows_read

NOW = datetime(2024, 1, 20, 10, 30, tzinfo=UTC)


def days(start="2024-01-01", **options):
    return DailyPartitionsDefinition(start, **options)


def hours(start="2024-01-01-00:00", **options):
    return HourlyPartitionsDefinition(start, **options)


def weeks(start="2024-01-01", **options):
    return WeeklyPartitionsDefinition(start, **options)


def january(*numbers):
    return [f"2024-01-{number:02d}" for number in numbers]


def read(mapping, down, keys, up, now=NOW):
    result = mapping.get_upstream_mapped_partitions_result_for_partitions(
        down.subset_with_partition_keys(keys), down, up, now
    )
    return list(result.partitions_subset), list(result.required_but_nonexistent_partition_keys)


def readers(mapping, up, keys, down, now=NOW):
    return list(
        mapping.get_downstream_partitions_for_partitions(up.subset_with_partition_keys(keys), up, down, now)
    )


SAME, BEFORE = TimeWindowPartitionMapping(), TimeWindowPartitionMapping(-1, -1)
NEXT = TimeWindowPartitionMapping(0, 1)


def test_a_day_reads_its_hours_and_an_hour_its_day():
    assert read(SAME, days(), ["2024-01-05"], hours()) == ([f"2024-01-05-{h:02d}:00" for h in range(24)], [])
    assert read(SAME, hours(), ["2024-01-05-05:00"], days()) == (january(5), [])
    assert readers(SAME, hours(), ["2024-01-05-05:00"], days()) == january(5)
    assert readers(SAME, days(), ["2024-01-05"], hours()) == [f"2024-01-05-{h:02d}:00" for h in range(24)]


@pytest.mark.parametrize(("day", "count"), [("2024-03-10", 23), ("2024-11-03", 25), ("2024-07-01", 24)])
def test_days_on_which_clocks_change_read_all_their_hours(day, count):
    zone = {"timezone": "America/New_York"}
    found, _ = read(SAME, days(**zone), [day], hours(**zone), datetime(2025, 1, 1, tzinfo=UTC))
    assert len(found) == count


def test_offsets_are_windows_of_the_reader():
    assert len(read(TimeWindowPartitionMapping(-1), days(), ["2024-01-05"], hours())[0]) == 48
    assert read(TimeWindowPartitionMapping(-1), hours(), ["2024-01-05-00:00"], days())[0] == january(4, 5)
    assert read(TimeWindowPartitionMapping(-1), hours(), ["2024-01-05-05:00"], days())[0] == january(5)
    assert read(TimeWindowPartitionMapping(-2), days(), ["2024-01-05"], days())[0] == january(3, 4, 5)
    assert readers(TimeWindowPartitionMapping(-2), days(), ["2024-01-05"], days()) == january(5, 6, 7)
    assert readers(TimeWindowPartitionMapping(-2), days(), ["2024-01-19"], days()) == january(19)
    assert readers(BEFORE, days(), ["2024-01-05"], days()) == january(6)


@pytest.mark.parametrize(
    ("mapping", "down", "key", "up", "expected"),
    [
        (BEFORE, days(), "2024-01-01", days(), ([], [])),
        (TimeWindowPartitionMapping(-1), days(), "2024-01-01", days(), (january(1), [])),
        (TimeWindowPartitionMapping(1, 1), days(), "2024-01-19", days(), ([], [])),
        (SAME, hours(), "2024-01-20-05:00", days(), ([], january(20))),
        (SAME, weeks(), "2024-01-07", days("2024-01-10"), (january(10, 11, 12, 13), january(7, 8, 9))),
        (SAME, days(), "2024-01-15", days(end_date="2024-01-10"), ([], january(15))),
        (BEFORE, days(), "2024-01-12", days(end_date="2024-01-10"), ([], january(11))),
        (BEFORE, days(), "2024-01-08", days("2024-01-10"), ([], [])),
        (NEXT, weeks(), "2024-01-07", days("2024-01-18"), (january(18, 19), january(*range(7, 18)))),
        (SAME, days(), "2024-01-01", weeks(), ([], ["2023-12-31"])),
        (SAME, days(), "2024-01-07", days(exclusions=["0 0 * * 0"]), ([], [])),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_missing_unless_offsets_reach_over_the_edge(mapping, down, key, up, expected):
    assert read(mapping, down, [key], up) == expected


def test_nothing_is_missing_when_that_is_allowed():
    lenient = TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
    assert read(lenient, weeks(), ["2024-01-07"], days("2024-01-10")) == (january(10, 11, 12, 13), [])


def test_readers_with_holes_between_them_do_not_read_what_lies_in_the_holes():
    working = days(exclusions=["0 0 * * 6", "0 0 * * 0"])
    found, missing = read(SAME, working, ["2024-01-05", "2024-01-08"], days())
    assert (found, missing) == (january(5, 8), [])
    assert readers(SAME, days(), january(6, 7), working) == []


def test_windows_of_one_schedule_are_shifted_as_a_whole_holes_and_all():
    holes = {"exclusions": ["0 0 * * 6", datetime.fromisoformat("2024-01-03")]}
    early, late = days(**holes), days("2024-01-05", **holes)
    assert read(BEFORE, early, january(7, 8), late) == (january(5, 7), [])
    assert read(SAME, early, january(2, 4, 5), late) == (january(5), january(2, 4))
    assert readers(BEFORE, early, january(2, 5), late) == january(7)
    assert readers(BEFORE, early, january(2, 5), early) == january(4, 7)


@pytest.mark.parametrize(
    ("up", "down", "message"),
    [
        (StaticPartitionsDefinition(["a"]), days(), "upstream it found"),
        (days(), StaticPartitionsDefinition(["a"]), "downstream it found"),
        (days(), None, "downstream it found None"),
        (days(timezone="Europe/Berlin"), days(), "one time zone"),
    ],
)
def test_what_is_no_window_of_the_same_zone_is_refused(up, down, message):
    with pytest.raises(InvalidDefinitionError, match=message):
        SAME.validate_partition_mapping(up, down)


def test_an_empty_span_is_refused():
    with pytest.raises(InvalidDefinitionError, match="start_offset is at most end_offset"):
        TimeWindowPartitionMapping(1, 0)
    assert BEFORE.looks_back
    assert not SAME.looks_back


ZONE = {"timezone": "America/New_York"}
SIDES = [
    DailyPartitionsDefinition("2023-10-20", **ZONE),
    DailyPartitionsDefinition("2023-11-03", "2023-12-01", **ZONE),
    DailyPartitionsDefinition("2023-10-25", hour_offset=6, **ZONE),
    DailyPartitionsDefinition("2023-10-20", exclusions=["0 0 * * 6", "0 0 * * 0"], **ZONE),
    HourlyPartitionsDefinition("2023-11-03-00:00", "2023-11-08-00:00", **ZONE),
    WeeklyPartitionsDefinition("2023-10-01", **ZONE),
    MonthlyPartitionsDefinition("2023-09-01", **ZONE),
    TimeWindowPartitionsDefinition(
        "2023-10-28 00:00", "%Y-%m-%d %H:%M", cron_schedule="30 1,13 * * *", **ZONE
    ),
]
LATER = datetime(2023, 12, 10, tzinfo=UTC)


def overlapping(definition, span):
    """The slow way: every window is looked at."""
    start, end = (one.timestamp() for one in span)
    keys = definition.get_partition_keys(LATER)
    windows = {key: definition.time_window_for_partition_key(key) for key in keys}
    return {
        key for key, one in windows.items() if one.start.timestamp() < end and one.end.timestamp() > start
    }


@settings(max_examples=150)
@given(st.sampled_from(SIDES), st.sampled_from(SIDES), st.integers(-2, 2), st.integers(0, 2), st.data())
def test_ranges_are_mapped_as_their_windows_one_by_one(down, up, start, more, data):
    mapping = TimeWindowPartitionMapping(start, start + more)
    count = down.get_num_partitions(LATER)
    places = data.draw(st.sets(st.integers(0, count - 1), max_size=6))
    keys = [down.get_partition_key_at(place, LATER) for place in places]
    expected = set()
    for place in places:
        first, last = (down.timeline.window_at(place + shift) for shift in (start, start + more))
        expected |= overlapping(up, (first.start, last.end))
    found, missing = read(mapping, down, keys, up, LATER)
    assert set(found) == expected
    assert not set(missing) & set(up.get_partition_keys(LATER))


@settings(max_examples=80)
@given(st.sampled_from(SIDES), st.sampled_from(SIDES), st.integers(-2, 2), st.integers(0, 2), st.data())
def test_who_reads_a_window_is_who_says_so(down, up, start, more, data):
    mapping = TimeWindowPartitionMapping(start, start + more)
    key = data.draw(st.sampled_from(list(up.get_partition_keys(LATER))))
    expected = {
        reader
        for reader in down.get_partition_keys(LATER)
        if key in read(mapping, down, [reader], up, LATER)[0]
    }
    assert set(readers(mapping, up, [key], down, LATER)) == expected


@settings(max_examples=80)
@given(st.sampled_from(SIDES), st.sampled_from(SIDES), st.integers(-2, 2), st.integers(0, 2))
def test_what_many_windows_read_is_what_each_of_them_reads(down, up, start, more):
    mapping = TimeWindowPartitionMapping(start, start + more)
    edge = Edge(key=AssetKey("up"), name="up", definition=up, mapping=mapping)
    keys = list(down.get_partition_keys(LATER))
    found = windows_read(edge, [*keys, "strange"], down, View(LATER))
    if found:  # nothing is said in advance when each reads very much
        assert {key: list(read_by) for key, (_, read_by) in found.items()} == {
            key: read(mapping, down, [key], up, LATER)[0] for key in keys
        }
    assert found or len(up.get_partition_keys(LATER)) > 64
