from __future__ import annotations

import json

import pytest

from penstock.errors import RunNotFoundError
from penstock.events import values as v
from penstock.events.runs import RunsFilter, RunStatus
from penstock.keys import AssetKey
from penstock.query import runs
from penstock.testing.stories import DEFAULT_ERROR, run_story, step_story, tell


def test_runs_are_listed_newest_first_page_by_page(store):
    for name in ("r1", "r2", "r3"):
        tell(store, name)
    first = runs.list_runs(store, limit=2)
    assert [line.run_id for line in first.runs] == ["r3", "r2"]
    rest = runs.list_runs(store, limit=2, cursor=first.cursor)
    assert [line.run_id for line in rest.runs] == ["r1"]
    assert rest.cursor is None


def test_only_wanted_runs_are_listed(store):
    tell(store, "good")
    tell(store, "bad", run_story(failing=["work"]))
    found = runs.list_runs(store, RunsFilter(statuses=[RunStatus.FAILURE]))
    assert [line.run_id for line in found.runs] == ["bad"]


def test_a_line_tells_how_long_a_run_took(store):
    tell(store, "r", run_story(["a", "b"], at=100.0))
    (line,) = runs.list_runs(store).runs
    assert (line.status, line.start_time, line.end_time, line.seconds) == (RunStatus.SUCCESS, 102, 105, 3)


def test_a_run_under_way_has_no_length_yet(store):
    tell(store, "r", run_story(end=RunStatus.STARTED))
    assert runs.list_runs(store).runs[0].seconds is None


def test_a_run_is_found_by_the_beginning_of_its_id(store):
    tell(store, "abc-1")
    tell(store, "abd-2")
    assert runs.find_run(store, "abc").run.run_id == "abc-1"
    assert runs.find_run(store, "abd-2").run.run_id == "abd-2"


def test_a_beginning_that_several_runs_share_is_refused(store):
    tell(store, "abc-1")
    tell(store, "abd-2")
    with pytest.raises(RunNotFoundError, match="2 runs begin with 'ab'"):
        runs.find_run(store, "ab")


def test_an_unknown_run_names_the_nearest(store):
    tell(store, "morning-1")
    with pytest.raises(RunNotFoundError, match="Did you mean 'morning-1'"):
        runs.find_run(store, "mourning-1")


def test_a_run_is_shown_step_by_step(store):
    facts = {"load": [v.AssetMaterialization("a", metadata={"n": 1})]}
    story = run_story(["load", "clean"], failing=["clean"], facts=facts)
    tell(store, "r", story)
    found = runs.show_run(store, "r")
    assert [(step.step, step.status, step.attempts) for step in found.steps] == [
        ("load", "SUCCESS", 1), ("clean", "FAILURE", 1),
    ]  # fmt: skip
    load, clean = found.steps
    assert (load.seconds, load.materialized, load.error) == (0.5, (AssetKey("a"),), None)
    assert (clean.seconds, clean.error) == (0.5, "ValueError: told to fail")
    assert [made.asset_key for made in found.materializations] == [AssetKey("a")]
    assert found.events == len(story)


def test_a_retried_step_counts_its_attempts(store):
    story = run_story([], end=RunStatus.STARTED)
    retry = v.StepRetryScheduled(at=4, step="s", error=DEFAULT_ERROR)
    again = v.StepRestarted(at=5, step="s", attempt=2)
    tell(store, "r", [*story, v.StepStarted(at=3, step="s"), retry, again])
    (step,) = runs.show_run(store, "r").steps
    assert (step.status, step.attempts, step.seconds) == ("RUNNING", 2, None)


def test_a_skipped_step_tells_why(store):
    skipped = v.StepSkipped(at=9, step="after", reason="no input")
    tell(store, "r", [*run_story([], end=RunStatus.STARTED), skipped])
    (step,) = runs.show_run(store, "r").steps
    assert (step.status, step.reason) == ("SKIPPED", "no input")


def test_checks_of_a_run_are_shown(store):
    checked = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=False)
    tell(store, "r", run_story(["s"], facts={"s": [checked]}))
    assert runs.show_run(store, "r").checks == (checked,)


def test_the_log_of_each_step_is_found(store):
    captured = v.LogsCaptured(at=4, step="s", file="r/s.log")
    tell(store, "r", [*run_story([], end=RunStatus.STARTED), *step_story("s"), captured])
    assert runs.log_files(store, "r") == {"s": "r/s.log"}
    assert runs.show_run(store, "r").steps[0].log == "r/s.log"


def test_a_run_can_be_written_as_json(store):
    facts = {"s": [v.AssetMaterialization("a", metadata={"n": 1})]}
    tell(store, "r", run_story(["s"], facts=facts), tags={"team": "x"}, run_config={"ops": {}})
    found = json.loads(json.dumps(runs.show_run(store, "r").to_plain()))
    assert (found["run_id"], found["status"], found["tags"]) == ("r", "SUCCESS", {"team": "x"})
    assert found["steps"][0]["materialized"] == ["a"]
    assert found["materializations"][0]["metadata"] == {"n": 1}
    page = json.loads(json.dumps(runs.list_runs(store).to_plain()))
    assert page["runs"][0]["run_id"] == "r"


def test_counts_and_times_of_a_run(store):
    facts = {"a": [v.AssetMaterialization("a")]}
    tell(store, "r", run_story(["a", "b"], at=100, failing=["b"], facts=facts))
    found = runs.stats(store, "r")
    assert (found.steps_succeeded, found.steps_failed, found.materializations) == (1, 1, 1)
    assert (found.enqueued_time, found.launch_time, found.start_time, found.end_time) == (100, 101, 102, 105)
    assert found.status is RunStatus.FAILURE
