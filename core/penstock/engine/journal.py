"""The journal: events on their way to the store, in batches.

Owns: when a batch is written, and by whom. Short steps share a transaction, which whoever adds to it writes:
handing it to another thread measured a fifth of a step more. What a long step is doing is stored within
``PATIENCE`` all the same, because the journal has a thread that writes what lies too long. An interrupt never
hits a transaction in the middle: the shield holds it up. Knows the store as the one function it is given.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from penstock.engine.shield import Shield
from penstock.events.values import Happened

Append = Callable[[Sequence[Happened]], None]

PATIENCE = 0.05
"""Seconds that an event waits at most for others to share its transaction."""

FULL = 512
"""Events that are written without waiting for more."""

_SHARED = PATIENCE / 2
"""Seconds after which the thread that adds writes, so that the journal's own seldom has to."""

_here = threading.local()


def is_noting() -> bool:
    """Whether this thread stores events and tells listeners: what those print is no output of a step."""
    return getattr(_here, "journals", 0) > 0


class Journal:
    """Takes events at once and stores them soon, in order.

    Args:
        append: stores a batch and tells observers; raises when the run belongs to somebody else.
        threaded: False stores on ``flush`` and when a batch is full, in the caller's thread.
        lends: whether a thread that adds may write. Not where it may be stopped at any moment, as inside a
            step that has a timeout.
    """

    def __init__(self, append: Append, *, threaded: bool, lends: bool = True) -> None:
        self._append = append
        self._threaded = threaded
        self._lends = lends
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._alarm = threading.Condition(self._turn)
        self._written = threading.Condition(self._turn)
        self._pending: list[Happened] = []
        self._since = 0.0
        self._is_writing = self._is_urgent = self._is_closing = self._is_idle = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._shield = Shield()

    @property
    def shield(self) -> Shield:
        """Holds interrupts up once it is installed, until the journal is closed."""
        return self._shield

    def add(self, events: Sequence[Happened]) -> None:
        """Take events.

        Raises:
            Exception: what storing them or an earlier batch raised.
        """
        if not self._threaded:
            self._pending.extend(events)
            if len(self._pending) >= FULL:
                self.flush()
            return
        with self._shield:
            batch = self._take(events)
            if batch:
                self._write(batch)
                self._raise_failure()

    def _take(self, events: Sequence[Happened]) -> list[Happened]:
        """Put events with those that wait; returns a batch that the caller is to write, or none."""
        with self._turn:
            self._raise_failure()
            now = monotonic()
            if not self._pending:
                self._since = now
            self._pending.extend(events)
            if self._thread is None:
                self._shield.install()
                self._thread = threading.Thread(target=self._write_on, name="penstock-journal", daemon=True)
                self._thread.start()
            is_full = len(self._pending) >= FULL
            if self._lends and not self._is_writing and (is_full or now - self._since >= _SHARED):
                return self._batch()
            if self._is_idle or is_full:
                self._alarm.notify()
            return []

    def flush(self) -> None:
        """Return when everything taken so far is stored; the journal's own thread stores it.

        Raises:
            Exception: what storing raised.
        """
        if not self._threaded:
            self._write_here()
            return
        if is_noting():
            # A listener looks at the store: what it was told of is there. It never waits for the journal
            # of another run, whose listener may be waiting for this one.
            return
        if self._is_inherited():
            return
        with self._shield, self._turn:
            while self._thread is not None and (self._pending or self._is_writing) and self._failure is None:
                self._is_urgent = True
                self._alarm.notify()
                self._written.wait()
            self._raise_failure()

    def drain(self) -> None:
        """Store everything taken so far, in this thread where it may write: cheaper than ``flush``.

        Raises:
            Exception: what storing raised.
        """
        if not (self._threaded and self._lends) or self._is_inherited():
            self.flush()
            return
        with self._shield:
            with self._turn:
                while self._is_writing:
                    self._written.wait()
                self._raise_failure()
                batch = self._batch() if self._pending else []
            if batch:
                self._write(batch)
                self._raise_failure()

    def close(self) -> None:
        """Store what is left and end the thread; idempotent."""
        if self._is_inherited():
            return
        try:
            with self._shield:
                self._end()
        finally:
            self._shield.remove()

    def _end(self) -> None:
        try:
            self.drain()
        finally:
            with self._turn:
                self._is_closing = True
                self._alarm.notify()
            if self._thread is not None:
                self._thread.join()
                self._thread = None

    def _is_inherited(self) -> bool:
        """Whether this is a child that a step forked: the thread, and maybe who holds the lock, is absent."""
        return self._threaded and os.getpid() != self._pid

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _write_here(self) -> None:
        if self._pending:
            batch, self._pending = self._pending, []
            self._append(batch)

    # ---- writing ------------------------------------------------------------------------------

    def _batch(self) -> list[Happened]:
        """What waits, for whoever holds the lock to write when it has given it back."""
        batch, self._pending = self._pending, []
        self._is_writing, self._is_urgent = True, False
        return batch

    def _write(self, batch: list[Happened]) -> None:
        _here.journals = getattr(_here, "journals", 0) + 1
        try:
            self._append(batch)
        except BaseException as error:  # noqa: BLE001  # raised again in whoever adds or flushes
            self._failure = error
        finally:
            _here.journals -= 1
        with self._turn:
            self._is_writing = False
            self._written.notify_all()
            if self._is_idle and self._pending:
                self._alarm.notify()

    def _write_on(self) -> None:
        while batch := self._overdue():
            self._write(batch)

    def _overdue(self) -> list[Happened]:
        """Wait until events have lain too long, or somebody waits for them; none at the end."""
        with self._turn:
            while self._failure is None and (self._pending or not self._is_closing):
                if self._is_writing or not self._pending:
                    self._is_idle = True
                    self._alarm.wait()
                    self._is_idle = False
                    continue
                left = self._since + PATIENCE - monotonic()
                if left <= 0 or self._is_urgent or self._is_closing or len(self._pending) >= FULL:
                    return self._batch()
                self._alarm.wait(left)
            return []
