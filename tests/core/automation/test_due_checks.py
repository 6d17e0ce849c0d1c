"""Which freshness checks are to be evaluated again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.automation.due_checks import CheckStanding, is_due
from penstock.events.values import AssetCheckEvaluation
from penstock.keys import AssetKey
from penstock.metadata import TimestampMetadataValue
from penstock.plan.update_checks import FRESH_UNTIL_KEY

NOW = 1_000.0


def passed(until=None):
    metadata = {} if until is None else {FRESH_UNTIL_KEY: TimestampMetadataValue(until)}
    return AssetCheckEvaluation(
        asset_key=AssetKey("a"), check_name="freshness_check", passed=True, metadata=metadata
    )


FAILED = AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="freshness_check", passed=False)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ({}, True),
        ({"other_run": True}, False),
        ({"evaluation": passed(NOW + 1)}, False),
        ({"evaluation": passed(NOW + 1), "updated_since": True}, False),
        ({"evaluation": passed(NOW - 1)}, True),
        ({"evaluation": passed(NOW - 1), "other_run": True}, True),
        ({"evaluation": passed()}, False),
        ({"evaluation": FAILED}, False),
        ({"evaluation": FAILED, "updated_since": True}, True),
    ],
)
def test_a_check_is_due_when_its_result_may_be_another_now(standing, expected):
    assert is_due(CheckStanding(**standing), NOW)[0] is expected


EVALUATIONS = st.one_of(
    st.none(), st.just(FAILED), st.builds(passed, st.floats(0, 2 * NOW, allow_nan=False) | st.none())
)


@given(EVALUATIONS, st.booleans(), st.booleans())
def test_what_the_sensor_asked_for_is_not_asked_for_again(evaluation, updated, other):
    standing = CheckStanding(evaluation=evaluation, updated_since=updated, other_run=other, own_run=True)
    assert not is_due(standing, NOW)[0]


@given(EVALUATIONS, st.booleans(), st.booleans(), st.floats(0, NOW))
def test_what_is_due_stays_due_until_something_happens(evaluation, updated, other, later):
    standing = CheckStanding(evaluation=evaluation, updated_since=updated, other_run=other)
    assert is_due(standing, NOW)[0] <= is_due(standing, NOW + later)[0]
