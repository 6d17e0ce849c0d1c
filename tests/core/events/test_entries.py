from __future__ import annotations

import logging

import pytest

from penstock.events import values as v
from penstock.events.entries import (
    AssetEntry,
    AssetRecordsFilter,
    EventLogEntry,
    EventLogRecord,
    EventRecordsFilter,
    filter_for,
)
from penstock.events.kinds import EventType
from penstock.events.view import view
from penstock.keys import AssetKey
from penstock.testing.stories import DEFAULT_ERROR, fact_event

MADE = v.AssetMaterialization("a", partition="eu", tags={"k": "v"})


def entry(value, storage_id=7):
    return EventLogEntry(view(value, "r", "j"), storage_id)


def record(value, storage_id=7):
    return EventLogRecord(storage_id, entry(value, storage_id))


def test_an_entry_tells_run_job_step_and_message():
    found = entry(v.StepStarted(at=3, step="s"))
    assert (found.run_id, found.job_name, found.step_key, found.timestamp) == ("r", "j", "s", 3)
    assert found.message == found.user_message == "Started step 's'."
    assert found.event_type is EventType.STEP_START
    assert found.is_event


def test_failures_are_louder_than_the_rest():
    assert entry(v.StepFailed(at=1, step="s", error=DEFAULT_ERROR)).level == logging.ERROR
    assert entry(v.StepRetryScheduled(at=1, step="s", error=DEFAULT_ERROR)).level == logging.WARNING
    assert entry(v.StepStarted(at=1, step="s")).level == logging.DEBUG


def test_an_entry_tells_its_error():
    assert entry(v.StepFailed(at=1, step="s", error=DEFAULT_ERROR)).error_info is DEFAULT_ERROR
    assert entry(v.StepStarted(at=1, step="s")).error_info is None


def test_entry_and_record_tell_the_materialization():
    found = record(fact_event(MADE))
    assert found.asset_materialization is found.event_log_entry.asset_materialization is MADE
    assert found.asset_event is MADE
    assert found.asset_observation is None
    assert found.asset_check_evaluation is None
    assert (found.asset_key, found.partition_key) == (AssetKey("a"), "eu")
    assert found.event_log_entry.tags == {"k": "v"}


def test_entry_and_record_tell_the_observation():
    seen = v.AssetObservation("a")
    found = record(fact_event(seen))
    assert found.asset_observation is found.asset_event is seen
    assert found.asset_materialization is None


def test_entry_and_record_tell_the_check():
    checked = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True)
    assert record(fact_event(checked)).asset_check_evaluation is checked


def test_other_events_have_no_fact_about_an_asset():
    found = record(v.RunStarted(at=1))
    assert found.asset_event is None
    assert found.asset_key is None
    assert found.event_log_entry.tags == {}


def test_a_filter_takes_the_name_of_an_event_type():
    assert EventRecordsFilter("RUN_START").event_type is EventType.RUN_START
    with pytest.raises(ValueError, match="RUN_STRAT"):
        EventRecordsFilter("RUN_STRAT")


def test_an_asset_key_alone_is_a_filter():
    assert filter_for("a") == filter_for(AssetKey("a")) == AssetRecordsFilter(AssetKey("a"))
    given = AssetRecordsFilter("a", asset_partitions=["eu"])
    assert filter_for(given) is given


def test_an_asset_entry_tells_its_latest_facts():
    made, seen = record(fact_event(MADE), 3), record(fact_event(v.AssetObservation("a")), 9)
    found = AssetEntry(
        asset_key=AssetKey("a"), last_materialization_record=made, last_observation_record=seen
    )
    assert found.last_materialization.asset_materialization is MADE
    assert found.last_observation is seen.event_log_entry
    assert (found.last_materialization_storage_id, found.last_event_storage_id) == (3, 9)


def test_an_asset_entry_without_facts_tells_none():
    found = AssetEntry(asset_key=AssetKey("a"))
    assert found.last_materialization is None
    assert found.last_observation is None
    assert found.last_materialization_storage_id is None
    assert found.last_event_storage_id is None


def test_the_facts_of_an_evaluation_may_be_plain_values():
    found = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True, metadata={"rows": 5})
    assert found.metadata["rows"].value == 5
