"""How far a backfill is, in words."""

from __future__ import annotations

import io
import time

import pytest

from penstock.cli.backfill_progress import MOST_TOLD, Progress
from penstock.cli.screen import Screen
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.host.backfill_step import Step
from penstock.query.backfills import BackfillSummary
from penstock.spi.backfills import Backfill, BackfillPart

ONE = Backfill(backfill_id="b", created=0.0, updated=0.0)


def summary(**counts):
    return BackfillSummary(backfill=ONE, parts=(BackfillPart(place=0, name="a", counts=counts),))


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def progress(out):
    return Progress(Screen(out=out), summary(target=100, done=10, failed=2))


def made(count):
    run = Run(run_id="r", job_name="j", tags={"penstock/partition": "2024-01-02"})
    fact = v.AssetMaterialization("a")
    return run, [v.AssetMaterialized(at=1.0, step="a", materialization=fact)] * count


def failed():
    run = Run(run_id="r", job_name="j", tags={"penstock/partition": "2024-01-02"})
    error = v.ErrorInfo(cls_name="ValueError", message="no")
    return run, [v.StepFailed(at=1.0, step="a", attempt=1, error=error)]


def test_what_runs_make_is_counted_before_it_is_taken_in(progress):
    progress.observe(*made(5))
    assert progress.line().startswith("15 of 100 partitions, 2 not made")
    progress.step(Step(backfill=ONE, parts=summary(target=100, done=15, failed=2).parts))
    assert progress.line().startswith("15 of 100 partitions, 2 not made")
    assert progress.share == 0.17


def test_the_end_is_estimated_from_what_was_made_here(progress):
    assert progress.left() is None
    progress.began = time.monotonic() - 10.0
    progress.observe(*made(8))
    left, took = progress.left(), time.monotonic() - progress.began
    assert 100.0 <= left <= 10.0 * took
    assert "to go" in progress.line()


def test_a_failure_says_for_which_partition_and_many_are_not_all_shown(progress, out):
    for _ in range(MOST_TOLD + 5):
        progress.observe(*failed())
    lines = out.getvalue().splitlines()
    assert "a [2024-01-02]  ValueError: no" in lines[0]
    assert sum("ValueError" in line for line in lines) == MOST_TOLD
    assert lines[-1].endswith("penstock backfill show b")
