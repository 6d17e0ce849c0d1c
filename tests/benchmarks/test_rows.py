"""What the rows of a table say: medians, ratios and verdicts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks.rows import Budget, Row, ratio

sys.path.pop(0)


def row(value, baseline, budget):
    return Row(what="x", unit="ms", samples=(value,), baseline=(baseline,), budget=budget)


@pytest.mark.parametrize(
    ("value", "baseline", "verdict"),
    [(3, 2, "yes"), (5, 1, "**no**"), (5, 4, "by ratio only"), (3, 1, "by value only")],
)
def test_a_budget_holds_by_value_and_by_ratio(value, baseline, verdict):
    assert row(value, baseline, Budget(limit=4, ratio=2)).verdict == verdict


def test_without_a_known_ratio_the_value_decides():
    assert row(3, 1, Budget(limit=4)).verdict == "yes"
    assert row(3, 1, Budget(limit=4, at_least=True)).verdict == "**no**"


def test_what_failed_does_not_hold():
    assert Row(what="x", unit="ms", budget=Budget(limit=1), failure="broken").verdict == "not measured"


def test_a_ratio_is_that_of_neighbours():
    assert ratio((2, 40), (1, 20)) == 2
    assert ratio((2, 40), ()) is None
    assert ratio((3,), (1, 2)) == 2
