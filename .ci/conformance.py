"""Run the conformance suite that stands beside the checkout and judge it against the list of known gaps.

Owns: what the list of gaps means. A test that fails must be on the list; a test on the list must fail. So the
list only shrinks, and whoever mends a test also strikes it out (``--shrink`` does that).
Knows nothing of what the tests say.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT.parent / "shared" / "conformance"
GAPS = ROOT / ".ci" / "conformance_gaps.txt"

COLLECTION = "could not be collected"


class Outcomes:
    """A pytest plugin that remembers what became of each test: passed, skipped, failed, COLLECTION."""

    def __init__(self) -> None:
        self.by_id: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A failure in any phase counts; set-up and tear-down say nothing else."""
        if report.failed or (report.skipped and self.by_id.get(report.nodeid) != "failed"):
            self.by_id[report.nodeid] = report.outcome
        elif report.when == "call":
            self.by_id.setdefault(report.nodeid, "passed")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected hides its tests: never a known gap."""
        if report.failed:
            self.by_id[report.nodeid] = COLLECTION


def read_gaps(text: str) -> list[str]:
    """The test ids of a list of gaps: one a line; empty lines and lines that start with # are for people."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def judge(outcomes: Mapping[str, str], gaps: AbstractSet[str]) -> list[str]:
    """What is wrong, one sentence a fault, sorted; nothing when the list of gaps is exactly right."""
    faults: list[str] = []
    for test, outcome in outcomes.items():
        if outcome == COLLECTION:
            faults.append(f"{test}: {COLLECTION}")
        elif outcome == "failed" and test not in gaps:
            faults.append(f"{test}: fails and is not a known gap")
        elif outcome != "failed" and test in gaps:
            faults.append(f"{test}: {outcome}, strike it out of the known gaps")
    faults += [f"{test}: no such test, strike it out of the known gaps" for test in gaps - outcomes.keys()]
    return sorted(faults)


def shrink(text: str, outcomes: Mapping[str, str]) -> str:
    """The list of gaps without the tests that no longer fail; comments stay."""
    fixed = {gap for gap in read_gaps(text) if outcomes.get(gap) != "failed"}
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() not in fixed)


def run_suite() -> Outcomes:
    """Run every test of the suite, without writing anything into its folder."""
    os.environ.update(TARGET="penstock", PYTHONDONTWRITEBYTECODE="1")
    os.chdir(SUITE)
    outcomes = Outcomes()
    options = ["-q", "-n", "2", "--timeout", "300", "-p", "no:cacheprovider", "-p", "no:randomly"]
    options += ["--tb=no", "--no-header", "-c", "pytest.ini", "--rootdir", "."]
    pytest.main(options, plugins=[outcomes])
    return outcomes


def main() -> int:
    """Run, judge, say what is wrong; 0 when the list of gaps is exactly right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shrink", action="store_true", help="strike out the gaps that are closed")
    shrinks = parser.parse_args().shrink
    outcomes = run_suite().by_id
    if not outcomes:
        print("conformance: no test ran", file=sys.stderr)
        return 1
    text = GAPS.read_text(encoding="utf-8")
    if shrinks:
        text = shrink(text, outcomes)
        GAPS.write_text(text, encoding="utf-8")
    gaps = frozenset(read_gaps(text))
    faults = judge(outcomes, gaps)
    print(*faults, sep="\n")
    passed = sum(outcome == "passed" for outcome in outcomes.values())
    print(f"conformance: {passed} of {len(outcomes)} pass, {len(gaps)} known gaps, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
