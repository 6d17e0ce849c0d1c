from __future__ import annotations

import pytest
from attrs import NOTHING, fields

from penstock.events import values as v
from penstock.events.sentences import duration, sentence
from penstock.keys import AssetKey
from penstock.testing.stories import DEFAULT_ERROR

SAMPLES = {
    "at": 1.0, "step": "load", "attempt": 2, "error": DEFAULT_ERROR, "resource": "db", "message": "a note",
    "input_name": "x", "type_check": v.TypeChecked(), "hook": "tell", "file": "load.log",
    "materialization": v.AssetMaterialization("a", partition="eu"), "observation": v.AssetObservation("a"),
    "expectation": v.ExpectationResult(success=False, label="rows", description="none"),
    "evaluation": v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=False),
}  # fmt: skip


@pytest.mark.parametrize("cls", v.EVENT_CLASSES, ids=lambda cls: cls.__name__)
def test_every_kind_of_event_has_a_sentence_of_one_line(cls):
    needed = {f.name: SAMPLES[f.name] for f in fields(cls) if f.default is NOTHING}
    text = sentence(cls(**needed), "nightly")
    assert text != cls.__name__
    assert text
    assert "\n" not in text


def test_a_failed_step_tells_the_first_line_of_its_error():
    error = v.ErrorInfo(cls_name="KeyError", message="left shoe\nand more")
    assert sentence(v.StepFailed(at=1, step="s", error=error)) == "Step 's' failed: KeyError: left shoe"


def test_what_the_user_said_comes_before_the_error():
    failed = v.StepFailed(at=1, step="s", error=DEFAULT_ERROR, failure=v.UserFailure(description="bad seed"))
    assert sentence(failed) == "Step 's' failed: bad seed"


def test_a_failed_run_names_its_failed_steps():
    assert "a, b" in sentence(v.RunFailed(at=1, failed_steps=("a", "b")), "nightly")


def test_a_failed_run_prefers_its_own_message():
    assert sentence(v.RunFailed(at=1, message="worker lost", failed_steps=("a",))).endswith("worker lost")


def test_a_failed_type_check_says_why():
    checked = v.TypeChecked(success=False, description="wanted int")
    text = sentence(v.OutputProduced(at=1, step="s", output_name="n", type_check=checked))
    assert text == "Output 'n' of step 's' is not of its type: wanted int"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00085, "850 µs"), (0.0123, "12.3 ms"), (3.4, "3.4 s"), (125, "2 min 5 s"), (7_260, "2 h 1 min")],
)
def test_lengths_of_time_are_written_for_people(seconds, text):
    assert duration(seconds) == text
