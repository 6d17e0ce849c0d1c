"""Progress of a backfill: a bar with the estimated end on a terminal, a line now and then in a pipe.

Owns: ``watching``. Failures are told as they happen. Lazy: the display for terminals is imported when there
is one.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import define, evolve, field

from penstock.cli.progress import Note, PlainLines, note_of
from penstock.cli.screen import Screen
from penstock.cli.tags import partition_text
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.events.sentences import duration
from penstock.host.backfill_step import Step
from penstock.query.backfills import BackfillSummary

_EVERY = 10.0
_LEAST = 3
MOST_TOLD = 20
"""Failures that are shown as they happen."""


@define(eq=False)
class Progress:
    """How far a backfill is, between its iterations too.

    Args:
        screen: where failures are told.
        summary: of the backfill when this process began.
    """

    screen: Screen
    summary: BackfillSummary
    began: float = field(factory=time.monotonic)
    made: int = 0
    failed: int = 0
    over: int = 0
    at_start: int = field(init=False)
    since: int = 0
    told_failures: int = 0
    told: float = field(factory=time.monotonic)
    display: Any = None

    def __attrs_post_init__(self) -> None:
        self._count(self.summary)
        self.at_start = self.over

    def step(self, step: Step) -> None:
        """Take the counts of the store."""
        self._count(BackfillSummary(backfill=step.backfill, parts=step.parts))
        self._show()

    def observe(self, run: Run, events: Sequence[v.Happened]) -> None:
        """Count what a run makes, and tell what fails."""
        for event in events:
            if isinstance(event, v.AssetMaterialized):
                self.since += 1
            note = note_of(event)
            if note is not None and note.level == 0 and not self.screen.as_json:
                self._tell(run, note)
        self._show()

    def _tell(self, run: Run, note: Note) -> None:
        """Write what failed and for which partition; the same again and again helps nobody."""
        self.told_failures += 1
        if self.told_failures > MOST_TOLD:
            return
        partition = partition_text(run.tags)
        about = evolve(note, text=f"{note.text} [{partition}]" if partition else note.text)
        for line in PlainLines(self.screen).lines(about):
            self._write(line)
        if self.told_failures == MOST_TOLD:
            name = self.summary.backfill.backfill_id
            self._write(f"… further failures are not shown here; see penstock backfill show {name}")

    def _count(self, summary: BackfillSummary) -> None:
        self.summary, self.since = summary, 0
        self.made = summary.made
        self.failed = summary.count("failed") + summary.count("blocked") + summary.count("canceled")
        self.over = summary.count("target") - summary.left

    def _write(self, line: str) -> None:
        if self.display is None:
            self.screen.write(line)
        else:
            self.display.above([line])

    def _show(self) -> None:
        if self.display is not None:
            self.display.refresh()
        elif time.monotonic() - self.told >= _EVERY:
            self.told = time.monotonic()
            self.screen.say(self.line())

    @property
    def total(self) -> int:
        """How many partitions are wanted."""
        return self.summary.count("target")

    @property
    def share(self) -> float:
        """Which part of it is over, from 0 to 1."""
        return min((self.over + self.since) / self.total, 1.0) if self.total else 1.0

    def line(self) -> str:
        """How far it is, and when it will be done if it goes on like this."""
        made = min(self.made + self.since, self.total)
        text = f"{made:,} of {self.total:,} partitions"
        if self.failed:
            text += f", {self.failed:,} not made"
        left = self.left()
        return f"{text}{'' if left is None else f', about {duration(left)} to go'}"

    def left(self) -> float | None:
        """Seconds to the end, None when nothing says how fast it goes."""
        here = self.over + self.since - self.at_start
        rest = self.total - self.over - self.since
        if here < _LEAST or rest <= 0:
            return None
        return (time.monotonic() - self.began) / here * rest


@contextmanager
def watching(screen: Screen, summary: BackfillSummary) -> Generator[Progress]:
    """Show how a backfill goes on while the block runs.

    Args:
        screen: where.
        summary: of the backfill.
    """
    progress = Progress(screen, summary)
    if not screen.live:
        yield progress
        return
    from penstock.cli.backfill_live import LiveBar  # noqa: PLC0415 - lazy, as the docstring says

    with LiveBar(screen, progress) as progress.display:
        yield progress
