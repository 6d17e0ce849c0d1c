"""Recording: what a run notes is stored, and whoever listens is told.

Owns: the order "values to the disk, events to the store, listeners", and what a listener that raises means.
Must not know plans, steps or executors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from functools import cached_property
from typing import Any, overload

from penstock.engine.failures import describe_error
from penstock.events.runs import Run
from penstock.events.values import EngineNoted, Happened, RunCanceled, RunCanceling, RunFailed, RunSucceeded
from penstock.host.extensions import Observer
from penstock.spi.store import EventQuery, Store

_ENDINGS = (RunSucceeded, RunFailed, RunCanceled)
_BAD_ENDINGS = (RunFailed, RunCanceling, RunCanceled)
KEPT = 5_000
"""Events of a run that are kept beside the store, which has them all."""

SYNC_EVERY = 1.0
"""Seconds between two moments at which stored values are made to survive a power cut."""


class Recording:
    """The log of one run on its way into the store.

    ``events`` is everything that was stored, in order, until there are more than ``kept``; ``managers`` are
    flushed with the end of the run and now and then before. A killed process loses nothing without that: it
    is for power cuts, and so is not paid for by each step; events of steps are no more durable than that
    either (see the store).

    Args:
        store: where events go.
        run: the run, which does not exist yet.
        observers: are told of each batch once it is stored.
        now: seconds since 1970.
        kept: how many events are kept beside the store; None for all, when the store does not outlive this.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        observers: Sequence[Observer],
        now: Callable[[], float],
        *,
        kept: int | None = None,
    ) -> None:
        self._kept = kept
        self.run = run
        self.events: list[Happened] = []
        self.is_complete = True
        self.managers: Iterable[Any] = ()
        self._store = store
        self._observers = list(observers)
        self._now = now
        self._seq = 0
        self._next_sync = now() + SYNC_EVERY

    @property
    def has_listeners(self) -> bool:
        """Whether anybody is told."""
        return bool(self._observers)

    @property
    def has_ended(self) -> bool:
        """Whether the end of the run is stored; its live state may be ahead of the store."""
        return any(isinstance(event, _ENDINGS) for event in reversed(self.events))

    @property
    def all_events(self) -> Sequence[Happened]:
        """Everything that was stored, in order; from the store when this object let go of some."""
        return tuple(self.events) if self.is_complete else StoredEvents(self._store, self.run.run_id)

    def create(self, events: Sequence[Happened]) -> None:
        """Store the run with its first events."""
        self._seq = len(events)  # before: an interrupt may come when the run is stored already
        self._seq = self._store.create_run(self.run, events)
        self._tell(events)

    def append(self, events: Sequence[Happened]) -> None:
        """Store further events.

        Raises:
            TransitionRejected: when somebody else wrote to the run.
        """
        now = self._now()
        if now >= self._next_sync or isinstance(events[-1], _ENDINGS):
            self._flush_values(can_fail=all(isinstance(event, _BAD_ENDINGS) for event in events))
            self._next_sync = now + SYNC_EVERY
        self._seq = self._store.append(self.run.run_id, self._seq, events)
        self._tell(events)

    def _flush_values(self, *, can_fail: bool) -> None:
        """Have values on the disk; events that promise none of them are stored even if that fails."""
        for manager in self.managers:
            flush = getattr(manager, "flush", None)
            if getattr(manager, "passes_through", False) and flush is not None:
                with suppress(Exception) if can_fail else nullcontext():
                    flush()

    def _tell(self, events: Sequence[Happened]) -> None:
        self.events.extend(events)
        if self._kept is not None and len(self.events) > self._kept:
            del self.events[: -len(events)]
            self.is_complete = False
        for observer in tuple(self._observers):
            try:
                observer(self.run, events)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # a listener must not change a run
                self._observers.remove(observer)
                self._note_disabled(observer, error)

    def _note_disabled(self, observer: Observer, error: BaseException) -> None:
        name = getattr(observer, "__qualname__", type(observer).__qualname__)
        note = EngineNoted(
            at=self._now(),
            message=f"Observer {name} raised and hears no more of this run.",
            error=describe_error(error),
        )
        self._seq = self._store.append(self.run.run_id, self._seq, [note])
        self._tell([note])


class StoredEvents(Sequence[Happened]):
    """The events of a run, read when somebody asks.

    Args:
        store: where they are.
        run_id: of the run.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id

    @cached_property
    def _events(self) -> tuple[Happened, ...]:
        return tuple(stored.event for stored in self._store.read(EventQuery(run_id=self._run_id)))

    @overload
    def __getitem__(self, index: int) -> Happened: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Happened]: ...
    def __getitem__(self, index: int | slice) -> Happened | Sequence[Happened]:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)
