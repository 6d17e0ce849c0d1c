"""The ticks of a cron schedule, seen from a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import InvalidDefinitionError
from penstock.partitions.ticks import last_tick, next_tick, shortest_gap

SCHEDULES = ("* * * * *", "*/7 * * * *", "30 2 * * *", "0 9,17 * * 1-5", "0 0 1 * *", "0 0 L * *")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
YEARS = [datetime.fromisoformat(text) for text in ("1990-01-01", "2080-01-01")]
MOMENTS = st.datetimes(*YEARS, timezones=st.just(UTC))


def at(text):
    return datetime.fromisoformat(text)


def test_a_moment_that_is_a_tick_is_the_last_one_and_not_the_next():
    noon = at("2024-01-02T12:00:00+00:00")
    assert last_tick("0 12 * * *", noon) == noon
    assert next_tick("0 12 * * *", noon) == noon + timedelta(days=1)


def test_a_moment_just_before_a_tick_belongs_to_the_tick_before():
    before = at("2024-01-02T11:59:59.999999+00:00")
    assert last_tick("0 12 * * *", before) == at("2024-01-01T12:00:00+00:00")
    assert next_tick("0 12 * * *", before) == at("2024-01-02T12:00:00+00:00")


def test_ticks_are_on_the_wall_of_the_time_zone():
    found = last_tick("0 9 * * *", at("2024-07-01T12:00:00+00:00"), "Europe/Berlin")
    assert found.isoformat() == "2024-07-01T09:00:00+02:00"


def test_a_time_that_the_clocks_skip_is_the_first_moment_after():
    found = last_tick("30 2 * * *", at("2024-03-31T12:00:00+00:00"), "Europe/Berlin")
    assert found.isoformat() == "2024-03-31T03:00:00+02:00"


def test_a_time_that_comes_twice_is_the_second():
    found = last_tick("30 2 * * *", at("2024-10-27T12:00:00+00:00"), "Europe/Berlin")
    assert found.isoformat() == "2024-10-27T02:30:00+01:00"


@given(st.sampled_from(SCHEDULES), st.sampled_from(ZONES), MOMENTS)
def test_every_moment_is_between_two_neighbouring_ticks(schedule, zone, moment):
    last, following = last_tick(schedule, moment, zone), next_tick(schedule, moment, zone)
    assert last.astimezone(UTC) <= moment < following.astimezone(UTC)
    assert next_tick(schedule, last, zone) == following
    assert last_tick(schedule, following, zone) == following


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * *", timedelta(minutes=1)),
        ("*/7 * * * *", timedelta(minutes=4)),
        ("0 9,17 * * *", timedelta(hours=8)),
        ("0 1,23 * * *", timedelta(hours=2)),
        ("0 10 * * 1-5", timedelta(days=1)),
        ("0 10 * * 1", timedelta(days=7)),
        ("15 3 1,15 * *", timedelta(days=14)),
        ("0 0 L * *", timedelta(days=28)),
        ("0 0 29 2 *", timedelta(days=1461)),
        ("@hourly", timedelta(hours=1)),
    ],
)
def test_the_two_closest_ticks_are_this_far_apart(schedule, expected):
    assert shortest_gap(schedule) == expected


@given(st.sampled_from(SCHEDULES), MOMENTS)
def test_no_two_ticks_are_closer_than_the_two_closest(schedule, moment):
    last, following = last_tick(schedule, moment), next_tick(schedule, moment)
    assert following - last >= shortest_gap(schedule)


def test_what_is_no_schedule_has_no_ticks():
    with pytest.raises(InvalidDefinitionError, match="no cron schedule"):
        last_tick("0 25 * * *", at("2024-01-01T00:00:00+00:00"))
