"""Progress of a run on a terminal: running steps with a spinner, the rest scrolls above them.

Owns: the rich display. Lazy: this module is imported on a terminal only, because rich takes its time.
It writes to a copy of standard output; what steps print scrolls above the display as well.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from attrs import define, field
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from penstock.cli.progress import WORD_COLORS, Note, note_of, wanted_level
from penstock.cli.screen import Screen
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.events.sentences import duration

_SIGNS = {
    "done": "✓",
    "passed": "✓",
    "made": "✓",
    "failed": "✗",
    "retry": "↻",
    "skipped": "–",
    "stopped": "■",
}


@define(eq=False)
class LiveSteps:
    """The display of one run.

    Args:
        screen: what was asked for.
        total: how many steps the run has, 0 when that is not known.
    """

    screen: Screen
    total: int = 0
    running: dict[str, tuple[float, Spinner]] = field(factory=dict[str, tuple[float, Spinner]], init=False)
    ended: int = field(default=0, init=False)
    _console: Console = field(init=False)
    _live: Live = field(init=False)

    def __attrs_post_init__(self) -> None:
        copy = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self._console = Console(
            file=copy, force_terminal=True, no_color=not self.screen.color, highlight=False
        )
        self._live = Live(
            get_renderable=self._view,
            console=self._console,
            transient=True,
            refresh_per_second=10,
        )

    def __enter__(self) -> Self:
        sys.stdout.flush()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running.clear()
        self._live.stop()
        self._console.file.close()

    def __call__(self, run: Run, events: Sequence[v.Happened]) -> None:
        """Show what happened."""
        level = wanted_level(self.screen)
        for event in events:
            self._move(event)
            note = note_of(event)
            if note is not None and note.level <= level and note.word != "started":
                self._console.print(*self._lines(note), sep="\n", soft_wrap=True)

    def _move(self, event: v.Happened) -> None:
        """Keep the steps that are under way."""
        if isinstance(event, (v.StepStarted, v.StepRestarted)):
            self.running[event.step] = (time.monotonic(), Spinner("dots", style="blue"))
        elif isinstance(event, (v.StepSucceeded, v.StepFailed, v.StepSkipped, v.StepInterrupted)):
            self.running.pop(event.step, None)
            self.ended += 1
        elif isinstance(event, v.StepRetryScheduled):
            self.running.pop(event.step, None)

    def _lines(self, note: Note) -> Iterator[Text]:
        color = WORD_COLORS.get(note.word, "default")
        line = Text.assemble(
            (f"{_SIGNS.get(note.word, '·')} ", color), (note.text, "bold" if note.level == 0 else "")
        )
        if note.remark:
            line.append(f"  {note.remark}", "red" if note.word == "failed" else "bright_black")
        yield line
        yield from (Text(below) for below in note.below)

    def _view(self) -> Group:
        now = time.monotonic()
        rows: list[Spinner | Text] = []
        for step, (since, spinner) in list(self.running.items()):
            spinner.update(
                text=Text.assemble((step, ""), (f"  {duration(round(now - since, 1))}", "bright_black"))
            )
            rows.append(spinner)
        if self.total:
            rows.append(Text(f"  {self.ended} of {self.total} steps", "bright_black"))
        return Group(*rows)
