from __future__ import annotations

from penstock.events import values as v
from penstock.events.details import details_of
from penstock.metadata import normalize_metadata
from penstock.testing.stories import DEFAULT_ERROR


def test_an_output_tells_its_handle_type_check_and_metadata():
    checked = v.TypeChecked(label="Even", metadata=normalize_metadata({"n": 4}))
    found = details_of(
        v.OutputProduced(
            at=1, step="s", output_name="up", mapping_key="eu", type_check=checked,
            metadata=normalize_metadata({"size": 2}),
        )
    )  # fmt: skip
    assert found.step_output_handle.step_key == "s"
    assert (found.step_output_handle.output_name, found.mapping_key) == ("up", "eu")
    assert found.output_name == "up"
    assert found.type_check_data.metadata["n"].value == 4
    assert found.metadata["size"].value == 2


def test_a_stored_output_tells_its_receipt():
    receipt = v.Receipt(uri="file:///x", rows=3, metadata=normalize_metadata({"k": 1}))
    found = details_of(v.OutputStored(at=1, step="s", manager_key="lake", receipt=receipt))
    assert (found.manager_key, found.receipt.uri) == ("lake", "file:///x")
    assert found.metadata["k"].value == 1


def test_a_loaded_input_tells_where_it_came_from():
    found = details_of(
        v.InputLoaded(at=1, step="s", input_name="x", upstream_step="up", upstream_output="result")
    )
    assert (found.input_name, found.upstream_step_key, found.upstream_output_name) == ("x", "up", "result")


def test_success_is_told_in_milliseconds():
    assert details_of(v.StepSucceeded(at=1, step="s", seconds=0.25)).duration_ms == 250


def test_a_retry_tells_error_and_wait():
    found = details_of(v.StepRetryScheduled(at=1, step="s", error=DEFAULT_ERROR, wait=2.5))
    assert (found.error, found.seconds_to_wait) == (DEFAULT_ERROR, 2.5)
    assert "ValueError: told to fail" in found.error_display_string


def test_a_failed_run_tells_why():
    found = details_of(v.RunFailed(at=1, error=DEFAULT_ERROR, failed_steps=("s",)))
    assert (found.error, found.failed_steps, found.failure_reason) == (DEFAULT_ERROR, ("s",), "step_failure")


def test_captured_logs_tell_file_and_step():
    found = details_of(v.LogsCaptured(at=1, step="s", file="logs/s.log"))
    assert (found.file_key, found.step_keys) == ("logs/s.log", ("s",))


def test_an_event_whose_kind_says_all_has_no_details():
    assert details_of(v.StepStarted(at=1, step="s")) is None
    assert details_of(v.RunStarted(at=1)) is None
