"""The traffic: which batches were sent and are not over, and which of them have to be asked about.

Owns: the book of flights and batches under way. An entry is made when a batch is sent and goes with the end
of each flight, whoever notices that; so nothing ends twice. Must not know Ray.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from attrs import define, field

from penstock_ray.flights import Arrival, Batch, Flight


@define(eq=False)
class Traffic:
    """What is under way.

    Args:
        flights: those that were sent and are not over, by key.
        batches: that hold them, in the order of their sending.
        under_way: how many batches, by kind.
        suspects: batches that may have landed without being heard.
        unwatched: how many flights tell nothing before their end.
    """

    flights: dict[str, Flight] = field(factory=dict[str, Flight])
    batches: dict[Batch, None] = field(factory=dict[Batch, None])
    under_way: Counter[Hashable] = field(factory=Counter[Hashable])
    suspects: dict[Batch, None] = field(factory=dict[Batch, None])
    unwatched: int = 0
    _over: list[Arrival] = field(factory=list[Arrival])

    def add(self, batch: Batch) -> None:
        """A batch was just sent."""
        self.flights |= batch.open
        self.batches[batch] = None
        self.under_way[batch.kind] += 1
        self.unwatched += sum(not one.is_watched for one in batch.open.values())

    def end(self, arrival: Arrival) -> None:
        """A flight is over."""
        flight = arrival.flight
        batch = flight.batch
        del self.flights[flight.key]
        self._over.append(arrival)
        self.unwatched -= not flight.is_watched
        if batch is not None:
            del batch.open[flight.key]
            if not batch.open:
                del self.batches[batch]
                self.suspects.pop(batch, None)
                self.under_way[batch.kind] -= 1

    def suspect(self, flight: Flight) -> None:
        """The batch of a flight has landed, perhaps."""
        if flight.batch is not None and not flight.batch.has_landed:
            self.suspects[flight.batch] = None

    def trust(self, batch: Batch | None) -> None:
        """A batch need not be asked about before its turn."""
        if batch is not None:
            self.suspects.pop(batch, None)

    @property
    def has_news(self) -> bool:
        """Whether flights have ended that nobody took."""
        return bool(self._over)

    def take_ended(self) -> list[Arrival]:
        """The flights that have ended since the last time."""
        over, self._over = self._over, []
        return over
