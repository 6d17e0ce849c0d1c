"""A run can say where it stands."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.events.runs import Run, RunRecord, RunStatus


def test_a_run_that_is_at_work_can_be_canceled():
    able = {s for s in RunStatus if Run(run_id="r", job_name="j", status=s).is_cancelable}
    assert able == {RunStatus.QUEUED, RunStatus.NOT_STARTED, RunStatus.STARTING, RunStatus.STARTED}


def test_a_record_gives_its_times_as_moments():
    record = RunRecord(storage_id=1, run=Run(run_id="r", job_name="j"), create_time=0.0, update_time=60.0)
    assert record.create_timestamp == datetime(1970, 1, 1, tzinfo=UTC)
    assert record.update_timestamp == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
