"""The tower: watches the tasks under way, and knows when each has ended.

Owns: waiting. Workers say over the hub when a task starts and ends, so the driver sleeps on sockets and asks
Ray only for what has just ended; a sweep over everything, ten times a second, finds what cannot say so
any more: tasks that died, never began, or run unwatched. The sweep also keeps the times: of tasks to be
killed, and of those that give no sign of life.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import ray as _ray
from attrs import define

from penstock.spi.executor import Message, Noted, Progress
from penstock_ray.config import RayConfig
from penstock_ray.flights import Flight
from penstock_ray.hub import Heard, Hub, Worker
from penstock_ray.losses import is_crash

ray: Any = _ray  # ships types that a strict checker cannot follow

SWEEP = 0.1
_BRIEFLY = 0.005
_UNWATCHED = 0.02
_LATE_RECORDS = 0.5
_LAST_WORDS = 1.0
_FIRST_WORDS = 0.2
_NO_ANSWER = 15.0
_AGAIN = 1.0


@define(eq=False)
class Landing:
    """The end of a task: its control bytes (None for a generator), or the exception of Ray.

    Args:
        flight: that ended.
        result: what its control reference held.
        until: how long to wait for what it told.
    """

    flight: Flight
    result: Any
    until: float


class Tower:
    """Watches tasks from their sending to their end.

    Args:
        hub: of the run.
        config: for its times.
    """

    def __init__(self, hub: Hub, config: RayConfig) -> None:
        self._hub, self._config = hub, config
        self._heard_at: dict[Worker, float] = {}
        self._ended: dict[str, Flight] = {}
        self._held: list[Landing] = []
        self._sweep_at = 0.0
        self.flights: dict[str, Flight] = {}
        self.unwatched = 0

    def add(self, flight: Flight) -> None:
        """Watch a task that was just sent."""
        self.flights[flight.key] = flight
        self.unwatched += not flight.is_watched

    def turn(self, wait: float, messages: list[Message]) -> list[Landing]:
        """Look once, waiting up to ``wait`` seconds for something to happen.

        Args:
            wait: seconds.
            messages: gets what tasks told and what people should read.

        Returns:
            The tasks that have ended; they are watched no more.
        """
        now = time.monotonic()
        self._listen(0.0 if self._ended else min(wait, self._patience(now)), now, messages)
        now = time.monotonic()
        is_sweep = now >= self._sweep_at
        if is_sweep:
            self._sweep_at = now + SWEEP
            self._keep_times(now, messages)
        suspects = self.flights if is_sweep or self.unwatched else self._ended
        landed = self._ready(suspects.values(), 0.0 if is_sweep else min(wait, _BRIEFLY)) if suspects else []
        return self._release(landed)

    def stop(self, flight: Flight, grace: float) -> None:
        """Ask a task to stop, and kill it later."""
        now = time.monotonic()
        if grace > 0:
            if flight.worker is not None:
                flight.worker.tell("stop", flight.key)  # a real interrupt, which wakes whatever sleeps
            ray.cancel(flight.handle, force=False, recursive=True)  # also what it started on Ray
        flight.kill = now + grace
        self._sweep_at = min(self._sweep_at, flight.kill)

    def _patience(self, now: float) -> float:
        """How long to listen before something else is due."""
        if self._held or self.unwatched:
            return _UNWATCHED
        return max(0.0, self._sweep_at - now)

    def _listen(self, wait: float, now: float, messages: list[Message]) -> None:
        for heard in self._hub.poll(wait):
            self._hear(heard, now, messages)

    def _hear(self, heard: Heard, now: float, messages: list[Message]) -> None:
        worker, frame = heard
        if frame is None:
            self._part(worker, now)
            return
        kind, key, first, records = frame
        self._heard_at[worker] = now
        flight = self.flights.get(key)
        if flight is None:
            return
        if kind == "start":
            flight.worker, flight.started, worker.task = worker, now, key
        elif kind == "again":
            self._take_up(flight, worker, now)
        elif kind == "end":
            worker.task = ""
            self._suspect(flight)
        new = records[max(0, flight.seen - first) :]  # what went out before a cut may come twice
        if new:
            flight.seen = first + len(records)
            messages += [Progress(ticket=flight.ticket, record=record) for record in new]

    def _take_up(self, flight: Flight, worker: Worker, now: float) -> None:
        """A worker whose connection was cut is back; it tells what is missing once it knows what is."""
        before, flight.worker, worker.task = flight.worker, worker, flight.key
        flight.started, flight.cut = flight.started or now, None
        self._ended.pop(flight.key, None)
        if before is not None:
            before.task = ""
            if not before.is_open:
                before.forget()
        worker.tell("seen", flight.key, flight.seen)

    def _part(self, worker: Worker, now: float) -> None:
        """A connection ended: its worker died, or it was cut and its task runs on unheard."""
        self._heard_at.pop(worker, None)
        flight = self.flights.get(worker.task)
        if flight is not None:
            flight.cut = now
            self._suspect(flight)

    def _suspect(self, flight: Flight) -> None:
        if not flight.has_landed:
            self._ended[flight.key] = flight

    def _ready(self, flights: Iterable[Flight], wait: float) -> list[Landing]:
        by_control = {flight.control: flight for flight in flights if not flight.has_landed}
        controls = list(by_control)
        if not controls:
            return []
        ready, _ = ray.wait(controls, num_returns=len(controls), timeout=0, fetch_local=False)
        if not ready and wait:
            ready, _ = ray.wait(controls, num_returns=1, timeout=wait, fetch_local=False)
        if not ready:
            return []
        try:
            results = ray.get(ready)
        except Exception:  # noqa: BLE001 - of one of them, any of Ray's
            results = [_result(control) for control in ready]
        now = time.monotonic()
        return [self._land(by_control[one], result, now) for one, result in zip(ready, results, strict=True)]

    def _land(self, flight: Flight, result: Any, now: float) -> Landing:
        flight.has_landed = True
        self._ended.pop(flight.key, None)
        return Landing(flight, result, now + _longest_wait(flight, result))

    def _release(self, landed: list[Landing]) -> list[Landing]:
        """Those that have nothing more to tell; the others are held a moment."""
        if not self._held and not landed:
            return landed
        now = time.monotonic()
        known = self._held + landed
        self._held = [one for one in known if now < one.until and _tells_more(one)]
        gone = [one for one in known if one not in self._held] if self._held else known
        for landing in gone:
            self.flights.pop(landing.flight.key, None)
            self.unwatched -= not landing.flight.is_watched
        return gone

    def _keep_times(self, now: float, messages: list[Message]) -> None:
        for flight in self.flights.values():
            if flight.has_landed:
                continue
            if flight.kill is not None and now >= flight.kill:
                self._kill(flight, now)
            elif flight.started is not None and flight.kill is None:
                self._look_after(flight, now, now - flight.started, messages)

    def _look_after(self, flight: Flight, now: float, age: float, messages: list[Message]) -> None:
        limit = flight.task.wants.timeout
        if limit is not None and age > limit + self._config.grace:
            flight.stopped = "timeout"
            self._kill(flight, now)
        elif flight.cut is not None:
            self._wait_for(flight, now - flight.cut, messages)
        elif not flight.is_stalled and flight.worker in self._heard_at:
            quiet = now - self._heard_at[flight.worker]
            if quiet > self._config.stalled_after:
                flight.is_stalled = True
                messages.append(_stalled(flight, quiet))

    def _wait_for(self, flight: Flight, gone: float, messages: list[Message]) -> None:
        """A connection was cut and the task goes on: the sweep finds its end."""
        if gone > _LAST_WORDS:
            self._ended.pop(flight.key, None)
        if gone > self._config.stalled_after and not flight.is_stalled:
            flight.is_stalled = True
            messages.append(_cut(flight))

    def _kill(self, flight: Flight, now: float) -> None:
        """Kill a task, again and again: Ray may forget it while it is still asking the task to stop."""
        flight.killed = flight.killed or now
        flight.kill = now + _AGAIN
        if now > flight.killed + _NO_ANSWER:
            self._give_up(flight, now)
        else:
            ray.cancel(flight.handle, force=True, recursive=True)

    def _give_up(self, flight: Flight, now: float) -> None:
        """Ray does not say what became of it: its machine hangs, most likely."""
        flight.has_landed = True
        self._ended.pop(flight.key, None)
        self._held.append(Landing(flight, TimeoutError("Ray did not confirm it"), now))


def _longest_wait(flight: Flight, result: Any) -> float:
    """How long to wait for what a task told before its end."""
    if not isinstance(result, BaseException):
        return _LATE_RECORDS
    if not is_crash(result):
        return 0.0
    return _FIRST_WORDS if flight.started is None else _LAST_WORDS


def _tells_more(landing: Landing) -> bool:
    """Whether records of a task are still under way."""
    flight, result = landing.flight, landing.result
    if isinstance(result, BaseException):
        worker = flight.worker
        return worker is None or worker.is_open or (worker.process is not None and worker.process.is_pending)
    return flight.worker is not None and flight.worker.is_open and flight.worker.task == flight.key


def _result(control: Any) -> Any:
    try:
        return ray.get(control)
    except Exception as error:  # noqa: BLE001 - any of Ray's, which is the result
        return error


def _cut(flight: Flight) -> Noted:
    return Noted(
        ticket=flight.ticket,
        message=f"The connection to {flight.where()} was cut and did not come back: what {flight.key} tells"
        " comes with its end.",
    )


def _stalled(flight: Flight, quiet: float) -> Noted:
    return Noted(
        ticket=flight.ticket,
        message=f"{flight.key} on {flight.where()}: no heartbeat for {quiet:.0f} s. Its process hangs, holds"
        " the interpreter in a C call, or its machine cannot be reached.",
    )
