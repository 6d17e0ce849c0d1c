"""The judge of the conformance run: its list of known gaps only shrinks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "conformance.py"


@pytest.fixture(scope="module")
def conformance():
    spec = importlib.util.spec_from_file_location("ci_conformance", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_list_of_gaps_holds_ids_and_words_for_people(conformance):
    assert conformance.read_gaps("# why\n\n a.py::b \na.py::c[x y]\n") == ["a.py::b", "a.py::c[x y]"]


def test_a_failure_must_be_a_known_gap(conformance):
    assert conformance.judge({"a": "failed"}, {"a"}) == []
    assert "not a known gap" in conformance.judge({"a": "failed"}, set())[0]


@pytest.mark.parametrize("outcome", ["passed", "skipped"])
def test_a_gap_that_is_closed_must_be_struck_out(conformance, outcome):
    assert "strike it out" in conformance.judge({"a": outcome}, {"a"})[0]


def test_a_gap_without_a_test_must_be_struck_out(conformance):
    assert "no such test" in conformance.judge({"b": "passed"}, {"a"})[0]


def test_a_file_that_cannot_be_collected_is_never_a_known_gap(conformance):
    assert conformance.judge({"a.py": conformance.COLLECTION}, {"a.py"})


def test_shrinking_strikes_out_what_no_longer_fails_and_keeps_the_rest(conformance):
    text = "# why\na\nb\nc\n"
    assert conformance.shrink(text, {"a": "passed", "b": "failed"}) == "# why\nb\n"


def test_a_failure_in_any_phase_counts(conformance):
    outcomes = conformance.Outcomes()
    for when, outcome in [("setup", "passed"), ("call", "passed"), ("teardown", "failed")]:
        outcomes.pytest_runtest_logreport(_report("a", when, outcome))
    outcomes.pytest_runtest_logreport(_report("b", "setup", "failed"))
    assert outcomes.by_id == {"a": "failed", "b": "failed"}


def _report(test, when, outcome):
    return pytest.TestReport(
        nodeid=test, location=("f", 1, test), keywords={}, outcome=outcome, longrepr=None, when=when
    )
