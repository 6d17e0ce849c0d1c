"""The journal: events on their way to the store, in batches.

Owns: when a batch is written. Short steps share a transaction; what a long step is doing is stored within
``PATIENCE`` all the same, because a thread of the journal's own writes. That thread is also why an
interrupt never hits a transaction in the middle: it reaches the main thread, which only waits.
Knows the store as the one function it is given.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from penstock.engine.shield import Shield
from penstock.events.values import Happened

Append = Callable[[Sequence[Happened]], None]

PATIENCE = 0.05
"""Seconds that an event waits at most for others to share its transaction."""

FULL = 512
"""Events that are written without waiting for more."""


class Journal:
    """Takes events at once and stores them soon, in order.

    Args:
        append: stores a batch and tells observers; raises when the run belongs to somebody else.
        threaded: False stores on ``flush`` and when a batch is full, in the caller's thread.
    """

    def __init__(self, append: Append, *, threaded: bool) -> None:
        self._append = append
        self._threaded = threaded
        self._pid = os.getpid()
        self._turn = threading.Condition()
        self._pending: list[Happened] = []
        self._is_writing = self._is_urgent = self._is_closing = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._shield = Shield()

    def add(self, events: Sequence[Happened]) -> None:
        """Take events.

        Raises:
            Exception: what storing an earlier batch raised.
        """
        if not self._threaded:
            self._pending.extend(events)
            if len(self._pending) >= FULL:
                self.flush()
            return
        with self._shield, self._turn:
            self._raise_failure()
            wakes = not self._pending
            self._pending.extend(events)
            if self._thread is None:
                self._shield.install()
                self._thread = JournalThread(target=self._write_on, name="penstock-journal", daemon=True)
                self._thread.start()
            elif wakes or len(self._pending) >= FULL:
                self._turn.notify_all()

    def flush(self) -> None:
        """Return when everything taken so far is stored.

        Raises:
            Exception: what storing raised.
        """
        if not self._threaded:
            self._write_here()
            return
        if isinstance(threading.current_thread(), JournalThread):
            # A listener looks at the store: what it was told of is there. It never waits for the journal
            # of another run, whose listener may be waiting for this one.
            return
        if self._is_inherited():
            return
        with self._shield, self._turn:
            while self._thread is not None and (self._pending or self._is_writing) and self._failure is None:
                self._is_urgent = True
                self._turn.notify_all()
                self._turn.wait()
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
            self.flush()
        finally:
            with self._turn:
                self._is_closing = True
                self._turn.notify_all()
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

    # ---- the thread ---------------------------------------------------------------------------

    def _write_on(self) -> None:
        while (batch := self._next_batch()) is not None:
            try:
                self._append(batch)
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that adds
                self._failure = error
            with self._turn:
                self._is_writing = False
                self._turn.notify_all()

    def _next_batch(self) -> list[Happened] | None:
        """Wait for events, then a little for more of them; None at the end."""
        with self._turn:
            while not self._pending and not self._is_closing:
                self._turn.wait()
            if not self._has_reason_to_write():
                self._turn.wait_for(self._has_reason_to_write, PATIENCE)
            if not self._pending or self._failure is not None:
                return None
            batch, self._pending = self._pending, []
            self._is_writing, self._is_urgent = True, False
            return batch

    def _has_reason_to_write(self) -> bool:
        return self._is_urgent or self._is_closing or len(self._pending) >= FULL


class JournalThread(threading.Thread):
    """The thread of a journal; what observers print in it is no output of a step."""
