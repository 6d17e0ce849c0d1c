from __future__ import annotations

import pickle

import pytest
from attrs.exceptions import FrozenInstanceError

from penstock import errors
from penstock.events import values as v
from penstock.events.kinds import TYPE_OF, EventType
from penstock.events.view import Event, view
from penstock.keys import AssetKey
from penstock.testing.stories import DEFAULT_ERROR

MADE = v.AssetMaterialization(["raw", "orders"], metadata={"rows": 3}, partition="eu")


def test_a_view_tells_kind_step_time_and_run():
    event = view(v.StepStarted(at=12.5, step="inner.load[eu]"), "run-1", "nightly")
    assert event.event_type is EventType.STEP_START
    assert event.event_type_value == "STEP_START"
    assert (event.step_key, event.timestamp) == ("inner.load[eu]", 12.5)
    assert (event.run_id, event.job_name) == ("run-1", "nightly")


def test_the_node_is_the_step_without_its_mapping_key():
    event = view(v.StepStarted(at=1, step="outer.load[eu]"))
    assert event.node_name == "load"
    assert event.node_handle.path == ["outer", "load"]
    assert str(event.node_handle) == "outer.load"


def test_an_event_of_the_run_has_no_step_and_no_node():
    event = view(v.RunStarted(at=1))
    assert event.step_key is None
    assert event.node_name is None
    assert event.is_run_event
    assert event.is_job_event
    assert not event.is_step_event


def test_a_fact_reported_without_a_run_has_no_step():
    assert view(v.AssetMaterialized(at=1, materialization=MADE)).step_key is None


PREDICATES = [
    (v.RunSucceeded(at=1), {"is_run_event", "is_job_event", "is_run_success", "is_job_success"}),
    (v.RunFailed(at=1), {"is_run_event", "is_job_event", "is_run_failure", "is_job_failure", "is_failure"}),
    (v.RunCanceled(at=1), {"is_run_event", "is_job_event", "is_failure"}),
    (v.EngineNoted(at=1, message="x"), {"is_engine_event"}),
    (v.ResourceFailed(at=1, resource="db", error=DEFAULT_ERROR), {"is_resource_init_failure"}),
    (v.StepStarted(at=1, step="s"), {"is_step_event", "is_step_start"}),
    (v.StepRestarted(at=1, step="s", attempt=2), {"is_step_event", "is_step_restarted"}),
    (v.StepSucceeded(at=1, step="s"), {"is_step_event", "is_step_success"}),
    (v.StepFailed(at=1, step="s", error=DEFAULT_ERROR), {"is_step_event", "is_step_failure", "is_failure"}),
    (v.StepRetryScheduled(at=1, step="s", error=DEFAULT_ERROR), {"is_step_event", "is_step_up_for_retry"}),
    (v.StepSkipped(at=1, step="s"), {"is_step_event", "is_step_skipped"}),
    (v.StepInterrupted(at=1, step="s"), {"is_step_event", "is_step_interrupted"}),
    (v.OutputProduced(at=1, step="s"), {"is_step_event", "is_successful_output"}),
    (v.OutputStored(at=1, step="s"), {"is_step_event", "is_handled_output"}),
    (v.InputLoaded(at=1, step="s", input_name="x"), {"is_step_event", "is_loaded_input"}),
    (v.HookCompleted(at=1, step="s", hook="h"), {"is_hook_event"}),
    (v.HookErrored(at=1, step="s", hook="h", error=DEFAULT_ERROR), {"is_hook_event"}),
]


@pytest.mark.parametrize(("value", "true"), PREDICATES, ids=lambda value: type(value).__name__)
def test_predicates_tell_the_kinds_apart(value, true):
    names = [name for name in dir(Event) if name.startswith("is_")]
    assert {name for name in names if getattr(view(value), name)} == true


def test_asset_facts_tell_asset_and_partition():
    event = view(v.AssetMaterialized(at=1, step="s", materialization=MADE))
    assert event.is_step_materialization
    assert event.is_asset_materialization
    assert (event.asset_key, event.partition) == (AssetKey(["raw", "orders"]), "eu")
    assert event.materialization is MADE
    assert event.step_materialization_data.materialization is MADE


def test_an_observation_is_no_materialization():
    seen = v.AssetObservation("pond", metadata={"ducks": 4})
    event = view(v.AssetObserved(at=1, observation=seen))
    assert event.is_asset_observation
    assert not event.is_asset_materialization
    assert event.asset_observation_data.asset_observation is seen
    assert event.asset_key == AssetKey("pond")


def test_a_check_evaluation_tells_its_asset():
    found = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True)
    event = view(v.CheckEvaluated(at=1, evaluation=found))
    assert event.is_asset_check_evaluation
    assert event.asset_check_evaluation_data is found
    assert event.event_specific_data is found
    assert event.asset_key == AssetKey("a")


def test_facts_are_none_where_the_event_tells_none():
    started = view(v.StepStarted(at=1, step="s"))
    assert started.asset_materialization is None
    assert started.asset_observation is None
    assert started.asset_check_evaluation is None
    assert view(v.AssetMaterialized(at=1, materialization=MADE)).asset_materialization is MADE


def test_a_loaded_input_tells_its_asset():
    event = view(v.InputLoaded(at=1, step="s", input_name="x", asset_key=AssetKey("up")))
    assert event.asset_key == AssetKey("up")


def test_a_failure_carries_error_and_what_the_user_said():
    failure = v.UserFailure(description="bad seed")
    event = view(v.StepFailed(at=1, step="s", error=DEFAULT_ERROR, failure=failure))
    assert event.step_failure_data.error is DEFAULT_ERROR
    assert event.event_specific_data.user_failure_data.description == "bad seed"
    assert event.error is DEFAULT_ERROR


def test_asking_an_event_for_what_another_kind_has_is_an_error():
    event = view(v.StepStarted(at=1, step="s"))
    with pytest.raises(errors.InvariantViolationError, match=r"STEP_FAILURE.*STEP_START"):
        _ = event.step_failure_data
    with pytest.raises(errors.InvariantViolationError, match="ASSET_MATERIALIZATION"):
        _ = event.materialization


def test_a_view_is_read_only():
    event = view(v.RunStarted(at=1))
    with pytest.raises(FrozenInstanceError):
        event.run_id = "other"


def test_a_view_pickles_and_equals_its_copy():
    event = view(v.AssetMaterialized(at=1, step="s", materialization=MADE), "r", "j")
    assert pickle.loads(pickle.dumps(event)) == event


def test_every_kind_of_event_has_a_text():
    for cls in TYPE_OF:
        assert TYPE_OF[cls].value
    assert str(view(v.RunStarted(at=1), job_name="nightly")) == "RUN_START: Started the run of 'nightly'."


def test_slashes_part_the_key_of_a_fact():
    assert v.AssetMaterialization("shop/orders").asset_key == AssetKey(["shop", "orders"])
    assert v.AssetObservation(AssetKey("shop/orders")).asset_key.path == ["shop/orders"]
