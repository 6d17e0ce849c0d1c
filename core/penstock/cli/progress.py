"""Progress of a run in a pipe: one line a step, failures as they happen, or JSON lines.

Owns: which events are worth a line, and the two observers that write them. ``live`` is the third,
for terminals. An observer is called with the run and each batch of events, after they were stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import define

from penstock.cli.facts import fact_lines
from penstock.cli.failures import failure_lines, first_line
from penstock.cli.screen import Screen
from penstock.cli.times import clock
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.events.sentences import duration, sentence
from penstock.events.values import AssetCheckSeverity
from penstock.events.view import Event
from penstock.query.plain import event_as_plain
from penstock.values import frozen


@frozen(kw_only=True)
class Note:
    """Something worth a line.

    Args:
        at: when, seconds since 1970.
        word: the state that a step came to.
        text: the step, or what else it is about.
        remark: behind it, such as how long it took.
        below: further lines.
        level: 0 failures, 1 what everybody sees, 2 details.
    """

    at: float
    word: str
    text: str
    remark: str = ""
    below: tuple[str, ...] = ()
    level: int = 1


def note_of(event: v.Happened) -> Note | None:
    """The line that an event is worth, None when it is worth none."""
    make = _NOTES.get(type(event))
    return None if make is None else make(event)


def _failed(event: v.StepFailed) -> Note:
    below = tuple(failure_lines(event.step, event.error))[1:]
    remark = first_line(event.error)
    return Note(at=event.at, word="failed", text=event.step, remark=remark, below=below, level=0)


def _resource_failed(event: v.ResourceFailed) -> Note:
    text = f"resource {event.resource}"
    below = tuple(failure_lines(text, event.error))[1:]
    return Note(at=event.at, word="failed", text=text, remark=first_line(event.error), below=below, level=0)


def _checked(event: v.CheckEvaluated) -> Note:
    found = event.evaluation
    text = f"check {found.asset_check_key.to_user_string()}"
    if found.passed:
        return Note(at=event.at, word="passed", text=text, level=2)
    remark = " ".join((found.description or "did not pass").split())
    if found.severity is AssetCheckSeverity.WARN:
        return Note(at=event.at, word="warned", text=text, remark=remark)
    return Note(at=event.at, word="failed", text=text, remark=remark, level=0)


def _materialized(event: v.AssetMaterialized) -> Note:
    made = event.materialization
    text = f"{made.label} [{made.partition}]" if made.partition else made.label
    return Note(
        at=event.at,
        word="made",
        text=text,
        below=tuple(f"    {line}" for line in fact_lines(made.metadata)),
        level=2,
    )


def _run_failed(event: v.RunFailed) -> Note | None:
    if event.error is None or event.failed_steps:
        return None
    below = tuple(failure_lines("run", event.error))[1:]
    return Note(at=event.at, word="failed", text="run", remark=first_line(event.error), below=below, level=0)


def _when(wait: float) -> str:
    return f"in {duration(wait)}" if wait else "at once"


_NOTES: dict[type[v.Happened], Callable[[Any], Note | None]] = {
    v.StepStarted: lambda e: Note(at=e.at, word="started", text=e.step, level=2),
    v.StepSucceeded: lambda e: Note(at=e.at, word="done", text=e.step, remark=duration(e.seconds)),
    v.StepFailed: _failed,
    v.StepRetryScheduled: lambda e: Note(
        at=e.at, word="retry", text=e.step, remark=f"{_when(e.wait)}, after {first_line(e.error)}"
    ),
    v.StepSkipped: lambda e: Note(at=e.at, word="skipped", text=e.step, remark=e.reason),
    v.StepInterrupted: lambda e: Note(at=e.at, word="stopped", text=e.step),
    v.CheckEvaluated: _checked,
    v.AssetMaterialized: _materialized,
    v.ResourceFailed: _resource_failed,
    v.RunFailed: _run_failed,
    v.EngineNoted: lambda e: Note(at=e.at, word="note", text=sentence(e)),
    v.HookErrored: lambda e: Note(at=e.at, word="note", text=sentence(e)),
}

WORD_COLORS = {
    "done": "green",
    "passed": "green",
    "made": "green",
    "failed": "red",
    "warned": "yellow",
    "retry": "yellow",
    "stopped": "yellow",
    "note": "yellow",
}

REMARK_COLORS = {"failed": "red", "warned": "yellow"}


def wanted_level(screen: Screen) -> int:
    """Up to which level notes are written."""
    return 0 if screen.quiet else 2 if screen.verbose else 1


@define
class PlainLines:
    """One line a note: time, state, step, how long it took."""

    screen: Screen

    def __call__(self, run: Run, events: Sequence[v.Happened]) -> None:
        """Write what is worth a line."""
        level = wanted_level(self.screen)
        for event in events:
            note = note_of(event)
            if note is not None and note.level <= level:
                for line in self.lines(note):
                    self.screen.write(line)

    def lines(self, note: Note) -> Iterator[str]:
        """A note as lines of text."""
        word = self.screen.style(f"{note.word:<8}", WORD_COLORS.get(note.word))
        shade = REMARK_COLORS.get(note.word, "bright_black")
        remark = f"  {self.screen.style(note.remark, shade)}" if note.remark else ""
        yield f"{clock(note.at)}  {word} {note.text}{remark}"
        yield from (f"      {line}" for line in note.below)


@define
class JsonLines:
    """One JSON object a line: every event, whatever it is."""

    screen: Screen

    def __call__(self, run: Run, events: Sequence[v.Happened]) -> None:
        """Write the events."""
        for event in events:
            plain = event_as_plain(Event(event, run.run_id, run.job_name))
            self.screen.write(json.dumps(plain, ensure_ascii=False))
