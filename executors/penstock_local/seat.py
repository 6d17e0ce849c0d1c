"""One worker as the driver sees it, and the tasks that it was given.

Owns: ``Seat`` and ``Flight``, and when a flight's time is up. What follows from that is ``pool``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from attrs import define, field

from penstock.spi.executor import Cause, Task, Ticket
from penstock_local.bench import Errand
from penstock_local.ledger import Ledger
from penstock_local.shelf import Parcel
from penstock_local.wire import Channel

WAKEN = 0.05
"""Seconds that a task gets to hear that it is to stop, before it is woken."""
SLACK = 2.0
"""Seconds that a task gets to end by itself after its timeout."""


@define(eq=False, kw_only=True)
class Flight:
    """A task on its way.

    Args:
        number: unique in the pool, from 1.
        task: what was submitted; its body is dropped once it is packed.
        body: the pickled body.
        parcels: what it is handed, by name.
        own: parcels among them that belong to this task alone.
        slot: its place in the worker.
        canceled: when it is to be killed, if it was told to stop.
        wake: when it is to be woken, if it was told to stop and did not hear.
        pause: seconds until it is woken once more.
        doom: why it was or will be killed: the cause and the words.
    """

    number: int
    task: Task
    body: bytes
    parcels: Mapping[str, Parcel]
    own: tuple[Parcel, ...] = ()
    slot: int = 0
    canceled: float | None = None
    wake: float = inf
    pause: float = WAKEN
    doom: tuple[Cause, str] | None = None

    @property
    def ticket(self) -> Ticket:
        """As it was given out."""
        return Ticket(self.task.key)

    def errand(self) -> Errand:
        """As the worker gets it."""
        return Errand(self.number, self.slot, self.task.key, self.body, self.parcels)


@define(eq=False, kw_only=True)
class Seat:
    """A worker.

    Args:
        number: unique in the pool.
        channel: to it.
        ledger: shared with it.
        slots: free places for tasks.
        threads: how many tasks it runs at once; 0 for one, by itself.
        flights: what it was given and has not answered, by number.
        pid: 0 before it is born.
        done: how many tasks it carried out.
        is_leaving: whether it gets no further task.
        is_silent: whether its connection ended before its process.
        is_stuck: whether a task that was given up may still run in it.
        is_killed: whether it was killed by the pool.
        doomed: when it is to be killed, if it is to.
        why: what it said before it ended by itself.
    """

    number: int
    channel: Channel
    ledger: Ledger
    slots: list[int]
    threads: int = 0
    flights: dict[int, Flight] = field(factory=dict[int, Flight])
    pid: int = 0
    done: int = 0
    is_leaving: bool = False
    is_silent: bool = False
    is_stuck: bool = False
    is_killed: bool = False
    doomed: float = 0.0
    why: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"worker process {self.pid}" if self.pid else "a worker process"

    def told(self, end: str) -> str:
        """How it ended, as far as known."""
        return self.why or end

    def has_heard(self, flight: Flight) -> bool:
        """Whether a task that was told to stop knows it."""
        return self.ledger.heard == flight.number

    def has_begun(self, flight: Flight) -> bool:
        """Whether the task's first line was about to run, or did."""
        return self.ledger.began(flight.slot, flight.number) is not None

    def time_of(self, flight: Flight, now: float) -> float | None:
        """When the flight is to be looked at again, or was to be killed; None for never."""
        limit = flight.task.wants.timeout
        if limit is None:
            return flight.canceled
        began = self.ledger.began(flight.slot, flight.number)
        over = (now if began is None else began) + limit + SLACK
        return over if flight.canceled is None else min(over, flight.canceled)
