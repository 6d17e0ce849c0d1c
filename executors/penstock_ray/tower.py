"""The tower: watches the batches under way, and knows when each flight is over.

Owns: waiting. Workers say over the hub when a task starts, and how it ended unless Ray has to bring its
values; so the driver sleeps on sockets and asks Ray only for what cannot come otherwise. A sweep over
everything, ten times a second, finds what cannot say so any more: tasks that died, never began, or run
unwatched. Before a batch counts as lost, everything is heard that lies in the mailbox. The sweep also keeps
the times: of tasks to be killed, of those that give no sign of life, and of those that keep others of their
batch waiting, which then come back.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

import ray as _ray
from attrs import define

from penstock.spi.executor import Message, Noted, Progress
from penstock_ray.config import RayConfig
from penstock_ray.flights import Arrival, Batch, Flight, arrivals
from penstock_ray.hub import Hub
from penstock_ray.losses import is_crash
from penstock_ray.mailbox import Mailbox
from penstock_ray.orders import decoded
from penstock_ray.workers import Heard, Worker

ray: Any = _ray  # ships types that a strict checker cannot follow

SWEEP = 0.1
_BRIEFLY = 0.005
_UNWATCHED = 0.02
_LATE_RECORDS = 0.5
_LAST_WORDS = 1.0
_FIRST_WORDS = 0.2
_NO_ANSWER = 15.0
_AGAIN = 1.0
_RECALL = 0.1


@define(eq=False)
class Landing:
    """The end of a batch: its answer (None for a generator), or the exception of Ray.

    Args:
        batch: that ended.
        result: what its control reference held.
        until: how long to wait for what its tasks told.
        mark: of the mailbox, behind what they told there; 0 for none.
        given_up: when to wait for that no longer.
    """

    batch: Batch
    result: Any
    until: float
    mark: int = 0
    given_up: float = 0.0


class Tower:
    """Watches batches from their sending to their end.

    Args:
        hub: of the run.
        config: for its times.

    ``flights`` are those that were sent and are not over, by key; ``under_way`` counts the batches by kind;
    ``mailbox`` is there once a worker needed one, until it is lost.
    """

    def __init__(self, hub: Hub, config: RayConfig) -> None:
        self._hub, self._config = hub, config
        self._heard_at: dict[Worker, float] = {}
        self._suspects: dict[Batch, None] = {}
        self._held: list[Landing] = []
        self._over: list[Arrival] = []
        self._sweep_at = 0.0
        self._unwatched = 0
        self.mailbox: Mailbox | None = None
        self.flights: dict[str, Flight] = {}
        self.batches: dict[Batch, None] = {}
        self.under_way: Counter[Hashable] = Counter()

    def add(self, batch: Batch) -> None:
        """Watch a batch that was just sent."""
        self.flights |= batch.open
        self.batches[batch] = None
        self.under_way[batch.kind] += 1
        self._unwatched += sum(not one.is_watched for one in batch.open.values())

    def open_mailbox(self, mailbox: Mailbox) -> None:
        """Listen to that as well."""
        self.mailbox = mailbox
        self._hub.attach(mailbox)

    def turn(self, wait: float, messages: list[Message]) -> list[Arrival]:
        """Look once, waiting up to ``wait`` seconds for something to happen.

        Args:
            wait: seconds.
            messages: gets what tasks told and what people should read.

        Returns:
            The flights that are over; they are watched no more.
        """
        now = time.monotonic()
        self._listen(0.0 if self._suspects else min(wait, self._patience(now)), now, messages)
        now = time.monotonic()
        is_sweep = now >= self._sweep_at
        if is_sweep:
            self._sweep_at = now + SWEEP
            self._keep_times(now, messages)
        suspects = self.batches if is_sweep or self._unwatched else self._suspects
        if suspects or self._held:
            brief = 0.0 if is_sweep or self._over else min(wait, _BRIEFLY)
            self._release(self._ready(suspects, brief))
        over, self._over = self._over, []
        return over

    def stop(self, flight: Flight, grace: float) -> None:
        """Ask a task to stop, and kill it later."""
        batch = flight.batch
        flight.kill = time.monotonic() + grace
        self._sweep_at = min(self._sweep_at, flight.kill)
        self._recall(batch)
        if batch is not None and grace > 0:
            self._interrupt(flight)
            if len(batch.open) == 1:
                ray.cancel(batch.handle, force=False, recursive=True)  # also what it started on Ray

    def _interrupt(self, flight: Flight) -> None:
        """A real interrupt, which wakes whatever sleeps; said again when a task begins after this."""
        if flight.worker is not None:
            flight.worker.tell("stop", flight.key)

    def _recall(self, batch: Batch | None) -> None:
        """Have those back that wait in a worker."""
        if batch is None or batch.worker is None or len(batch.open) < 2 or batch.is_recalled:
            return
        if batch.worker.task in batch.open:
            batch.is_recalled = batch.worker.tell("recall", batch.worker.task)

    def _patience(self, now: float) -> float:
        """How long to listen before something else is due."""
        if self._held or self._unwatched:
            return _UNWATCHED
        return max(0.0, self._sweep_at - now)

    def _listen(self, wait: float, now: float, messages: list[Message]) -> None:
        for heard in self._hub.poll(wait):
            self._hear(heard, now, messages)
        if self.mailbox is not None and not self.mailbox.is_open:
            self.mailbox = None
            messages.append(Noted(message=_NO_MAILBOX))
            for batch in self.batches:  # any of them may have begun without being heard
                batch.is_unheard = batch.is_unheard or batch.worker is None or not batch.worker.is_direct

    def _hear(self, heard: Heard, now: float, messages: list[Message]) -> None:
        worker, frame = heard
        if frame is None:
            self._part(worker, now)
            return
        kind, key, first, records = frame
        self._heard_at[worker] = now
        if kind == "back":
            self._take_back(worker, records)
            return
        flight = self.flights.get(key)
        if flight is None:
            return
        if kind == "start":
            self._begin(flight, worker, now)
        elif kind == "again":
            self._take_up(flight, worker, now)
        elif kind == "done":
            worker.task = ""
            self._end(Arrival(flight=flight, control=decoded(records[0])))
            return
        elif kind == "end":
            worker.task = ""
            self._suspect(flight)
        new = records[max(0, flight.seen - first) :]  # what went out before a cut may come twice
        if new:
            flight.seen = first + len(records)
            messages += [Progress(ticket=flight.ticket, record=record) for record in new]

    def _begin(self, flight: Flight, worker: Worker, now: float) -> None:
        flight.worker, flight.started, worker.task = worker, now, flight.key
        if flight.batch is not None:
            flight.batch.worker = worker
            flight.batch.is_recalled = flight.batch.is_unheard = False
        if flight.stopped:
            self._interrupt(flight)
        elif any(one.stopped for one in _mates(flight)):
            self._recall(flight.batch)

    def _end(self, arrival: Arrival) -> None:
        """A flight is over."""
        flight = arrival.flight
        batch = flight.batch
        del self.flights[flight.key]
        self._over.append(arrival)
        self._unwatched -= not flight.is_watched
        if batch is not None:
            del batch.open[flight.key]
            if not batch.open:
                del self.batches[batch]
                self._suspects.pop(batch, None)
                self.under_way[batch.kind] -= 1

    def _take_back(self, worker: Worker, keys: Iterable[str]) -> None:
        """Flights that did not begin in the worker they were sent to; by now they may be on another way."""
        for key in keys:
            flight = self.flights.get(key)
            if flight is not None and flight.batch is not None and flight.batch.worker is worker:
                self._end(Arrival(flight=flight))

    def _take_up(self, flight: Flight, worker: Worker, now: float) -> None:
        """A worker whose connection was cut is back; it tells what is missing once it knows what is."""
        before, started = flight.worker, flight.started
        self._begin(flight, worker, now)
        flight.started, flight.cut = started or now, None
        if flight.batch is not None:
            self._suspects.pop(flight.batch, None)
        if before is not None:
            before.task = ""
            if not before.is_open:
                before.forget()
        worker.tell("seen", flight.key, flight.seen)

    def _part(self, worker: Worker, now: float) -> None:
        """A connection ended: its worker died, or it was cut and its task runs on unheard."""
        self._heard_at.pop(worker, None)
        if worker.is_cut:
            for batch in self.batches:
                batch.is_unheard = batch.is_unheard or batch.worker in (None, worker)
        flight = self.flights.get(worker.task)
        if flight is not None:
            flight.cut = now
            self._suspect(flight)

    def _suspect(self, flight: Flight) -> None:
        if flight.batch is not None and not flight.batch.has_landed:
            self._suspects[flight.batch] = None

    def _ready(self, batches: Iterable[Batch], wait: float) -> list[Landing]:
        by_control = {batch.control: batch for batch in batches if not batch.has_landed}
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

    def _land(self, batch: Batch, result: Any, now: float) -> Landing:
        batch.has_landed = True
        self._suspects.pop(batch, None)
        landing = Landing(batch, result, now + _longest_wait(batch, result))
        worker = batch.worker
        is_gone = is_crash(result) or (isinstance(result, BaseException) and _is_killed(batch))
        if self.mailbox is not None and (is_gone or worker is None or worker.task in batch.open):
            landing.mark = self.mailbox.mark(worker, is_gone=is_gone)
            landing.given_up = now + _NO_ANSWER
        return landing

    def _release(self, landed: list[Landing]) -> None:
        """End the flights of those that have nothing more to tell; the others are held a moment."""
        if not self._held and not landed:
            return
        now = time.monotonic()
        known = [one for one in self._held + landed if one.batch.open]
        self._held = [
            one for one in known if self._lies_in_mailbox(one, now) or (now < one.until and _tells_more(one))
        ]
        for landing in known:
            if landing not in self._held:
                for arrival in arrivals(landing.batch, landing.result):
                    self._end(arrival)

    def _lies_in_mailbox(self, landing: Landing, now: float) -> bool:
        """Whether something may still be there, also that a task of the batch began."""
        if self.mailbox is None or self.mailbox.has_passed(landing.mark):
            return False
        if now >= landing.given_up:
            self.mailbox.give_up()  # the next turn knows it, and then that nothing is certain
        return True

    def _keep_times(self, now: float, messages: list[Message]) -> None:
        for flight in list(self.flights.values()):
            if flight.batch is None or flight.batch.has_landed:
                continue
            if flight.kill is not None and now >= flight.kill:
                self._kill(flight, flight.batch, now)
            elif flight.kill is not None and flight.batch.worker is None:
                self._call_off(flight.batch)
            elif flight.started is not None and flight.kill is None:
                self._look_after(flight, now, now - flight.started, messages)

    def _call_off(self, batch: Batch) -> None:
        """Have back those that wait in Ray with one that is to be stopped.

        Not when all are to be stopped, which happens soon after they begin: Ray may fail a task of which a
        worker begins just now, and then ends this process when that is done with it.
        """
        if not batch.is_canceled and not all(one.stopped for one in batch.open.values()):
            batch.is_canceled = True
            ray.cancel(batch.handle, force=False, recursive=True)

    def _look_after(self, flight: Flight, now: float, age: float, messages: list[Message]) -> None:
        limit = flight.task.wants.timeout
        if limit is not None and age > limit + self._config.grace:
            flight.stopped = "timeout"
            self._kill(flight, flight.batch, now)
        elif flight.cut is not None:
            self._wait_for(flight, now - flight.cut, messages)
        elif not flight.is_stalled and flight.worker in self._heard_at:
            quiet = now - self._heard_at[flight.worker]
            if quiet > self._config.stalled_after:
                flight.is_stalled = True
                messages.append(_stalled(flight, quiet))
        if age > _RECALL:
            self._recall(flight.batch)

    def _wait_for(self, flight: Flight, gone: float, messages: list[Message]) -> None:
        """A connection was cut and the task goes on: the sweep finds its end."""
        if gone > _LAST_WORDS and flight.batch is not None:
            self._suspects.pop(flight.batch, None)
        if gone > self._config.stalled_after and not flight.is_stalled:
            flight.is_stalled = True
            messages.append(_cut(flight))

    def _kill(self, flight: Flight, batch: Batch | None, now: float) -> None:
        """Kill a task, again and again: Ray may forget it while it is still asking the task to stop."""
        flight.kill = now + _AGAIN
        if batch is None or any(one.started and not one.stopped for one in _mates(flight)):
            return  # another task of the batch runs, which nobody wants to stop; this one never began
        flight.killed = flight.killed or now
        if now > flight.killed + _NO_ANSWER:
            self._give_up(batch, now)
        else:
            ray.cancel(batch.handle, force=True, recursive=True)

    def _give_up(self, batch: Batch, now: float) -> None:
        """Ray does not say what became of it: its machine hangs, most likely."""
        batch.has_landed = True
        self._suspects.pop(batch, None)
        self._held.append(Landing(batch, TimeoutError("Ray did not confirm it"), now))


def _mates(flight: Flight) -> list[Flight]:
    """The others of its batch that are not over."""
    batch = flight.batch
    return (
        []
        if batch is None or len(batch.open) < 2
        else [one for one in batch.open.values() if one is not flight]
    )


def _longest_wait(batch: Batch, result: Any) -> float:
    """How long to wait for what tasks told before the end of their batch."""
    if not isinstance(result, BaseException):
        return _LATE_RECORDS
    if batch.worker is not None:
        return _LAST_WORDS
    return _FIRST_WORDS if is_crash(result) or _is_killed(batch) else 0.0


def _is_killed(batch: Batch) -> bool:
    return any(one.killed for one in batch.open.values())


def _tells_more(landing: Landing) -> bool:
    """Whether records of a batch are still under way."""
    batch, result = landing.batch, landing.result
    worker = batch.worker
    if isinstance(result, BaseException):
        return worker is None or worker.is_open or (worker.process is not None and worker.process.is_pending)
    return worker is not None and worker.is_open and worker.task in batch.open


def _result(control: Any) -> Any:
    try:
        return ray.get(control)
    except Exception as error:  # noqa: BLE001 - any of Ray's, which is the result
        return error


_NO_MAILBOX = (
    "The mailbox is gone through which workers are heard that cannot reach this process: what their steps"
    " tell comes with their ends."
)


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
