"""Schedules as definitions: names, targets, and calls in a test."""

from __future__ import annotations

import pytest

from penstock.define.asset_job import define_asset_job
from penstock.define.run_requests import RunRequest
from penstock.define.schedule import ScheduleDefinition, build_schedule_context, schedule
from penstock.errors import InvalidDefinitionError

JOB = define_asset_job("refill")


def test_a_schedule_is_named_after_its_job():
    assert ScheduleDefinition(job=JOB, cron_schedule="0 0 * * *").name == "refill_schedule"


def test_a_schedule_without_job_or_cron_line_is_refused():
    with pytest.raises(InvalidDefinitionError, match="no job"):
        ScheduleDefinition(name="n", cron_schedule="0 0 * * *")
    with pytest.raises(InvalidDefinitionError, match="cron_schedule"):
        ScheduleDefinition(job=JOB)


def test_a_function_is_called_with_or_without_a_context():
    @schedule("0 0 * * *", job=JOB)
    def nightly():
        return RunRequest(run_key="a")

    assert nightly(build_schedule_context()).run_key == "a"
