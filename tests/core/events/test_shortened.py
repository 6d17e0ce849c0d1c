"""Long texts are cut where one sees it, short ones are left alone."""

from __future__ import annotations

from penstock.events import values as v
from penstock.events.shortened import STACK_LIMIT, cut_text, shorten, shorten_error


def test_a_short_event_stays_as_it_is():
    error = v.ErrorInfo(
        cls_name="E", message="m", stack=("a", "b"), cause=v.ErrorInfo(cls_name="F", message="")
    )
    event = v.StepFailed(at=1.0, step="s", error=error, failure=v.UserFailure(description="d"))
    assert shorten(event) == event


def test_a_cut_text_says_how_much_is_missing():
    assert cut_text("abcdef", 4) == "abcd … [2 more characters were cut]"


def test_the_first_and_last_lines_of_a_stack_stay():
    lines = tuple(f"line {number}\n" for number in range(200))
    cut = shorten_error(v.ErrorInfo(cls_name="E", message="", stack=lines)).stack
    half = STACK_LIMIT // 2
    assert cut[:half] == lines[:half]
    assert cut[-half:] == lines[-half:]
    assert "140 more lines" in cut[half]


def test_texts_of_what_an_event_holds_are_cut():
    checked = v.AssetCheckEvaluation(
        asset_key=v.AssetMaterialization("a").asset_key, check_name="c", passed=False, description="d" * 9000
    )
    cut = shorten(v.CheckEvaluated(at=1.0, evaluation=checked)).evaluation
    assert len(cut.description) < 5000
    assert cut.check_name == "c"
