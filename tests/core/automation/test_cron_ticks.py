"""Ticks of schedules, held against an oracle that looks at every minute of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.automation.cron_ticks import ticks_after, ticks_between, ticks_up_to

NEW_YORK = "America/New_York"
MINUTE = timedelta(minutes=1)


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


def walls(ticks, count=None):
    return [tick.strftime("%m-%d %H:%M%z") for tick in islice(ticks, count)]


def moments(ticks):
    """Ticks as they can be compared: for Python times that come twice are unlike those of other zones."""
    return [tick.timestamp() for tick in ticks]


# ---- an oracle --------------------------------------------------------------------------------------


def values(field, low, high):
    """The numbers that a field of a cron line means."""
    found = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            found |= set(range(low, high + 1, int(step or 1)))
        else:
            found |= set(range(int(first), int(last if dash else first) + 1, int(step or 1)))
    return found


class Line:
    """A cron line, read as its manual page says and no faster than need be."""

    def __init__(self, text):
        self.fields = text.split()
        spans = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
        self.minutes, self.hours, self.days, self.months, self.weekdays = (
            values(field, *span) for field, span in zip(self.fields, spans, strict=True)
        )
        self.weekdays = {day % 7 for day in self.weekdays}
        self.every_hour = len(self.hours) == 24
        self.first_of_two = len(self.minutes) == 1 and self.hours == {0}

    def is_on(self, date):
        by_day = date.day in self.days
        by_weekday = date.isoweekday() % 7 in self.weekdays
        both = self.fields[2] != "*" and self.fields[4] != "*"
        return date.month in self.months and ((by_day or by_weekday) if both else (by_day and by_weekday))

    def is_at(self, wall):
        return self.is_on(wall) and wall.hour in self.hours and wall.minute in self.minutes


def oracle(text, zone_name, start, end):
    """The ticks from one full hour to another, by looking at every minute a day around them too."""
    line, zone = Line(text), ZoneInfo(zone_name)
    found, moment, before = {}, start - timedelta(days=2), None
    last = end + timedelta(days=2)
    while moment < last:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if line.is_at(wall):
            if line.every_hour:
                found[moment] = moment
            elif not (line.first_of_two and wall in found):
                found[wall] = moment
        if before is not None and wall - before > MINUTE and not line.every_hour:
            skipped = before + MINUTE
            while skipped < wall:  # only times of the date on which the gap ends
                if skipped.date() == wall.date() and line.is_at(skipped):
                    found[skipped] = moment
                skipped += MINUTE
        before, moment = wall, moment + MINUTE
    return sorted({one for one in found.values() if start < one <= end})


CHANGES = {
    NEW_YORK: [utc(2024, 3, 10, 7), utc(2024, 11, 3, 6)],
    "Europe/Berlin": [utc(2024, 3, 31, 1), utc(2024, 10, 27, 1)],
    "Australia/Lord_Howe": [utc(2024, 4, 6, 15), utc(2024, 10, 5, 15)],
    "America/Havana": [utc(2024, 3, 10, 5), utc(2024, 11, 3, 5)],
    "Africa/Cairo": [utc(2024, 4, 25, 22), utc(2024, 10, 31, 21)],
    "Asia/Kathmandu": [utc(2024, 5, 5)],
    "UTC": [utc(2024, 2, 28)],
}
FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/15", "*/30", "5,35", "59"]),
    st.sampled_from(["*", "0", "1", "2", "3", "0,12", "1,2,3", "*/2", "22-23", "0-23"]),
    st.sampled_from(["*", "*", "1", "3,10", "31", "15-20"]),
    st.sampled_from(["*", "*", "3,11", "4,10"]),
    st.sampled_from(["*", "*", "0", "7", "1-5", "6"]),
)
PLACES = st.sampled_from(sorted(CHANGES)).flatmap(
    lambda zone: st.tuples(st.just(zone), st.sampled_from(CHANGES[zone]))
)


@given(fields=FIELDS, place=PLACES, hours=st.integers(-30, 2))
def test_ticks_are_those_that_a_look_at_every_minute_finds(fields, place, hours):
    line, (zone, change) = " ".join(fields), place
    start = change + timedelta(hours=hours)
    end = start + timedelta(hours=33)
    wanted = [tick.timestamp() for tick in oracle(line, zone, start, end)]
    assert moments(ticks_between(line, start, end, zone)) == wanted
    backwards = moments(islice(ticks_up_to(line, end, zone), len(wanted) + 1))
    assert backwards[: len(wanted)] == wanted[::-1]
    assert backwards[-1] <= start.timestamp()


@given(lines=st.lists(FIELDS.map(" ".join), min_size=1, max_size=3), place=PLACES)
def test_several_lines_tick_at_the_times_of_all_of_them(lines, place):
    zone, change = place
    start, end = change - timedelta(hours=20), change + timedelta(hours=20)
    single = {moment for line in lines for moment in moments(ticks_between(line, start, end, zone))}
    assert moments(ticks_between(lines, start, end, zone)) == sorted(single)


# ---- known days -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "day", "wanted"),
    [
        ("30 2 * * *", utc(2024, 3, 10, 5), ["03-10 03:00-0400"]),
        ("30 1 * * *", utc(2024, 11, 3, 4), ["11-03 01:30-0500"]),
        ("0 * * * *", utc(2024, 11, 3, 4), ["11-03 01:00-0400", "11-03 01:00-0500", "11-03 02:00-0500"]),
        ("0 1,2,3 * * *", utc(2024, 3, 10, 5), ["03-10 01:00-0500", "03-10 03:00-0400"]),
    ],
)
def test_clocks_that_change_lose_no_tick_and_double_none(line, day, wanted):
    assert walls(ticks_after(line, day, NEW_YORK), len(wanted)) == wanted


def test_a_tick_at_the_moment_itself_is_the_last_and_not_the_next():
    midnight = utc(2024, 1, 2)
    assert next(ticks_after("0 0 * * *", midnight)) == utc(2024, 1, 3)
    assert next(ticks_up_to("0 0 * * *", midnight)) == midnight
    assert list(ticks_between("0 0 * * *", midnight, midnight + timedelta(days=2))) == [
        utc(2024, 1, 3),
        utc(2024, 1, 4),
    ]


def test_seconds_of_a_moment_do_not_hide_a_tick():
    moment = utc(2024, 1, 1, 23, 59, 59, 999_999)
    assert next(ticks_after("0 0 * * *", moment)) == utc(2024, 1, 2)
    assert next(ticks_up_to("0 0 * * *", moment)) == utc(2024, 1, 1)


def test_ticks_are_on_the_wall_of_the_zone():
    tick = next(ticks_after("0 6 * * *", utc(2024, 7, 1), "Asia/Tokyo"))
    assert (tick.hour, tick.utcoffset()) == (6, timedelta(hours=9))


def test_two_lines_that_tick_together_tick_once():
    found = list(islice(ticks_after(["0 0 * * *", "@daily", "0 */12 * * *"], utc(2024, 1, 1)), 4))
    assert all(later - earlier == timedelta(hours=12) for earlier, later in pairwise(found))


def test_rare_ticks_are_found_far_away():
    found = ticks_after("0 0 29 2 *", utc(2096, 3, 1))
    assert next(found) == utc(2104, 2, 29)
    assert next(ticks_up_to("0 0 29 2 *", utc(2104, 2, 28))) == utc(2096, 2, 29)
