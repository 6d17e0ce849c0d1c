"""The workers of a pool: who is free, who gets the next task, and what their messages and deaths mean.

Owns: every ``Seat`` from its birth to its end, and turning what happens to them into messages for the engine.
One thread, one selector. Must not know the queue, nor whose values are whose: that is ``pool``'s. When
somebody's time is up is ``watch``'s.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from penstock.spi.executor import Cause, Lost, Message, Noted, Outcome, Progress
from penstock_local import anonymous, kernel, ledger, oom, reasons, wire
from penstock_local.endings import end_of
from penstock_local.nursery import Nursery
from penstock_local.seat import Flight, Seat
from penstock_local.settings import PoolSettings
from penstock_local.shelf import Parcel

FAREWELL = 5.0
"""Seconds that a worker gets to give back what it opened, once it is told to leave."""
_LAST_WORDS = 1.0  # seconds between the end of a connection and the kill, if its process goes on
_SELDOM = 1.0  # seconds between two attempts to wake a task, at most
_AT_ONCE = 256  # messages of one worker before the others have their turn

Keep = Callable[[Flight, Mapping[str, Parcel]], None]


class Crew:
    """Workers, and what they are at.

    Args:
        settings: of the pool.
        nursery: where workers come from; started and loaded.
        keep: is told of the values that a task handed on.
        bury: is told of the process id of each worker that ended.

    ``used`` collects modules that workers had to import and that do no harm in the zygote.
    """

    def __init__(
        self, settings: PoolSettings, nursery: Nursery, keep: Keep, bury: Callable[[int], None]
    ) -> None:
        self.messages: deque[Message] = deque()
        self.seats: dict[int, Seat] = {}
        self.doomed: set[Seat] = set()
        self.timed: set[Flight] = set()
        self.used: dict[str, None] = {}
        self.is_orphaned = False
        self._settings = settings
        self._nursery = nursery
        self._keep = keep
        self._bury = bury
        self._idle: list[Seat] = []
        self._where: dict[int, Seat] = {}  # number of a flight → its seat
        self._last = 0
        self._victims = oom.count()
        self._selector = selectors.DefaultSelector()
        self._selector.register(nursery.fileno(), selectors.EVENT_READ)

    @property
    def is_busy(self) -> bool:
        """Whether any task is under way."""
        return bool(self._where)

    def seat_of(self, flight: Flight) -> Seat | None:
        """Who has a task; None when it has ended."""
        return self._where.get(flight.number)

    # ---- giving ----------------------------------------------------------------------------------

    def give(self, flight: Flight) -> bool:
        """Give a task to a worker, a new one if need be; whether there was room."""
        for _ in range(len(self._idle) + 1):  # some may have died unnoticed
            seat = self._room(in_thread=flight.task.wants.lane != "process")
            if seat is None:
                return False
            flight.slot = seat.slots.pop()
            if self._post(seat, ("run", flight.errand())):
                seat.flights[flight.number] = flight
                self._where[flight.number] = seat
                if flight.task.wants.timeout is not None:
                    self.timed.add(flight)
                return True
        return False

    def stop(self, flight: Flight, grace: float) -> None:
        """Tell a task to end, which it must within ``grace`` seconds; told again, the shorter time counts."""
        seat = self._where[flight.number]
        until = time.monotonic() + grace
        if flight.canceled is not None:
            flight.canceled = min(flight.canceled, until)
            return
        flight.canceled = until
        self.timed.add(flight)
        if seat.threads:
            self._post(seat, ("stop", flight.errand()))
        else:
            seat.ledger.interrupted = flight.number
            self._nursery.kill(seat.number, signal.SIGINT)
            flight.wake = time.monotonic() + flight.pause

    def wake(self, flight: Flight, now: float) -> None:
        """Wake a task that was told to stop, unless it has heard.

        Python notes a signal in C and calls its handler between two byte codes: one that comes just before
        the main thread falls asleep, or to another thread, does not wake it.
        """
        seat = self._where[flight.number]
        if seat.has_heard(flight):
            flight.wake = inf
            return
        self._nursery.wake(seat.number)
        flight.pause = min(2 * flight.pause, _SELDOM)
        flight.wake = now + flight.pause

    def kill(self, seat: Seat) -> None:
        """Kill a worker and what it started; its end is heard of later."""
        again = seat.is_killed
        self._doom(seat, _LAST_WORDS)
        seat.doomed = time.monotonic() + _LAST_WORDS  # until somebody looks again
        seat.is_killed = again or not (seat.pid and kernel.has_ended(seat.pid))
        self._nursery.kill(seat.number, signal.SIGKILL)
        if again:  # whoever should have done it does not answer
            _kill_group(seat.pid)

    def give_up(self, flight: Flight, cause: Cause, why: str) -> None:
        """Call a task lost although its worker lives, which ends when it has no other task."""
        seat = self._where[flight.number]
        self._land(seat, flight, Lost(ticket=flight.ticket, reason=why, cause=cause), keeps_slot=True)
        seat.is_stuck = True
        self._part_with(seat)

    # ---- hearing ---------------------------------------------------------------------------------

    def select(self, wait: float | None) -> list[Any]:
        """Whoever has something to say within so many seconds."""
        return self._selector.select(wait)

    def hear(self, ready: list[Any]) -> None:
        """Hear those who have something to say."""
        for key, _ in ready:
            seat = key.data
            if seat is None:
                self._hear_news()
            elif seat.number in self.seats:
                self._serve(seat, key.events)

    def settle(self) -> None:
        """Let idle workers leave in peace, and wait until they have."""
        until = time.monotonic() + FAREWELL
        leaving = [seat for seat in self.seats.values() if not seat.flights]
        for seat in leaving:
            self._part_with(seat)
        while not self.is_orphaned and any(seat.number in self.seats for seat in leaving):
            left = until - time.monotonic()
            if left <= 0:
                break
            self.hear(self.select(left))

    def close(self) -> None:
        """Let idle workers leave in peace, kill the others; idempotent."""
        until = time.monotonic() + FAREWELL
        for seat in list(self.seats.values()):
            if seat.flights:
                self.kill(seat)
            else:
                self._part_with(seat)
        while self.seats and not self.is_orphaned and (left := until - time.monotonic()) > 0:
            self.hear(self.select(left))
        for seat in list(self.seats.values()):
            self._forget(seat)
        self._where.clear()
        self.timed.clear()
        self._selector.close()

    def _serve(self, seat: Seat, events: int) -> None:
        """Read what a worker says, and write what waited for it."""
        if events & selectors.EVENT_WRITE:
            with contextlib.suppress(OSError):  # reading tells the same
                if seat.channel.flush():
                    self._selector.modify(seat.channel.fileno(), selectors.EVENT_READ, seat)
        try:
            self._drain(seat, _AT_ONCE)
        except (EOFError, OSError):
            self._selector.unregister(seat.channel.fileno())
            if not seat.is_killed:
                seat.is_silent = True
                self._doom(seat, _LAST_WORDS)

    def _drain(self, seat: Seat, most: int | None = None) -> None:
        """Take what has arrived, up to so many messages.

        Raises:
            EOFError: when no more will come.
        """
        with contextlib.suppress(BlockingIOError):
            for _ in itertools.count() if most is None else range(most):
                for data in seat.channel.receive():
                    self._answer(seat, *pickle.loads(data))

    def _answer(self, seat: Seat, what: str, *rest: Any) -> None:
        """What a message of a worker means."""
        if what == "unfit":
            seat.why = f"could not get ready for the run:\n{rest[0]}"
            return
        if what == "used":
            self.used.update(dict.fromkeys(rest[0]))
            return
        flight = seat.flights.get(rest[0])
        if flight is None:
            return  # given up before
        if what == "told":
            self.messages.append(Progress(ticket=flight.ticket, record=rest[1]))
        elif what == "noted":
            self.messages.append(Noted(message=rest[1], ticket=flight.ticket))
        else:
            message = end_of(seat.name, flight, what, rest)
            if isinstance(message, Outcome):
                self._keep(flight, rest[2])
            self._land(seat, flight, message)
            self._go_on(seat, flight, rest[3] if what == "done" else 0)

    def _hear_news(self) -> None:
        """What the zygote tells."""
        try:
            for what, number, *rest in self._nursery.news():
                seat = self.seats.get(number)
                if seat is None:
                    continue
                if what == "born":
                    seat.pid = rest[0]
                elif what == "unborn":
                    self._lose(seat, rest[0])
                else:
                    pid, status, peak = rest
                    self._bury(pid)
                    self._lose(seat, *self._cause(seat, status, peak))
        except (EOFError, OSError):
            self._lose_all()

    def _lose_all(self) -> None:
        """The zygote is gone, and with it every worker."""
        self.is_orphaned = True
        self._selector.unregister(self._nursery.fileno())
        keeper = self._nursery.pid
        how = f"ended with the process that keeps the workers ({keeper}), which {self._nursery.end()}"
        for seat in list(self.seats.values()):
            _kill_group(seat.pid)  # where the kernel did not do it
            self._lose(seat, how)

    # ---- beginnings and ends of workers ------------------------------------------------------------

    def _room(self, *, in_thread: bool) -> Seat | None:
        """A worker with a free slot, made now if there may be another."""
        if in_thread:
            hosts = [one for one in self.seats.values() if one.threads and not one.is_leaving]
            free = next((one for one in hosts if one.slots), None)
            return free or (None if hosts else self._start(self._settings.max_threads))
        if self._idle:
            return self._idle.pop()
        working = sum(not one.threads and not one.is_leaving for one in self.seats.values())
        return self._start(0) if working < self._settings.max_concurrent else None

    def _start(self, threads: int) -> Seat:
        """Ask for a worker; it can be written to before it is born."""
        self._last += 1
        ours, theirs = wire.pair()
        ours.setblocking(False)
        page = anonymous.room(ledger.size(max(threads, 1)))
        seat = Seat(
            number=self._last,
            channel=wire.Channel(ours),
            ledger=ledger.Ledger(page, max(threads, 1)),
            slots=list(range(max(threads, 1))),
            threads=threads,
        )
        self._nursery.bear(seat.number, threads, (theirs.fileno(), page))
        theirs.close()
        os.close(page)
        self.seats[seat.number] = seat
        self._selector.register(seat.channel.fileno(), selectors.EVENT_READ, seat)
        return seat

    def _post(self, seat: Seat, message: tuple[Any, ...]) -> bool:
        """Send a worker a message; False when nobody is there to read it."""
        try:
            if not seat.channel.post(pickle.dumps(message, protocol=5)):
                both = selectors.EVENT_READ | selectors.EVENT_WRITE
                self._selector.modify(seat.channel.fileno(), both, seat)
        except OSError:
            seat.is_leaving = True
            return False
        return True

    def _land(self, seat: Seat, flight: Flight, message: Message, *, keeps_slot: bool = False) -> None:
        """A task has come to its end."""
        del seat.flights[flight.number], self._where[flight.number]
        self.timed.discard(flight)
        if not keeps_slot:
            seat.slots.append(flight.slot)
        self.messages.append(message)

    def _go_on(self, seat: Seat, flight: Flight, excess: int) -> None:
        """What a worker does after a task: more of them, or it gives way to a fresh one."""
        seat.done += 1
        if excess:
            text = (
                f"{seat.name} held {reasons.size(excess)} after {flight.task.key}, more than"
                " max_worker_memory allows, and is replaced"
            )
            self.messages.append(Noted(message=text, ticket=flight.ticket))
        is_spent = seat.done >= self._settings.max_steps_per_worker and not seat.threads
        if excess or is_spent or (flight.canceled is not None and not seat.threads) or seat.is_leaving:
            self._part_with(seat)
        elif not seat.threads:
            self._idle.append(seat)

    def _part_with(self, seat: Seat) -> None:
        """Have a worker end when its tasks are done; one with a thread that is stuck is killed."""
        seat.is_leaving = True
        if seat.flights or seat in self.doomed:
            return
        if seat.is_stuck:
            self.kill(seat)
        elif self._post(seat, ("quit", None)):
            self._doom(seat, FAREWELL)

    def _doom(self, seat: Seat, patience: float) -> None:
        """Have a worker killed if it has not ended in so many seconds."""
        seat.is_leaving = True
        if seat in self._idle:
            self._idle.remove(seat)
        until = time.monotonic() + patience
        seat.doomed = until if seat not in self.doomed else min(until, seat.doomed)
        self.doomed.add(seat)

    def _cause(self, seat: Seat, status: int, peak: int) -> tuple[str, Cause]:
        """How a worker ended, and of what."""
        end, is_kill = reasons.end_of(status), reasons.is_kill(status)
        if is_kill and seat.is_silent and seat.is_killed:
            end = "closed its connection to the driver and was killed"
        victims = oom.count() if is_kill else self._victims
        if victims > self._victims:
            self._victims = victims
            return f"{end} because memory ran out; it held up to {reasons.size(peak)}", "memory"
        return end, "worker"

    def _lose(self, seat: Seat, end: str, cause: Cause = "worker") -> None:
        """A worker has ended: so have its tasks, but for those whose outcome still lies in the socket."""
        with contextlib.suppress(EOFError, OSError):
            self._drain(seat)
        others = len(seat.flights) - 1
        for flight in list(seat.flights.values()):
            started = seat.has_begun(flight)
            why = reasons.lost(seat.name, seat.told(end), flight.task.key, started=started, others=others)
            of = cause if flight.canceled is None else "canceled"
            if flight.doom is not None:
                of, why = flight.doom
            self._land(seat, flight, Lost(ticket=flight.ticket, reason=why, started=started, cause=of))
        self._forget(seat)

    def _forget(self, seat: Seat) -> None:
        self.seats.pop(seat.number, None)
        self.doomed.discard(seat)
        if seat in self._idle:
            self._idle.remove(seat)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(seat.channel.fileno())
        seat.channel.close()
        seat.ledger.close()


def _kill_group(pid: int) -> None:
    """Kill a worker that nobody has reaped, and its group."""
    if pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
