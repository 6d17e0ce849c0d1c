"""Progress of a run on a terminal: what runs now at the bottom, the rest scrolls above it.

Owns: the rich display and its one lock. Whoever writes, the journal's thread, a printing step or the
timer, does so under that lock: erasing and drawing again are two writes that nothing may come between.
Lazy: this module is imported on a terminal only, because rich takes its time.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self, TextIO

from attrs import define, field
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from penstock.cli.progress import REMARK_COLORS, WORD_COLORS, Note, note_of, wanted_level
from penstock.cli.screen import Screen
from penstock.cli.scrolling import Scrolling
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.events.sentences import duration

_SIGNS = {
    "done": "✓",
    "passed": "✓",
    "made": "✓",
    "failed": "✗",
    "warned": "!",
    "retry": "↻",
    "skipped": "–",
    "stopped": "■",
}
_EVERY = 0.1
_BAR = 24
_INDENT = "    "


@define(eq=False)
class LiveSteps:
    """The display of one run; renders itself as it stands.

    Args:
        screen: what was asked for.
        total: how many steps the run has, 0 when that is not known.
        out: the terminal; None for a copy of standard output, which steps cannot redirect.
    """

    screen: Screen
    total: int = 0
    out: TextIO | None = None
    running: dict[str, float] = field(factory=dict[str, float], init=False)
    waiting: dict[str, float] = field(factory=dict[str, float], init=False)
    ended: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)
    _began: float = field(factory=time.monotonic, init=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False)
    _stop: threading.Event = field(factory=threading.Event, init=False)
    _spinner: Spinner = field(factory=lambda: Spinner("dots", style="blue"), init=False)
    _before: tuple[TextIO, TextIO] = field(factory=lambda: (sys.stdout, sys.stderr), init=False)
    _console: Console = field(init=False)
    _live: Live = field(init=False)
    _timer: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        out = self.out or os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self._console = Console(
            file=out,
            force_terminal=True,
            no_color=not self.screen.color,
            highlight=False,
            width=self.screen.width,
        )
        self._live = Live(
            self,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._timer = threading.Thread(target=self._tick, name="penstock-live", daemon=True)

    def __enter__(self) -> Self:
        self._before = (sys.stdout, sys.stderr)
        for stream in self._before:
            stream.flush()
        sys.stdout = Scrolling(sys.stdout, self.above)  # type: ignore[assignment]  # quacks like a file
        if sys.stderr.isatty():
            sys.stderr = Scrolling(sys.stderr, self.above)  # type: ignore[assignment]  # as above
        self._live.start()
        self._console.show_cursor()  # hidden, it would stay so when this process is killed
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._timer.join()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Scrolling):
                stream.end()
        sys.stdout, sys.stderr = self._before
        with self._lock:
            self._live.stop()
            if self.out is None:
                self._console.file.close()

    def __call__(self, run: Run, events: Sequence[v.Happened]) -> None:
        """Show what happened: the whole batch, then the display once."""
        level = wanted_level(self.screen)
        lines: list[Text] = []
        with self._lock:
            for event in events:
                self._move(event)
                note = note_of(event)
                if note is not None and note.level <= level and note.word != "started":
                    lines += self._lines(note)
            self._write(lines)

    def above(self, lines: Sequence[str]) -> None:
        """Write lines of somebody else above the display."""
        with self._lock:
            self._write([Text.from_ansi(line) for line in lines])

    def _write(self, lines: Sequence[Text]) -> None:
        if lines:
            self._console.print(*lines, sep="\n", soft_wrap=True)
        else:
            self._live.refresh()

    def _tick(self) -> None:
        while not self._stop.wait(_EVERY):
            with self._lock:
                self._live.refresh()

    def _move(self, event: v.Happened) -> None:
        """Keep the steps that are under way or wait for their next attempt."""
        now = time.monotonic()
        if isinstance(event, (v.StepStarted, v.StepRestarted)):
            self.waiting.pop(event.step, None)
            self.running[event.step] = now
        elif isinstance(event, (v.StepSucceeded, v.StepFailed, v.StepSkipped, v.StepInterrupted)):
            self.running.pop(event.step, None)
            self.waiting.pop(event.step, None)
            self.ended += 1
            self.failed += isinstance(event, v.StepFailed)
        elif isinstance(event, v.StepRetryScheduled):
            self.running.pop(event.step, None)
            self.waiting[event.step] = now + event.wait

    def _lines(self, note: Note) -> Iterator[Text]:
        color = WORD_COLORS.get(note.word, "default")
        strong = "bold" if note.word == "failed" else ""
        line = Text.assemble((f"{_SIGNS.get(note.word, '·')} ", color), (note.text, strong))
        if note.remark:
            line.append(f"  {note.remark}", REMARK_COLORS.get(note.word, "bright_black"))
        yield from self._folded(line)
        yield from (Text(below) for below in note.below)

    def _folded(self, line: Text) -> Iterator[Text]:
        """A line in words that fit, the second and later ones indented."""
        if line.cell_len <= self._console.width:
            yield line
            return
        first, *rest = line.wrap(self._console, self._console.width - len(_INDENT))
        yield first
        yield from (Text.assemble(_INDENT, one) for one in rest)

    # ---- the display --------------------------------------------------------------------------

    def __rich__(self) -> Group:
        now = time.monotonic()
        frame = self._spinner.render(now)
        sign = frame if isinstance(frame, Text) else Text("·")
        rows = [
            Text.assemble(sign, " ", step, (_grown(now - since), "bright_black"))
            for step, since in self.running.items()
        ]
        rows += [
            Text.assemble(("↻ ", "yellow"), step, (f"  again in {max(due - now, 0):.1f} s", "bright_black"))
            for step, due in self.waiting.items()
        ]
        most = max(self._console.height // 2, 3)
        if len(rows) > most:
            rest = len(rows) - most
            rows = [*rows[:most], Text(f"  … and {rest} more", "bright_black")]
        rows.append(self._progress(now))
        for row in rows:
            row.no_wrap, row.overflow = True, "ellipsis"
        return Group(*rows)

    def _progress(self, now: float) -> Text:
        """How far the run is; a bar while it is known how many steps there are."""
        line = Text()
        if 0 < self.ended <= self.total or (self.total and not self.ended):
            full = _BAR * self.ended // self.total
            line.append("━" * full, "red" if self.failed else "green")
            line.append("━" * (_BAR - full), "bright_black")
            line.append(f" {self.ended:,} of {self.total:,} steps")
        else:
            line.append(f"{self.ended:,} step{'' if self.ended == 1 else 's'}")
        if self.failed:
            line.append(f", {self.failed:,} failed", "red")
        line.append(_grown(now - self._began), "bright_black")
        return line


def _grown(seconds: float) -> str:
    """A length that still grows, behind something: in tenths of a second, so that it does not flicker."""
    if seconds < 0.1:
        return ""
    return f"  {seconds:.1f} s" if seconds < 60 else f"  {duration(seconds)}"
