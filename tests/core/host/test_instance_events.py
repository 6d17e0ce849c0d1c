from __future__ import annotations

import pytest

from penstock.events import values as v
from penstock.events.entries import AssetRecordsFilter, EventRecordsFilter, RunStatusChangeRecordsFilter
from penstock.events.kinds import EventType
from penstock.keys import AssetCheckKey, AssetKey
from penstock.testing.stories import run_story, tell

CHECKED = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True)


@pytest.fixture
def told(instance):
    for n in range(3):
        facts = {"s": [v.AssetMaterialization("a", metadata={"n": n}), CHECKED]}
        tell(instance.store, f"r{n}", run_story(["s"], facts=facts))
    return instance


def test_the_whole_log_of_a_run(told):
    kinds = [entry.event_type for entry in told.all_logs("r1")]
    assert kinds.index(EventType.STEP_START) < kinds.index(EventType.STEP_OUTPUT) < kinds.index(
        EventType.STEP_SUCCESS
    )  # fmt: skip
    assert told.all_logs("nobody") == []


def test_kinds_of_events_are_picked_out(told):
    assert [e.step_key for e in told.all_logs("r1", of_type=EventType.STEP_SUCCESS)] == ["s"]
    some = told.all_logs("r1", of_type={EventType.RUN_START, EventType.RUN_SUCCESS})
    assert [e.event_type for e in some] == [EventType.RUN_START, EventType.RUN_SUCCESS]


def test_the_log_goes_on_after_an_entry(told):
    whole = told.all_logs("r1")
    assert told.logs_after("r1", whole[1].storage_id, limit=2) == whole[2:4]
    assert told.logs_after("r1") == whole


def test_records_of_a_run_are_paged(told):
    first = told.get_records_for_run("r1", limit=4)
    second = told.get_records_for_run("r1", cursor=first.cursor)
    assert [r.event_log_entry for r in (*first.records, *second.records)] == told.all_logs("r1")
    newest = told.get_records_for_run("r1", limit=1, ascending=False)
    assert newest.records[0].event_type is EventType.RUN_SUCCESS


def test_materializations_come_newest_first(told):
    found = told.fetch_materializations(AssetKey("a"), limit=2)
    assert [r.asset_materialization.metadata["n"].value for r in found.records] == [2, 1]
    assert found.has_more
    rest = told.fetch_materializations(AssetRecordsFilter("a"), limit=2, cursor=found.cursor)
    assert [r.run_id for r in rest.records] == ["r0"]
    assert told.fetch_materializations("a", limit=1, ascending=True).records[0].run_id == "r0"


def test_observations_are_apart_from_materializations(told):
    told.report_runless_asset_event(v.AssetObservation("a", metadata={"seen": "x"}))
    (seen,) = told.fetch_observations("a", limit=5).records
    assert seen.asset_observation.metadata["seen"].value == "x"
    assert len(told.fetch_materializations("a", limit=9).records) == 3


def test_evaluations_of_a_check_come_newest_first(told):
    found = told.fetch_check_evaluations(AssetCheckKey(AssetKey("a"), "c"), limit=2)
    assert [r.run_id for r in found.records] == ["r2", "r1"]
    assert found.records[0].asset_check_evaluation == CHECKED


def test_events_that_fit_a_filter(told):
    wanted = EventRecordsFilter(EventType.RUN_SUCCESS)
    assert [r.run_id for r in told.get_event_records(wanted, limit=2)] == ["r2", "r1"]
    assert [r.run_id for r in told.get_event_records(wanted, limit=1, ascending=True)] == ["r0"]


def test_changes_of_runs_are_found_by_kind_or_filter(told):
    assert [r.run_id for r in told.fetch_run_status_changes(EventType.RUN_START, 2).records] == ["r2", "r1"]
    wanted = RunStatusChangeRecordsFilter(EventType.RUN_START, job_names=["nobody"])
    assert told.fetch_run_status_changes(wanted, 2).records == []


def test_the_whole_log_can_be_followed(told):
    page = told.fetch_events()
    assert told.fetch_events(page.cursor).records == []
    tell(told.store, "r9")
    assert {r.run_id for r in told.fetch_events(page.cursor).records} == {"r9"}
    found = told.fetch_events(page.cursor, of_type=EventType.STEP_SUCCESS, limit=1)
    assert [r.event.step_key for r in found.records] == ["work"]
