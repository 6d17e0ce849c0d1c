"""The sensor for freshness checks, as it is built."""

from __future__ import annotations

from datetime import timedelta

import pytest

from penstock import (
    DefaultSensorStatus,
    InvalidDefinitionError,
    asset,
    build_last_update_freshness_checks,
    build_sensor_for_freshness_checks,
)


@asset
def one(): ...


@asset
def two(): ...


CHECKS = build_last_update_freshness_checks(assets=[one, two], lower_bound_delta=timedelta(hours=1))


def test_it_has_a_name_and_is_stopped_unless_told():
    found = build_sensor_for_freshness_checks(freshness_checks=CHECKS)
    assert (found.name, found.default_status) == ("freshness_checks_sensor", DefaultSensorStatus.STOPPED)
    assert found.minimum_interval_seconds == 30


def test_it_is_what_it_was_told():
    found = build_sensor_for_freshness_checks(
        freshness_checks=CHECKS,
        minimum_interval_seconds=60,
        name="look",
        default_status=DefaultSensorStatus.RUNNING,
        tags={"team": "data"},
    )
    assert (found.name, found.minimum_interval_seconds) == ("look", 60)
    assert found.default_status is DefaultSensorStatus.RUNNING


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"freshness_checks": [*CHECKS, *CHECKS]}, "'one:freshness_check', 'two:freshness_check' twice"),
        ({"freshness_checks": CHECKS[0]}, "Join several"),
        ({"freshness_checks": [one]}, "definitions of checks"),
        ({"freshness_checks": ["one"]}, "definitions of checks"),
        ({"freshness_checks": CHECKS, "minimum_interval_seconds": -1}, "is a pause"),
        ({"freshness_checks": CHECKS, "name": "a b"}, "cannot be the name of a sensor"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        build_sensor_for_freshness_checks(**options)
