"""Whether an asset was updated in time, as a check says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.freshness_checks import PARAMS_KEY, Deadline
from penstock.events.values import AssetCheckSeverity
from penstock.keys import AssetKey
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.plan.freshness import LAST_UPDATED_KEY, Update
from penstock.plan.update_checks import (
    FRESH_UNTIL_KEY,
    LATEST_TICK_KEY,
    LOWER_BOUND_KEY,
    expected_partition,
    judge_last_update,
    judge_partition,
)

A, HOUR, DAY = AssetKey("a"), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
DAYS = DailyPartitionsDefinition("2024-01-01")
WARN = AssetCheckSeverity.WARN


def deadline(delta=HOUR, cron=None, zone="UTC"):
    return Deadline(lower_bound_delta=delta, deadline_cron=cron, timezone=zone, severity=WARN)


def judged(update, **told):
    return judge_last_update(A, deadline(**told), update, NOON)


def moments(result):
    return {
        name.removeprefix("penstock/"): datetime.fromtimestamp(value.value, UTC)
        for name, value in result.metadata.items()
        if name != PARAMS_KEY
    }


def test_an_update_that_is_young_enough_passes():
    found = judged(Update(NOON - HOUR))
    assert found.passed
    assert moments(found) == {
        "freshness_lower_bound_timestamp": NOON - HOUR,
        "fresh_until_timestamp": NOON,
        "last_updated_timestamp": NOON - HOUR,
    }


def test_an_update_that_is_too_old_does_not_pass():
    found = judged(Update(NOON - HOUR - timedelta(seconds=1)))
    assert not found.passed
    assert found.severity is WARN
    assert FRESH_UNTIL_KEY not in found.metadata
    assert "That is too long ago." in found.description


def test_the_result_names_its_check_and_what_it_was_told():
    found = judged(None, cron="0 9 * * *", zone="Europe/Berlin")
    assert found.asset_check_key.to_user_string() == "a:freshness_check"
    told = {"timezone": "Europe/Berlin", "deadline_cron": "0 9 * * *", "lower_bound_delta_seconds": 3600.0}
    assert found.metadata[PARAMS_KEY].value == told


def test_what_was_never_updated_does_not_pass():
    found = judged(None)
    assert not found.passed
    assert moments(found) == {"freshness_lower_bound_timestamp": NOON - HOUR}
    assert "never updated" in found.description


def test_an_observation_that_does_not_say_when_does_not_pass():
    found = judged(Update(None))
    assert not found.passed
    assert "penstock/last_updated_timestamp" in found.description


def test_with_deadlines_the_last_one_counts():
    tick = NOON.replace(hour=9)
    found = judged(Update(tick - HOUR), cron="0 9 * * *")
    assert found.passed
    assert moments(found) == {
        "freshness_lower_bound_timestamp": tick - HOUR,
        "latest_cron_tick_timestamp": tick,
        "fresh_until_timestamp": tick + DAY,
        "last_updated_timestamp": tick - HOUR,
    }
    assert not judged(Update(tick - HOUR - timedelta(seconds=1)), cron="0 9 * * *").passed


@given(
    st.timedeltas(timedelta(0), 30 * DAY),
    st.timedeltas(timedelta(0), 30 * DAY),
    st.sampled_from([None, "0 9 * * *"]),
)
def test_an_update_passes_from_the_lower_bound_on(age, delta, cron):
    found = judged(Update(NOON - age), delta=delta, cron=cron)
    bound = found.metadata[LOWER_BOUND_KEY].value
    assert found.passed == ((NOON - age).timestamp() >= bound)
    assert (FRESH_UNTIL_KEY in found.metadata) == found.passed


@pytest.mark.parametrize(
    ("cron", "now", "expected"),
    [
        ("0 9 * * *", "2024-01-10T12:00:00+00:00", "2024-01-09"),
        ("0 9 * * *", "2024-01-10T08:59:59+00:00", "2024-01-08"),
        ("0 0 * * *", "2024-01-10T00:00:00+00:00", "2024-01-09"),
        ("0 9 * * 1", "2024-01-10T12:00:00+00:00", "2024-01-07"),
        ("0 9 * * *", "2024-01-01T12:00:00+00:00", None),
        ("0 9 * * *", "2023-06-01T12:00:00+00:00", None),
    ],
)
def test_due_is_the_last_partition_that_was_over_at_the_deadline(cron, now, expected):
    assert expected_partition(deadline(None, cron), DAYS, datetime.fromisoformat(now)) == expected


def judged_partition(expected, *found):
    return judge_partition(A, deadline(None, "0 9 * * *"), expected, found, NOON)


def test_a_partition_that_was_due_and_is_there_passes():
    found = judged_partition("2024-01-09", True, Update(NOON))
    assert found.passed
    tick = NOON.replace(hour=9)
    assert moments(found) == {"latest_cron_tick_timestamp": tick, "fresh_until_timestamp": tick + DAY}


def test_a_partition_that_was_due_and_is_missing_does_not_pass():
    found = judged_partition("2024-01-09", False, Update(NOON - DAY))
    assert not found.passed
    assert set(found.metadata) == {PARAMS_KEY, LATEST_TICK_KEY, LAST_UPDATED_KEY}
    assert "'2024-01-09' was due" in found.description


def test_an_asset_without_any_partition_is_told():
    assert "No other partition" in judged_partition("2024-01-09", False, None).description


def test_before_any_partition_is_due_the_check_passes():
    assert judged_partition(None, False, None).passed


@pytest.mark.parametrize(
    ("age", "delta", "said"),
    [
        (timedelta(seconds=2), HOUR, "Its last update was 2 s ago; 1 h are allowed."),
        (2 * DAY, 36 * HOUR, "Its last update was 2 d ago; 1 d 12 h are allowed. That is too long ago."),
        (-HOUR, timedelta(0), "Its last update was 0 µs ago; 0 µs are allowed."),
    ],
)
def test_the_age_of_an_update_is_told_in_words(age, delta, said):
    assert judged(Update(NOON - age), delta=delta).description == said
