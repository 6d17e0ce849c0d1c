from __future__ import annotations

import pytest

from penstock.errors import InvariantViolationError, RunNotFoundError, TransitionRejected
from penstock.events.runs import Run, RunsFilter, RunStatus
from penstock.testing.stories import DEFAULT_ERROR, run_story, tell


@pytest.fixture
def three(instance):
    tell(instance.store, "r1", tags={"team": "x"})
    tell(instance.store, "r2", run_story(failing=["work"]), tags={"team": "y"})
    tell(instance.store, "r3", tags={"team": "x", "extra": "1"}, job_name="other")
    return instance


def test_runs_come_newest_first(three):
    assert [run.run_id for run in three.get_runs()] == ["r3", "r2", "r1"]
    assert three.get_run_ids(limit=2) == ["r3", "r2"]
    assert three.get_runs_count() == 3


def test_runs_go_on_after_a_cursor(three):
    assert three.get_run_ids(cursor="r3", limit=1) == ["r2"]
    assert three.get_run_ids(cursor="r1") == []
    with pytest.raises(RunNotFoundError, match="nobody"):
        three.get_runs(cursor="nobody")


def test_runs_are_filtered(three):
    assert three.get_run_ids(RunsFilter(statuses=[RunStatus.FAILURE])) == ["r2"]
    assert three.get_run_ids(filters=RunsFilter(tags={"team": ["x", "y"]}, job_name="job")) == ["r2", "r1"]
    assert three.get_runs_count(RunsFilter(tags={"team": "x"})) == 2


def test_records_tell_times_and_may_come_oldest_first(three):
    assert [run.run_id for run in three.get_runs(ascending=True)] == ["r1", "r2", "r3"]
    records = three.get_run_records(ascending=True, limit=2)
    assert [record.run.run_id for record in records] == ["r1", "r2"]
    assert records[0].end_time > records[0].start_time


def test_a_run_is_found_by_id(three):
    assert three.get_run_by_id("r2").is_failure
    assert three.get_run_record_by_id("r2").run.tags == {"team": "y"}
    assert three.has_run("r2")


def test_an_unknown_run_is_none(three):
    assert three.get_run_by_id("nobody") is None
    assert three.get_run_record_by_id("nobody") is None
    assert not three.has_run("nobody")


def test_a_deleted_run_is_gone_with_its_log(three):
    three.delete_run("r2")
    assert three.get_run_ids() == ["r3", "r1"]
    assert three.all_logs("r2") == []
    with pytest.raises(RunNotFoundError, match="r2"):
        three.delete_run("r2")


def test_added_tags_replace_equal_keys(three):
    three.add_run_tags("r1", {"team": "z", "new": "1"})
    assert three.get_run_by_id("r1").tags == {"team": "z", "new": "1"}
    with pytest.raises(RunNotFoundError, match="nobody"):
        three.add_run_tags("nobody", {"a": "b"})


def test_the_tags_of_all_runs_are_known(three):
    assert three.get_run_tags() == [("extra", {"1"}), ("team", {"x", "y"})]
    assert three.get_run_tags(["extra"]) == [("extra", {"1"})]


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.NOT_STARTED])
def test_a_run_of_somebody_else_is_added_in_its_state(instance, status):
    instance.add_run(Run(run_id="r", job_name="j", status=status))
    assert instance.get_run_by_id("r").status is status


def test_a_run_is_added_once_and_never_as_not_started(instance):
    instance.add_run(Run(run_id="r", job_name="j"))
    with pytest.raises(InvariantViolationError):
        instance.add_run(Run(run_id="r", job_name="j"))
    with pytest.raises(InvariantViolationError, match="NOT_STARTED"):
        instance.add_run(Run(run_id="s", job_name="j", status=RunStatus.NOT_STARTED))


@pytest.mark.parametrize(
    "status", [RunStatus.QUEUED, RunStatus.STARTING, RunStatus.STARTED, RunStatus.CANCELING]
)
def test_a_run_can_be_reported_as_canceled(instance, status):
    run = instance.add_run(Run(run_id="r", job_name="j", status=status))
    instance.report_run_canceled(run, "by hand")
    assert instance.get_run_by_id("r").is_canceled
    assert "by hand" in instance.all_logs("r")[-1].message


def test_a_run_that_is_over_cannot_be_canceled(three):
    with pytest.raises(TransitionRejected):
        three.report_run_canceled(three.get_run_by_id("r1"))


def test_a_run_can_be_asked_to_stop(instance):
    run = instance.add_run(Run(run_id="r", job_name="j", status=RunStatus.STARTED))
    instance.report_run_canceling(run)
    assert instance.get_run_by_id("r").status is RunStatus.CANCELING


def test_a_run_can_be_reported_as_failed(instance):
    run = instance.add_run(Run(run_id="r", job_name="j", status=RunStatus.STARTED))
    instance.report_run_failed(run, "worker lost", DEFAULT_ERROR)
    assert instance.get_run_by_id("r").is_failure
    assert instance.all_logs("r")[-1].event.run_failure_data.error == DEFAULT_ERROR


def test_a_note_changes_no_state(instance):
    run = instance.add_run(Run(run_id="r", job_name="j", status=RunStatus.STARTED))
    instance.report_engine_event("worker is slow", run)
    assert instance.all_logs("r")[-1].message == "worker is slow"
    assert instance.get_run_by_id("r").status is RunStatus.STARTED


def test_counts_of_a_run(three):
    assert three.get_run_stats("r2").steps_failed == 1
    assert [step.step for step in three.get_run_step_stats("r2")] == ["work"]
    assert three.get_run_step_stats("r2", ["other"]) == []
