"""How states look: one colour and one word each, wherever they show. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.cli.table import Cell

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
}

_WORDS: Mapping[str, str] = {
    "SUCCESS": "done",
    "FAILURE": "failed",
    "STARTED": "running",
    "WAITING_FOR_RETRY": "will retry",
}


def word(status: str) -> str:
    """A state of a run or step as one or two small words."""
    return _WORDS.get(status, status.lower())


def status_cell(status: str) -> Cell:
    """A state as a cell of a table."""
    return Cell(word(status), COLORS.get(status))
