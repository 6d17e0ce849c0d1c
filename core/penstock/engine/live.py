"""Events of a step that is still running: told in batches, soon after they happened.

Owns: ``Teller``, the thread that tells them, and the list that remembers how far it is. A step that is over
sooner than ``PATIENCE`` tells its start and nothing more: the rest goes with its record. So does every end,
whose consequences need the record: what was handed on, and that nothing of the attempt runs any more.
Knows the driver as the function it is given.
"""

from __future__ import annotations

import os
import threading
from itertools import takewhile

from penstock.engine.record import Told
from penstock.events.values import (
    Happened,
    StepFailed,
    StepInterrupted,
    StepRetryScheduled,
    StepSucceeded,
)
from penstock.spi.executor import Report

PATIENCE = 0.05
"""Seconds that an event waits at most for others to share its message."""

_ENDS = (StepSucceeded, StepFailed, StepRetryScheduled, StepInterrupted)

_IDLE = 40
"""Rounds without a step after which the thread rests until there is one."""


class Live:
    """The events of one attempt, and how many of them were told.

    Args:
        place: of the work in its task.
        report: sends a message to the driver.
        before: what is left to tell of the work before this one; goes with the first message.

    ``events`` grows while the attempt goes on.
    """

    __slots__ = ("_before", "_is_over", "_mutex", "_place", "_report", "_told", "events")

    def __init__(self, place: int, report: Report, before: Told | None = None) -> None:
        self.events: list[Happened] = []
        self._before = before
        self._place = place
        self._report = report
        self._told = 0
        self._is_over = False
        self._mutex = threading.Lock()

    @property
    def is_reliable(self) -> bool:
        """Whether everything told arrives."""
        return self._report.is_reliable

    def flush(self) -> None:
        """Tell what was not told yet, save for the end."""
        with self._mutex:
            if self._is_over:
                return
            new = tuple(takewhile(_is_no_end, self.events[self._told :]))
            if new:
                told = Told(place=self._place, first=self._told, events=new)
                self._told += len(new)
                before, self._before = self._before, None
                self._report(told if before is None else (before, told))

    def rest(self) -> Told:
        """What was not told yet, with the end, for a task that goes on with another work."""
        with self._mutex:
            first, self._told = self._told, len(self.events)
            return Told(place=self._place, first=first, events=tuple(self.events[first:]))

    def stop(self) -> int:
        """Tell nothing more; returns how many events were told."""
        with self._mutex:
            self._is_over = True
            return self._told


def _is_no_end(event: Happened) -> bool:
    return not isinstance(event, _ENDS)


class Teller:
    """Tells the events of the attempts that are under way in this process; made once per runner."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._live: set[Live] = set()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._rests = True
        self._is_closed = False

    def begin(self, live: Live) -> None:
        """From now on tell the events of an attempt."""
        with self._turn:
            self._live.add(live)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell_on, name="penstock-teller", daemon=True)
                self._thread.start()
            elif self._rests:
                self._turn.notify_all()

    def end(self, live: Live) -> None:
        """The attempt is over."""
        if os.getpid() != self._pid:  # a child that the step forked: the lock may be held for ever
            return
        with self._turn:
            self._live.discard(live)

    def close(self) -> None:
        """End the thread; idempotent."""
        with self._turn:
            self._is_closed = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _tell_on(self) -> None:
        idle = 0
        while True:
            with self._turn:
                self._rests = idle > _IDLE
                if not self._is_closed:
                    self._turn.wait(None if self._rests else PATIENCE)
                if self._is_closed:
                    return
                under_way = tuple(self._live)
            idle = 0 if under_way else idle + 1
            for live in under_way:
                live.flush()
