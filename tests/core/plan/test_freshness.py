"""How assets stand by their freshness policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.freshness import FreshnessPolicy
from penstock.errors import InvalidInvocationError
from penstock.metadata import FloatMetadataValue, TextMetadataValue, TimestampMetadataValue
from penstock.partitions.ticks import shortest_gap
from penstock.plan.freshness import (
    LAST_UPDATED_KEY,
    Freshness,
    FreshnessState,
    freshness_of,
    freshness_state,
    updated_at,
)

PASS, WARN, FAIL = FreshnessState.PASS, FreshnessState.WARN, FreshnessState.FAIL
NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A_DAY = FreshnessPolicy.time_window(fail_window=DAY, warn_window=12 * HOUR)
AT_TEN = FreshnessPolicy.cron("0 10 * * *", HOUR)
SECOND = timedelta(seconds=1)


def at(text):
    return datetime.fromisoformat(f"2024-01-{text}+00:00")


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), PASS),
        (12 * HOUR - SECOND, PASS),
        (12 * HOUR, WARN),
        (DAY - SECOND, WARN),
        (DAY, FAIL),
        (30 * DAY, FAIL),
        (-HOUR, PASS),
    ],
)
def test_an_asset_warns_and_fails_with_age(age, expected):
    assert freshness_state(A_DAY, NOON - age, NOON) is expected


def test_without_a_window_for_warnings_there_are_none():
    policy = FreshnessPolicy.time_window(DAY)
    assert freshness_state(policy, NOON - DAY + SECOND, NOON) is PASS
    assert freshness_state(policy, NOON - DAY, NOON) is FAIL


@pytest.mark.parametrize(
    ("updated", "now", "expected"),
    [
        ("10T09:00:00", "10T12:00:00", PASS),  # the earliest that counts
        ("10T08:59:59", "10T12:00:00", FAIL),  # too early
        ("10T10:30:00", "10T12:00:00", PASS),  # late, but there
        ("09T09:30:00", "10T09:59:59", PASS),  # the deadline of today has not passed
        ("09T09:30:00", "10T10:00:00", FAIL),  # now it has
        ("09T08:30:00", "10T09:30:00", FAIL),
    ],
)
def test_an_asset_is_updated_for_each_deadline(updated, now, expected):
    assert freshness_state(AT_TEN, at(updated), at(now)) is expected


def test_deadlines_are_on_the_wall_of_their_zone():
    policy = FreshnessPolicy.cron("0 10 * * *", HOUR, "America/New_York")
    assert freshness_state(policy, at("10T14:30:00"), at("10T15:30:00")) is PASS
    assert freshness_state(policy, at("10T13:30:00"), at("10T15:30:00")) is FAIL


def test_real_hours_count_where_the_clocks_change():
    policy = FreshnessPolicy.cron("0 4 * * *", 2 * HOUR, "Europe/Berlin")
    deadline = datetime.fromisoformat("2024-03-31T02:00:00+00:00")
    assert freshness_state(policy, deadline - 2 * HOUR, deadline) is PASS
    assert freshness_state(policy, deadline - 2 * HOUR - SECOND, deadline) is FAIL


def test_an_asset_that_was_never_updated_is_unknown():
    assert freshness_of(A_DAY, None, NOON) == Freshness(FreshnessState.UNKNOWN)


def test_without_a_policy_there_is_nothing_to_say():
    assert freshness_of(None, NOON, NOON) == Freshness(FreshnessState.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("policy", "age", "expected"),
    [
        (A_DAY, HOUR, NOON + 11 * HOUR),
        (A_DAY, 13 * HOUR, NOON + 11 * HOUR),
        (A_DAY, 2 * DAY, None),
        (AT_TEN, HOUR, at("11T10:00:00")),
        (AT_TEN, 3 * HOUR, at("11T10:00:00")),
        (AT_TEN, 4 * HOUR, None),
    ],
)
def test_it_is_said_how_long_a_state_lasts(policy, age, expected):
    assert freshness_of(policy, NOON - age, NOON).until == expected


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(InvalidInvocationError, match="no time zone"):
        freshness_state(A_DAY, NOON, NOON.replace(tzinfo=None))


MINUTES = st.integers(1, 5000).map(lambda count: count * MINUTE)
SCHEDULES = ("*/7 * * * *", "30 2 * * *", "0 9,17 * * 1-5", "0 0 1 * *")


@st.composite
def policies(draw):
    if draw(st.booleans()):
        shorter, longer = sorted(draw(st.lists(MINUTES, min_size=2, max_size=2, unique=True)))
        return FreshnessPolicy.time_window(longer, draw(st.sampled_from([None, shorter])))
    schedule = draw(st.sampled_from(SCHEDULES))
    delta = min(draw(MINUTES), shortest_gap(schedule))
    return FreshnessPolicy.cron(schedule, delta, draw(st.sampled_from(["UTC", "Europe/Berlin"])))


GRAVITY = [PASS, WARN, FAIL]
AGES = st.timedeltas(timedelta(0), timedelta(days=80))
STARTS = st.datetimes(
    *(datetime.fromisoformat(year) for year in ("2000-01-01", "2060-01-01")), timezones=st.just(UTC)
)


@given(policies(), STARTS, AGES, AGES)
def test_waiting_never_makes_an_asset_fresher(policy, updated, age, more):
    earlier = freshness_state(policy, updated, updated + age)
    later = freshness_state(policy, updated, updated + age + more)
    assert GRAVITY.index(earlier) <= GRAVITY.index(later)


@given(policies(), STARTS, AGES, AGES)
def test_a_later_update_is_never_worse(policy, now, age, less):
    older = freshness_state(policy, now - age, now)
    newer = freshness_state(policy, now - max(age - less, timedelta(0)), now)
    assert GRAVITY.index(newer) <= GRAVITY.index(older)


@given(policies(), STARTS)
def test_what_is_updated_now_passes(policy, now):
    assert freshness_state(policy, now, now) is PASS


@given(policies(), STARTS, AGES)
def test_a_state_lasts_exactly_as_long_as_is_said(policy, now, age):
    found = freshness_of(policy, now - age, now)
    if found.until is None:
        assert found.state is FAIL
        return
    until = found.until.astimezone(UTC)
    assert now < until
    tick = timedelta(microseconds=1)
    assert freshness_state(policy, now - age, until - tick) is found.state
    later = freshness_state(policy, now - age, until)
    assert GRAVITY.index(later) > GRAVITY.index(found.state)


@pytest.mark.parametrize("value", [TimestampMetadataValue(1.5), FloatMetadataValue(1.5)])
def test_a_fact_says_when_data_changed(value):
    assert updated_at({LAST_UPDATED_KEY: value}) == datetime.fromtimestamp(1.5, UTC)


@pytest.mark.parametrize("metadata", [{}, {LAST_UPDATED_KEY: TextMetadataValue("today")}])
def test_most_facts_do_not_say_when_data_changed(metadata):
    assert updated_at(metadata) is None
