"""Cron schedules and the days and times they mark."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import InvalidDefinitionError
from penstock.partitions.cron import calendar_of, read_cron
from penstock.partitions.days import DAY, Cyclic, Tabled


def marks(cron, count=4, start="2024-01-01", without=()):
    calendar = calendar_of(read_cron(cron), [read_cron(one) for one in without])
    first = calendar.rank((date.fromisoformat(start) - date(1970, 1, 1)).days * DAY)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        (epoch + timedelta(seconds=calendar.at(first + one))).strftime("%m-%d %H:%M") for one in range(count)
    ]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("@daily", ["01-01 00:00", "01-02 00:00"]),
        ("0 0 * * MON-FRI", ["01-01 00:00", "01-02 00:00"]),
        ("0 0 * * 7", ["01-07 00:00", "01-14 00:00"]),
        ("0 0 13 * 5", ["01-05 00:00", "01-12 00:00", "01-13 00:00"]),
        ("0 0 L * *", ["01-31 00:00", "02-29 00:00"]),
        ("0 0 * * 1#2", ["01-08 00:00", "02-12 00:00"]),
        ("0 0 * * L5", ["01-26 00:00", "02-23 00:00"]),
        ("0 0 LW * *", ["01-31 00:00", "02-29 00:00", "03-29 00:00"]),
        ("0 0 * * FRI-MON", ["01-01 00:00", "01-05 00:00", "01-06 00:00", "01-07 00:00"]),
        ("0 0 1 DEC-FEB *", ["01-01 00:00", "02-01 00:00", "12-01 00:00"]),
        ("0 22-2 * * *", ["01-01 00:00", "01-01 01:00", "01-01 02:00", "01-01 22:00"]),
        ("5/15 9 * * ?", ["01-01 09:05", "01-01 09:20", "01-01 09:35", "01-01 09:50"]),
        ("0 6 31 * *", ["01-31 06:00", "03-31 06:00", "05-31 06:00"]),
        ("0 0 29 FEB *", ["02-29 00:00"]),
    ],
)
def test_a_schedule_marks_its_times(cron, expected):
    assert marks(cron, len(expected)) == expected


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("* * * * * *", "five fields"),
        ("61 * * * *", "minute"),
        ("0 0 31 2 *", "no month"),
        ("H * * * *", "minute"),
        ("0 25 * * *", "hour"),
        ("tomorrow", "five fields"),
    ],
)
def test_what_is_no_schedule_is_refused(cron, why):
    with pytest.raises(InvalidDefinitionError, match=why):
        read_cron(cron)


@settings(max_examples=60)
@given(
    minute=st.sampled_from(["0", "15,45", "*/20", "7-9"]),
    hour=st.sampled_from(["0", "*", "*/6", "1,2,23"]),
    day=st.sampled_from(["*", "1", "15,31", "L", "1-7"]),
    month=st.sampled_from(["*", "2", "JAN,JUL"]),
    start=st.integers(900_000_000, 1_900_000_000),
)
def test_marks_are_those_of_cronsim(minute, hour, day, month, start):
    cron = f"{minute} {hour} {day} {month} *"
    ticks = CronSim(cron, datetime.fromtimestamp(start, UTC))
    calendar = calendar_of(read_cron(cron))
    first = calendar.rank(start + 1)
    for number in range(first, first + 40):
        wall = calendar.at(number)
        assert wall == next(ticks).timestamp()
        assert calendar.has(wall)
        assert calendar.rank(wall) == number


def test_excluded_schedules_take_their_marks_away():
    assert marks("0 0 * * *", 3, "2024-01-05", ["0 0 * * 6", "0 0 * * 0"]) == [
        "01-05 00:00", "01-08 00:00", "01-09 00:00",
    ]  # fmt: skip
    assert marks("0 0,12 * * *", 3, without=["0 12 1 * *"]) == ["01-01 00:00", "01-02 00:00", "01-02 12:00"]
    with pytest.raises(InvalidDefinitionError, match="no partition at all"):
        calendar_of(read_cron("0 0 * * *"), [read_cron("0 0 * * *")])


def test_weekly_rules_need_no_table():
    assert isinstance(calendar_of(read_cron("0 * * * 1-5"), [read_cron("0 3 * * *")]), Cyclic)
    assert isinstance(calendar_of(read_cron("0 0 1 * *")), Tabled)


@given(st.integers(-30_000, 30_000))
def test_tables_count_before_1970_too(number):
    calendar = calendar_of(read_cron("0 0,6 1,15 * *"))
    assert calendar.rank(calendar.at(number)) == number
