"""Hearing: what the words of workers mean for the flights under way.

Owns: the meaning of each frame, and of the end of a connection. What a frame looks like is ``wire``'s, how it
comes the hub's or the mailbox's. Must not ask Ray anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.spi.executor import Message, Progress
from penstock_ray.flights import Arrival, Flight
from penstock_ray.orders import decoded
from penstock_ray.stops import Stops
from penstock_ray.traffic import Traffic
from penstock_ray.workers import Heard, Worker


class Hearing:
    """Understands workers.

    Args:
        traffic: what is under way.
        stops: stop what begins too late.
    """

    def __init__(self, traffic: Traffic, stops: Stops) -> None:
        self._traffic, self._stops = traffic, stops

    def hear(self, heard: Heard, now: float, messages: list[Message]) -> None:
        """Take in what a worker said.

        Args:
            heard: the worker and its frame.
            now: by the monotonic clock.
            messages: gets what tasks told.
        """
        worker, frame = heard
        if frame is None:
            self._part(worker, now)
            return
        kind, key, first, records = frame
        worker.heard = now
        if kind == "back":
            self._take_back(worker, records)
            return
        flight = self._traffic.flights.get(key)
        if flight is None:
            return
        if kind == "start":
            self._begin(flight, worker, now)
        elif kind == "again":
            self._take_up(flight, worker, now)
        elif kind == "done":
            worker.task = ""
            self._traffic.end(Arrival(flight=flight, control=decoded(records[0])))
            return
        elif kind == "end":
            worker.task = ""
            self._traffic.suspect(flight)
        new = records[max(0, flight.seen - first) :]  # what went out before a cut may come twice
        if new:
            flight.seen = first + len(records)
            messages += [Progress(ticket=flight.ticket, record=record) for record in new]

    def lose_mailbox(self) -> None:
        """What workers said through the mailbox may be lost: any batch of theirs may have begun unheard."""
        for batch in self._traffic.batches:
            batch.is_unheard = batch.is_unheard or batch.worker is None or not batch.worker.is_direct

    def _begin(self, flight: Flight, worker: Worker, now: float) -> None:
        flight.worker, flight.started, worker.task = worker, now, flight.key
        if flight.batch is not None:
            flight.batch.worker = worker
            flight.batch.is_recalled = flight.batch.is_unheard = False
        self._stops.say_again(flight)

    def _take_back(self, worker: Worker, keys: Iterable[str]) -> None:
        """Flights that did not begin in the worker they were sent to; by now they may be on another way."""
        for key in keys:
            flight = self._traffic.flights.get(key)
            if flight is not None and flight.batch is not None and flight.batch.worker is worker:
                self._traffic.end(Arrival(flight=flight))

    def _take_up(self, flight: Flight, worker: Worker, now: float) -> None:
        """A worker whose connection was cut is back; it tells what is missing once it knows what is."""
        before, started = flight.worker, flight.started
        self._begin(flight, worker, now)
        flight.started, flight.cut = started or now, None
        self._traffic.trust(flight.batch)
        if before is not None:
            before.task = ""
            if not before.is_open:
                before.forget()
        worker.tell("seen", flight.key, flight.seen)

    def _part(self, worker: Worker, now: float) -> None:
        """A connection ended: its worker died, or it was cut and its task runs on unheard."""
        worker.heard = None
        if worker.is_cut:
            for batch in self._traffic.batches:
                batch.is_unheard = batch.is_unheard or batch.worker in (None, worker)
        flight = self._traffic.flights.get(worker.task)
        if flight is not None:
            flight.cut = now
            self._traffic.suspect(flight)
