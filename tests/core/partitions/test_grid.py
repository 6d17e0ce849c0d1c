"""Windows around changes of the clocks, against an oracle that looks at every minute."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.partitions.cron import calendar_of, read_cron
from penstock.partitions.grid import Grid, Twice

sys.path.insert(0, str(Path(__file__).parent))

import oracle
import zone_checks

ODD = [
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana",
    "America/Nuuk", "America/Sao_Paulo", "Asia/Gaza", "Africa/Casablanca", "Asia/Kathmandu",
    "America/St_Johns", "Asia/Pyongyang", "Pacific/Kwajalein", "Antarctica/Troll", "Europe/Dublin",
]  # fmt: skip


def moment(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def starts(cron, zone, twice, start, count):
    grid = Grid(calendar_of(read_cron(cron)), zone, twice, moment(*start))
    return [
        datetime.fromtimestamp(one, ZoneInfo(zone)).strftime("%d %H:%M%z") for one in grid.between(0, count)
    ]


@pytest.mark.parametrize("zone", ODD)
def test_windows_around_clock_changes_are_those_of_the_oracle(zone):
    for years in ((2009, 2012), (2023, 2024)):
        zone_checks.check_zone(zone, *years)


TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@settings(max_examples=25)
@given(
    zone=st.sampled_from(ODD),
    times=st.sets(TIMES, min_size=1, max_size=4),
    day=st.dates(date(1990, 1, 1), date(2037, 1, 1)),
)
def test_any_times_of_day_are_those_of_the_oracle(zone, times, day):
    times = sorted({one.replace(minute=min(one.minute for one in times)) for one in times})
    cron = f"{times[0].minute} {','.join(str(one.hour) for one in times)} * * *"
    rule = read_cron(cron)
    twice = Twice.FIRST if len(times) == 1 and times[0] < time(1) else Twice.SECOND
    start = int(datetime.combine(day, time(), UTC).timestamp())
    grid = Grid(calendar_of(rule), zone, twice, start)
    found = list(grid.between(grid.before(start), grid.before(start + 8 * oracle.DAY)))
    assert found == oracle.once_a_day(zone, start, start + 8 * oracle.DAY, times)


@given(st.sampled_from(ODD), st.integers(-40_000, 900_000), st.sampled_from(["0 * * * *", "*/20 5 * * 1-5"]))
def test_a_tick_and_its_number_name_each_other(zone, number, cron):
    grid = Grid(calendar_of(read_cron(cron)), zone, Twice.BOTH, moment(2001, 5, 5))
    at = grid.at(number)
    assert grid.before(at) == number
    assert grid.up_to(at) == number + 1
    assert grid.at(number - 1) < at < grid.at(number + 1)


@given(st.lists(st.integers(-300, 300), max_size=20), st.integers(-300, 300))
def test_holes_are_skipped_and_counted(days, number):
    start = moment(2020, 1, 1)
    holes = tuple(start + day * oracle.DAY for day in days)
    grid = Grid(calendar_of(read_cron("0 0 * * *")), "UTC", Twice.FIRST, start, (*holes, start + 5))
    left = [one for one in range(-700, 700) if one not in set(days)]
    first = sum(one < 0 for one in left)
    assert grid.at(number) == start + left[first + number] * oracle.DAY
    assert grid.before(start + number * oracle.DAY) == sum(one < number for one in left) - first


def test_an_hour_that_is_skipped_has_no_window_and_one_that_comes_twice_has_two():
    zone = "America/New_York"
    assert starts("0 * * * *", zone, Twice.BOTH, (2024, 3, 10, 6), 3) == [
        "10 01:00-0500", "10 03:00-0400", "10 04:00-0400",
    ]  # fmt: skip
    assert starts("0 * * * *", zone, Twice.BOTH, (2024, 11, 3, 5), 3) == [
        "03 01:00-0400", "03 01:00-0500", "03 02:00-0500",
    ]  # fmt: skip


def test_a_half_hour_shift_makes_windows_of_ninety_minutes_and_none_is_lost():
    zone = "Australia/Lord_Howe"
    assert starts("0 * * * *", zone, Twice.BOTH, (2024, 10, 5, 14, 30), 2) == [
        "06 01:00+1030", "06 03:00+1100",
    ]  # fmt: skip
    assert starts("0 * * * *", zone, Twice.BOTH, (2024, 4, 6, 14), 2) == ["07 01:00+1100", "07 02:00+1030"]


def test_a_day_that_never_was_has_no_window():
    assert starts("0 0 * * *", "Pacific/Apia", Twice.FIRST, (2011, 12, 29), 3) == [
        "29 00:00-1000", "31 00:00+1400", "01 00:00+1400",
    ]  # fmt: skip
    assert starts("0 6 * * *", "Pacific/Apia", Twice.SECOND, (2011, 12, 29), 3) == [
        "29 06:00-1000", "31 06:00+1400", "01 06:00+1400",
    ]  # fmt: skip


def test_skipped_times_of_a_day_become_one_window_after_the_gap():
    assert starts("0 1,2,3 * * *", "America/New_York", Twice.SECOND, (2024, 3, 10, 5), 3) == [
        "10 01:00-0500", "10 03:00-0400", "11 01:00-0400",
    ]  # fmt: skip


def test_a_skipped_time_whose_date_ends_in_the_gap_has_no_window():
    assert starts("30 23 * * *", "America/Nuuk", Twice.SECOND, (2024, 3, 29), 3) == [
        "28 23:30-0200", "29 23:30-0200", "31 23:30-0100",
    ]  # fmt: skip


def test_the_day_begins_with_the_first_midnight_and_other_times_are_the_second():
    assert starts("0 0 * * *", "America/Havana", Twice.FIRST, (2024, 11, 3), 2) == [
        "03 00:00-0400", "04 00:00-0500",
    ]  # fmt: skip
    assert starts("30 1 * * *", "America/New_York", Twice.SECOND, (2024, 11, 3), 2) == [
        "03 01:30-0500", "04 01:30-0500",
    ]  # fmt: skip


def test_numbers_stay_what_they_are_when_far_times_are_asked_for():
    near = Grid(calendar_of(read_cron("0 * * * *")), "Europe/Berlin", Twice.BOTH, moment(2020, 1, 1))
    far = Grid(calendar_of(read_cron("0 * * * *")), "Europe/Berlin", Twice.BOTH, moment(2020, 1, 1))
    far.at(900_000), far.at(-900_000)
    assert [far.at(one) for one in range(0, 9000, 700)] == [near.at(one) for one in range(0, 9000, 700)]
    assert timedelta(seconds=far.at(8760) - far.at(0)) == timedelta(days=365)
