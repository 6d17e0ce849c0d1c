"""The tower: watches the batches under way, and knows when each flight is over.

Owns: waiting, and the turns in which its parts do their work. Workers say over the hub when a task starts,
and how it ended unless Ray has to bring its values (``hearing``); so the driver sleeps on sockets and asks
Ray only for what cannot come otherwise (``landings``). A sweep over everything, ten times a second, finds
what cannot say so any more: tasks that died, never began, or run unwatched. The sweep also keeps the times
(``watch``).
"""

from __future__ import annotations

import time

from penstock.spi.executor import Message, Noted
from penstock_ray.cancels import Cancels
from penstock_ray.config import RayConfig
from penstock_ray.flights import Arrival, Batch, Flight
from penstock_ray.hearing import Hearing
from penstock_ray.hub import Hub
from penstock_ray.landings import Landings
from penstock_ray.mailbox import Mailbox
from penstock_ray.stops import Stops
from penstock_ray.traffic import Traffic
from penstock_ray.watch import Watch

SWEEP = 0.1
_BRIEFLY = 0.005
_UNWATCHED = 0.02
_GOODBYE = 2.0


class Tower:
    """Watches batches from their sending to their end.

    Args:
        hub: of the run.
        config: for its times.

    ``flights``, ``batches`` and ``under_way`` are the ``Traffic``'s.
    """

    def __init__(self, hub: Hub, config: RayConfig) -> None:
        self._hub = hub
        self._traffic = Traffic()
        self._landings = Landings(self._traffic)
        self._cancels = Cancels()
        self._stops = Stops(self._cancels)
        self._hearing = Hearing(self._traffic, self._stops)
        self._watch = Watch(self._traffic, self._landings, self._stops, config)
        self._sweep_at = 0.0
        self.flights = self._traffic.flights
        self.batches = self._traffic.batches
        self.under_way = self._traffic.under_way

    @property
    def mailbox(self) -> Mailbox | None:
        """It is there once a worker needed one, until it is lost."""
        return self._landings.mailbox

    def add(self, batch: Batch) -> None:
        """Watch a batch that was just sent."""
        self._traffic.add(batch)

    def open_mailbox(self, mailbox: Mailbox) -> None:
        """Listen to that as well."""
        self._landings.mailbox = mailbox
        self._hub.attach(mailbox)

    def turn(self, wait: float, messages: list[Message]) -> list[Arrival]:
        """Look once, waiting up to ``wait`` seconds for something to happen.

        Args:
            wait: seconds.
            messages: gets what tasks told and what people should read.

        Returns:
            The flights that are over; they are watched no more.
        """
        traffic, landings = self._traffic, self._landings
        now = time.monotonic()
        self._listen(0.0 if traffic.suspects else min(wait, self._patience(now)), now, messages)
        now = time.monotonic()
        is_sweep = now >= self._sweep_at
        if is_sweep:
            self._sweep_at = now + SWEEP
            self._watch.keep(now, messages)
        suspects = traffic.batches if is_sweep or traffic.unwatched else traffic.suspects
        if suspects or landings.are_held:
            landings.find(suspects, 0.0 if is_sweep or traffic.has_news else min(wait, _BRIEFLY))
        return traffic.take_ended()

    def stop(self, flight: Flight, grace: float) -> None:
        """Ask a task to stop, and kill it later."""
        self._stops.stop(flight, grace, time.monotonic())
        if flight.kill is not None:
            self._sweep_at = min(self._sweep_at, flight.kill)

    def close(self) -> None:
        """Kill what is under way, and forget it."""
        for flight in self.flights.values():
            flight.leave()
        for batch in self.batches:
            if not batch.has_landed:
                self._cancels.cancel(batch.handle, force=True)
        if self.batches:
            self._cancels.settle(_GOODBYE)
        self.flights.clear()
        self.batches.clear()

    def _patience(self, now: float) -> float:
        """How long to listen before something else is due."""
        if self._landings.are_held or self._traffic.unwatched:
            return _UNWATCHED
        return max(0.0, self._sweep_at - now)

    def _listen(self, wait: float, now: float, messages: list[Message]) -> None:
        for heard in self._hub.poll(wait):
            self._hearing.hear(heard, now, messages)
        if self.mailbox is not None and not self.mailbox.is_open:
            self._landings.mailbox = None
            messages.append(Noted(message=_NO_MAILBOX))
            self._hearing.lose_mailbox()


_NO_MAILBOX = (
    "The mailbox is gone through which workers are heard that cannot reach this process: what their steps"
    " tell comes with their ends."
)
