"""How states look: one colour and one word each, wherever they show. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.cli.table import Cell
from penstock.events.values import AssetCheckEvaluation, AssetCheckSeverity
from penstock.plan.freshness import Freshness, FreshnessState
from penstock.query.backfills import BackfillSummary
from penstock.spi.backfills import BackfillStatus

COLORS: Mapping[str, str] = {
    "SUCCESS": "green",
    "FAILURE": "red",
    "CANCELED": "yellow",
    "CANCELING": "yellow",
    "INTERRUPTED": "yellow",
    "WAITING_FOR_RETRY": "yellow",
    "SKIPPED": "bright_black",
    "STARTED": "blue",
    "STARTING": "blue",
    "RUNNING": "blue",
    "QUEUED": "bright_black",
    "COMPLETED_SUCCESS": "green",
    "COMPLETED_FAILED": "red",
    "FAILED": "red",
    "LOST": "yellow",
    "PAUSED": "yellow",
    "ABANDONED": "red",
    "IN_PROGRESS": "blue",
    "REQUESTED": "bright_black",
}

_WORDS: Mapping[str, str] = {
    "SUCCESS": "done",
    "FAILURE": "failed",
    "STARTED": "running",
    "WAITING_FOR_RETRY": "will retry",
} | {one.value: one.words for one in BackfillStatus}


_FRESHNESS: Mapping[FreshnessState, Cell] = {
    FreshnessState.PASS: Cell("passed", "green"),
    FreshnessState.WARN: Cell("warned", "yellow"),
    FreshnessState.FAIL: Cell("failed", "red"),
    FreshnessState.UNKNOWN: Cell("unknown", "yellow"),
    FreshnessState.NOT_APPLICABLE: Cell("-"),
}


def word(status: str) -> str:
    """A state of a run or step as one or two small words."""
    return _WORDS.get(status, status.lower())


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 run``, ``2,000 runs``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def status_cell(status: str) -> Cell:
    """A state as a cell of a table."""
    return Cell(word(status), COLORS.get(status))


def backfill_cell(found: BackfillSummary) -> Cell:
    """How a backfill stands, or that nobody works at it any more."""
    return status_cell("ABANDONED" if found.is_abandoned else found.backfill.status.value)


def freshness_cell(found: Freshness | None) -> Cell:
    """How an asset stands by its freshness policy, None when it has none."""
    return _FRESHNESS[FreshnessState.NOT_APPLICABLE if found is None else found.state]


def check_cell(found: AssetCheckEvaluation) -> Cell:
    """The result of a check: what did not pass either warns or fails."""
    if found.passed:
        return Cell("passed", "green")
    return Cell("warned", "yellow") if found.severity is AssetCheckSeverity.WARN else Cell("failed", "red")
