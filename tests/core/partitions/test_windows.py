"""Windows of time: which keys there are at a time, what they cover, and what is refused."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import (
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
    UnknownPartitionError,
)
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.periods import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from penstock.partitions.time_window import TimeWindow
from penstock.partitions.view import partition_loading_context
from penstock.partitions.windows import ScheduleType, TimeWindowPartitionsDefinition


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def keys(definition, *at):
    return list(definition.get_partition_keys(utc(*at)))


def days(*numbers):
    return [f"2024-01-{number:02d}" for number in numbers]


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-5, 400), st.integers(0, 23))
def test_a_day_is_a_partition_once_it_is_over(start, number, hour):
    daily = DailyPartitionsDefinition(start.isoformat(), hour_offset=hour)
    now = datetime.combine(start, datetime.min.time(), tzinfo=UTC) + timedelta(days=number, hours=hour)
    assert len(daily.get_partition_keys(now)) == daily.get_num_partitions(now) == max(number, 0)


def test_an_end_closes_the_partitions_and_caps_the_offset():
    closed = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04", end_offset=20)
    assert keys(closed, 2024, 1, 2) == days(1, 2, 3)
    assert closed.get_partition_keys() == days(1, 2, 3)
    assert keys(
        DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04", hour_offset=6), 2025, 1, 1
    ) == days(1, 2)
    assert DailyPartitionsDefinition("2024-01-05", end_date="2024-01-05").get_num_partitions() == 0


def test_an_offset_counts_windows_that_are_not_excluded():
    early = DailyPartitionsDefinition(
        "2024-01-01", end_offset=1, exclusions=[datetime.fromisoformat("2024-01-03")]
    )
    assert keys(early, 2024, 1, 3) == days(1, 2, 4)
    late = DailyPartitionsDefinition(
        "2024-01-01", end_offset=-1, exclusions=[datetime.fromisoformat("2024-01-03")]
    )
    assert keys(late, 2024, 1, 4) == days(1)
    assert keys(DailyPartitionsDefinition("2024-01-10", end_offset=3), 2024, 1, 8) == days(10)


def test_excluded_windows_are_no_partitions_and_move_no_others():
    working = DailyPartitionsDefinition(
        "2024-01-01", exclusions=["0 0 * * 6", datetime.fromisoformat("2024-01-03")]
    )
    assert keys(working, 2024, 1, 12) == days(1, 2, 4, 5, 7, 8, 9, 10, 11)
    assert working.time_window_for_partition_key("2024-01-05").end == utc(2024, 1, 6)
    assert not working.has_partition_key("2024-01-06")
    assert working.get_next_partition_key("2024-01-05") == "2024-01-07"
    assert working.get_partition_key_at(2, utc(2024, 1, 12)) == "2024-01-04"
    assert working.exclusions == ["0 0 * * 6", utc(2024, 1, 3)]


def test_the_first_window_begins_at_or_after_the_start():
    assert keys(WeeklyPartitionsDefinition("2024-01-03", day_offset=1), 2024, 1, 22) == days(8, 15)
    assert keys(MonthlyPartitionsDefinition("2023-12-15"), 2024, 3, 1) == ["2024-01-01", "2024-02-01"]
    assert keys(DailyPartitionsDefinition(datetime.fromisoformat("2024-01-01T12:00")), 2024, 1, 4) == days(
        2, 3
    )
    assert keys(MonthlyPartitionsDefinition("2024-01-01", day_offset=31), 2024, 9, 1) == [
        "2024-01-31", "2024-03-31", "2024-05-31", "2024-07-31",
    ]  # fmt: skip


def test_a_start_with_a_zone_is_a_moment_and_one_without_is_on_the_wall():
    here = DailyPartitionsDefinition(datetime.fromisoformat("2024-01-01"), timezone="America/New_York")
    there = DailyPartitionsDefinition(datetime(2024, 1, 1, 5, tzinfo=UTC), timezone="America/New_York")
    assert here == there
    assert here.start.isoformat() == "2024-01-01T00:00:00-05:00"


def test_windows_have_the_zone_of_the_definition():
    berlin = DailyPartitionsDefinition("2024-03-01", timezone="Europe/Berlin")
    window = berlin.time_window_for_partition_key("2024-03-31")
    assert window.start.isoformat() == "2024-03-31T00:00:00+01:00"
    assert window.end.isoformat() == "2024-04-01T00:00:00+02:00"
    assert window.start.tzinfo == ZoneInfo("Europe/Berlin")
    assert berlin.start_time_for_partition_key("2024-03-31") == window.start
    assert berlin.end_time_for_partition_key("2024-03-31") == window.end


def test_the_second_of_two_hours_has_its_offset_in_the_key():
    hourly = HourlyPartitionsDefinition("2024-11-03-00:00", timezone="America/New_York")
    assert keys(hourly, 2024, 11, 3, 8) == [
        "2024-11-03-00:00", "2024-11-03-01:00", "2024-11-03-01:00-0500", "2024-11-03-02:00",
    ]  # fmt: skip
    window = hourly.time_window_for_partition_key("2024-11-03-01:00-0500")
    assert [one.astimezone(UTC) for one in window] == [utc(2024, 11, 3, 6), utc(2024, 11, 3, 7)]
    for strange in ("2024-11-03-01:00-0400", "2024-11-03-03:00-0500", "2025-03-09-02:00"):
        assert not hourly.has_partition_key(strange)


def test_keys_may_tell_the_offset_always():
    hourly = HourlyPartitionsDefinition(
        "2024-11-03T00:00-0400", timezone="America/New_York", fmt="%Y-%m-%dT%H:%M%z"
    )
    assert keys(hourly, 2024, 11, 3, 7) == [
        "2024-11-03T00:00-0400", "2024-11-03T01:00-0400", "2024-11-03T01:00-0500",
    ]  # fmt: skip


ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll"]
KINDS = [
    HourlyPartitionsDefinition,
    DailyPartitionsDefinition,
    WeeklyPartitionsDefinition,
    MonthlyPartitionsDefinition,
]


@settings(max_examples=60)
@given(st.sampled_from(ZONES), st.sampled_from(KINDS), st.integers(0, 200_000))
def test_a_key_its_place_and_its_window_name_each_other(zone, kind, place):
    definition = kind(datetime.fromisoformat("1990-01-01"), timezone=zone)
    place = place if kind is HourlyPartitionsDefinition else place // 300
    now = utc(2060, 1, 1)
    key = definition.get_partition_key_at(place, now)
    assert definition.get_partition_index(key, now) == place
    window = definition.time_window_for_partition_key(key)
    assert definition.get_partition_key_for_timestamp(window.start.timestamp()) == key
    assert definition.get_partition_key_for_timestamp(window.end.timestamp() - 1) == key
    assert definition.get_partition_key_for_timestamp(window.end.timestamp(), end_closed=True) == key
    assert definition.get_next_partition_key(key, now) == definition.get_partition_key_at(place + 1, now)
    assert definition.get_partition_keys_in_time_window(window, now) == [key]


def test_keys_are_found_by_place_and_range():
    daily = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")
    assert (daily.get_first_partition_key(), daily.get_last_partition_key()) == ("2024-01-01", "2024-01-09")
    assert (daily.get_partition_key_at(-1), daily.get_partition_index("2024-01-04")) == ("2024-01-09", 3)
    assert daily.get_partition_keys_in_range(PartitionKeyRange("2024-01-02", "2024-01-04")) == days(2, 3, 4)
    with pytest.raises(UnknownPartitionError, match="wrong way round"):
        daily.get_partition_keys_in_range(PartitionKeyRange("2024-01-04", "2024-01-02"))
    with pytest.raises(UnknownPartitionError, match="2024-02-05"):
        daily.get_partition_keys_in_range(PartitionKeyRange("2024-01-04", "2024-02-05"))
    with pytest.raises(UnknownPartitionError, match="there are 9"):
        daily.get_partition_key_at(9)


def test_windows_are_found_by_moments():
    daily = DailyPartitionsDefinition("2024-01-01")
    with partition_loading_context(utc(2024, 1, 12)):
        assert daily.get_first_partition_window() == (utc(2024, 1, 1), utc(2024, 1, 2))
        assert daily.get_last_partition_window() == (utc(2024, 1, 11), utc(2024, 1, 12))
        assert daily.get_next_partition_window(utc(2024, 1, 2, 3)) == (utc(2024, 1, 3), utc(2024, 1, 4))
        assert daily.get_next_partition_window(utc(2024, 1, 12)) is None
        assert daily.get_next_partition_window(utc(2024, 1, 12), respect_bounds=False) is not None
        assert daily.get_prev_partition_window(utc(2024, 1, 3)) == (utc(2024, 1, 2), utc(2024, 1, 3))
        assert daily.get_prev_partition_window(utc(2024, 1, 1)) is None
        span = TimeWindow(utc(2024, 1, 2, 1), utc(2024, 1, 5, 3))
        assert daily.get_partition_keys_in_time_window(span) == days(3, 4, 5)
        assert daily.get_num_partitions_in_window(span) == 3
        assert daily.get_partition_subset_in_time_window(span).get_partition_keys() == days(3, 4, 5)
        assert daily.get_partition_key_range_for_time_window(span) == PartitionKeyRange(
            "2024-01-02", "2024-01-04"
        )
        with pytest.raises(UnknownPartitionError, match="cover the time"):
            daily.get_partition_key_range_for_time_window(TimeWindow(utc(2023, 1, 2), utc(2024, 1, 5)))
    assert daily.get_first_partition_window(utc(2024, 1, 1, 12)) is None


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("2024-01-32", r"written as '%Y-%m-%d', such as '2024-01-01'"),
        ("2024-1-1", r"from '2024-01-01' to '2024-01-11'"),
        ("2023-12-31", r"nearest is '2024-01-01'"),
        ("2024-02-01", r"nearest is '2024-01-11'"),
    ],
)
def test_a_key_that_does_not_exist_is_explained(key, message):
    with pytest.raises(UnknownPartitionError, match=message):
        DailyPartitionsDefinition("2024-01-01").validate_partition_key(key, utc(2024, 1, 12))


def test_before_the_first_window_is_over_nothing_exists_and_this_is_said():
    daily = DailyPartitionsDefinition("2024-01-01")
    assert daily.get_first_partition_key(utc(2024, 1, 1, 12)) is None
    with pytest.raises(UnknownPartitionError, match=r"yet: .* 2024-01-02T00:00"):
        daily.validate_partition_key("2024-01-01", utc(2024, 1, 1, 12))


def test_a_window_may_be_asked_for_before_it_is_over_but_not_outside_the_dates():
    daily = DailyPartitionsDefinition("2024-01-01", end_date="2124-01-01")
    assert daily.time_window_for_partition_key("2100-01-01").start == utc(2100, 1, 1)
    for key in ("2023-12-31", "2124-01-01", "x"):
        with pytest.raises(UnknownPartitionError, match=key):
            daily.time_window_for_partition_key(key)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start_date": "2024-01"}, "not written as"),
        ({"start_date": "2024-01-05", "end_date": "2024-01-01"}, "after their end"),
        ({"start_date": "2024-01-01", "timezone": "Europe/Berln"}, "Did you mean 'Europe/Berlin'"),
        ({"start_date": "2024-01", "fmt": "%Y-%m"}, "do not tell"),
        ({"start_date": "01.01.", "fmt": "%d.%m."}, "do not tell"),
        ({"start_date": "0001-01-01"}, "years 1000 to 9000"),
        ({"start_date": "2024-01-01", "end_offset": "1"}, "end_offset is a whole number"),
        ({"start_date": "2024-01-01", "end_offset": 10**9}, "end_offset is a whole number"),
        ({"start_date": "2024-01-01", "hour_offset": 24}, "hour_offset is between 0 and 23"),
        ({"start_date": "2024-01-01", "minute_offset": -1}, "minute_offset is between"),
        ({"start_date": "2024-01-01", "exclusions": [date(2024, 1, 1)]}, "datetimes and cron schedules"),
        ({"start_date": "2024-01-01", "exclusions": ["2024-01-05"]}, "no cron schedule"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_defined(options, message):
    with pytest.raises(InvalidDefinitionError, match=message):
        DailyPartitionsDefinition(**options)


def test_a_schedule_is_said_once():
    weekly = TimeWindowPartitionsDefinition(
        "2024-01-01", "%Y-%m-%d", schedule_type=ScheduleType.WEEKLY, day_offset=1, hour_offset=3
    )
    assert weekly.cron_schedule == "0 3 * * 1"
    for options in ({}, {"cron_schedule": "0 0 * * *", "schedule_type": ScheduleType.DAILY}):
        with pytest.raises(InvalidDefinitionError, match="either a cron_schedule or a schedule_type"):
            TimeWindowPartitionsDefinition("2024-01-01", "%Y-%m-%d", **options)
    with pytest.raises(InvalidDefinitionError, match="day_offset is between 0 and 6"):
        WeeklyPartitionsDefinition("2024-01-01", day_offset=9)


def test_equal_windows_are_equal_however_they_are_said():
    daily = DailyPartitionsDefinition("2024-01-01")
    same = TimeWindowPartitionsDefinition(cron_schedule="0 0 * * *", start="2024-01-01", fmt="%Y-%m-%d")
    assert daily == same
    assert hash(daily) == hash(same)
    assert daily != DailyPartitionsDefinition("2024-01-02")
    assert isinstance(daily, TimeWindowPartitionsDefinition)
    assert isinstance(daily, PartitionsDefinition)
    assert pickle.loads(pickle.dumps(daily)) == daily
    with pytest.raises(AttributeError, match="cannot be changed"):
        daily.timeline = None


def test_what_was_said_can_be_read():
    daily = DailyPartitionsDefinition(
        "2024-01-01", end_date="2025-01-01", timezone="Europe/Berlin", end_offset=2
    )
    assert (daily.timezone, daily.fmt, daily.end_offset) == ("Europe/Berlin", "%Y-%m-%d", 2)
    assert daily.end.isoformat() == "2025-01-01T00:00:00+01:00"
    assert "Europe/Berlin" in repr(daily)
    assert daily.get_cron_schedule(hour_of_day=3, minute_of_hour=15) == "15 3 * * *"
    assert daily.get_tags_for_partition_key("2024-01-01") == {"penstock/partition": "2024-01-01"}
    other = DailyPartitionsDefinition("2024-01-01")
    assert daily.get_serializable_unique_identifier() != other.get_serializable_unique_identifier()


def test_a_date_or_text_becomes_a_key():
    daily = DailyPartitionsDefinition("2024-01-01")
    assert daily.get_partition_key(date(2024, 1, 3)) == daily.get_partition_key("2024-01-03") == "2024-01-03"
    with pytest.raises(UnknownPartitionError):
        daily.get_partition_key(date(2023, 1, 3))


def test_the_time_that_counts_has_a_zone():
    with pytest.raises(InvalidInvocationError, match="no time zone"):
        DailyPartitionsDefinition("2024-01-01").get_partition_keys(datetime.fromisoformat("2024-01-04"))


def test_a_start_may_be_a_date():
    daily = DailyPartitionsDefinition(date(2024, 1, 1), date(2024, 2, 1), timezone="Asia/Tokyo")
    assert daily == DailyPartitionsDefinition("2024-01-01", "2024-02-01", timezone="Asia/Tokyo")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_the_ends_of_the_calendar_are_no_trouble(zone):
    daily = DailyPartitionsDefinition("1000-01-02", "9999-12-31", timezone=zone)
    assert daily.get_num_partitions(utc(2024, 1, 1)) == 374_007
    assert daily.time_window_for_partition_key("1883-12-31").start.year == 1883
    for key in ("9999-12-31", "9995-01-01", "0999-12-31"):
        with pytest.raises(UnknownPartitionError, match=key):
            daily.time_window_for_partition_key(key)


def test_a_far_end_costs_nothing_and_windows_far_away_are_found():
    hourly = HourlyPartitionsDefinition("2013-01-01-00:00", "9000-01-01-00:00", timezone="America/New_York")
    now = utc(2127, 2, 1)
    assert hourly.get_num_partitions(now) == (now - utc(2013, 1, 1, 5)) // timedelta(hours=1) == 1_000_027
    window = hourly.time_window_for_partition_key(hourly.get_partition_key_at(1_000_000, now))
    assert window.start == utc(2013, 1, 1, 5) + timedelta(hours=1_000_000)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (DailyPartitionsDefinition("2024-01-01"), "daily from 2024-01-01, UTC"),
        (
            DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01", timezone="Europe/Berlin"),
            "daily from 2024-01-01 to 2024-01-31, Europe/Berlin",
        ),
        (DailyPartitionsDefinition("2024-01-01", hour_offset=5), "daily from 2024-01-01, UTC"),
        (HourlyPartitionsDefinition("2024-01-01-00:00"), "hourly from 2024-01-01-00:00, UTC"),
        (WeeklyPartitionsDefinition("2024-01-01"), "weekly from 2024-01-07, UTC"),
        (MonthlyPartitionsDefinition("2024-01-01"), "monthly from 2024-01-01, UTC"),
        (
            TimeWindowPartitionsDefinition(cron_schedule="0 9 * * 1-5", start="2024-01-01", fmt="%Y-%m-%d"),
            "by the schedule '0 9 * * 1-5' from 2024-01-01, UTC",
        ),
        (DailyPartitionsDefinition("2024-01-01", end_date="2024-01-01"), "daily from 2024-01-01, UTC"),
    ],
)
def test_windows_are_told_in_words(definition, said):
    assert str(definition) == said


@pytest.mark.parametrize(
    ("definition", "kind", "offsets"),
    [
        (
            HourlyPartitionsDefinition("2024-01-01-00:05", minute_offset=5),
            ScheduleType.HOURLY,
            (5, None, None),
        ),
        (DailyPartitionsDefinition("2024-01-01", hour_offset=3), ScheduleType.DAILY, (0, 3, None)),
        (WeeklyPartitionsDefinition("2024-01-01", day_offset=2), ScheduleType.WEEKLY, (0, 0, 2)),
        (MonthlyPartitionsDefinition("2024-01-01", day_offset=4), ScheduleType.MONTHLY, (0, 0, 4)),
        (
            TimeWindowPartitionsDefinition("2024-01-01", "%Y-%m-%d", cron_schedule="0 9 * * 1-5"),
            None,
            (None,) * 3,
        ),
    ],
)
def test_offsets_are_told_where_the_schedule_has_some(definition, kind, offsets):
    assert definition.schedule_type is kind
    for name, wanted in zip(("minute_offset", "hour_offset", "day_offset"), offsets, strict=True):
        if wanted is None:
            with pytest.raises(InvariantViolationError, match=name):
                getattr(definition, name)
        else:
            assert getattr(definition, name) == wanted


def test_windows_that_follow_each_other_are_one():
    days = DailyPartitionsDefinition("2024-01-01")
    keys = ["2024-01-05", "2024-01-02", "2024-01-03"]
    one, other = days.time_windows_for_partition_keys(keys)
    assert (one.start.day, one.end.day, other.start.day, other.end.day) == (2, 4, 5, 6)


def test_a_range_of_keys_can_be_taken_apart():
    start, end = PartitionKeyRange("a", "c")
    assert (start, end) == ("a", "c") == tuple(PartitionKeyRange("a", "c"))
    assert PartitionKeyRange("a", "c")[1] == "c"
