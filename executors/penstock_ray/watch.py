"""The watch: keeps the times of what is under way.

Owns: when a task is to be killed, when it gives no sign of life, and when it keeps others of its batch
waiting, which then come back. How each of that is done is ``stops``'.
"""

from __future__ import annotations

from penstock.spi.executor import Message, Noted
from penstock_ray.config import RayConfig
from penstock_ray.flights import Flight
from penstock_ray.landings import LAST_WORDS, Landings
from penstock_ray.stops import Stops
from penstock_ray.traffic import Traffic

_RECALL = 0.1


class Watch:
    """Keeps times.

    Args:
        traffic: what is under way.
        landings: where those end that Ray does not answer for.
        stops: stop what is due.
        config: for its times.
    """

    def __init__(self, traffic: Traffic, landings: Landings, stops: Stops, config: RayConfig) -> None:
        self._traffic, self._landings = traffic, landings
        self._stops, self._config = stops, config

    def keep(self, now: float, messages: list[Message]) -> None:
        """Do what is due.

        Args:
            now: by the monotonic clock.
            messages: gets what people should read.
        """
        for flight in list(self._traffic.flights.values()):
            if flight.batch is None or flight.batch.has_landed:
                continue
            if flight.kill is not None and now >= flight.kill:
                self._kill(flight, now)
            elif flight.kill is not None and flight.batch.worker is None:
                self._stops.call_off(flight.batch)
            elif flight.started is not None and flight.kill is None:
                self._look_after(flight, now, now - flight.started, messages)

    def _look_after(self, flight: Flight, now: float, age: float, messages: list[Message]) -> None:
        limit = flight.task.wants.timeout
        heard = flight.worker.heard if flight.worker is not None else None
        if limit is not None and age > limit + self._config.grace:
            flight.stopped = "timeout"
            self._kill(flight, now)
        elif flight.cut is not None:
            self._wait_for(flight, now - flight.cut, messages)
        elif not flight.is_stalled and heard is not None and now - heard > self._config.stalled_after:
            flight.is_stalled = True
            messages.append(_stalled(flight, now - heard))
        if age > _RECALL:
            self._stops.recall(flight.batch)

    def _wait_for(self, flight: Flight, gone: float, messages: list[Message]) -> None:
        """A connection was cut and the task goes on: the sweep finds its end."""
        if gone > LAST_WORDS:
            self._traffic.trust(flight.batch)
        if gone > self._config.stalled_after and not flight.is_stalled:
            flight.is_stalled = True
            messages.append(_cut(flight))

    def _kill(self, flight: Flight, now: float) -> None:
        if not self._stops.kill(flight, now) and flight.batch is not None:
            self._landings.give_up(flight.batch, now)


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
