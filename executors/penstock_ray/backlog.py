"""The backlog: flights that wait to be sent, and which of them go next, together or alone.

Owns: their order, and the pace of each kind. Flights of one kind want the same of Ray and may travel in one
batch; the others go alone. What waits for a fuller batch holds nobody else up. Must not know Ray.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable

from attrs import define, field

from penstock.spi.queueing import enqueue
from penstock_ray.flights import Flight
from penstock_ray.pace import Pace, share


@define(eq=False)
class _Kind:
    """What waits of one kind.

    Args:
        places: how many such tasks the cluster runs at once.
    """

    places: float
    flights: deque[Flight] = field(factory=deque[Flight])
    pace: Pace = field(factory=Pace)


class Backlog:
    """Flights that were accepted and not sent."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, _Kind] = {None: _Kind(0.0)}
        self._number = 0
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def know(self, kind: Hashable, places: float) -> None:
        """Flights of a kind will come; or those of a known kind have more places now, or fewer.

        Args:
            kind: hashable.
            places: how many of them can run at once.
        """
        if kind in self._kinds:
            self._kinds[kind].places = places
        else:
            self._kinds[kind] = _Kind(places)

    def add(self, flight: Flight) -> bool:
        """Let a flight wait behind all as urgent; whether it should be sent without waiting for more."""
        self._number += 1
        self._waiting += 1
        kind = self._kinds[flight.kind]
        flight.number = self._number
        enqueue(kind.flights, flight, _priority)
        return flight.kind is None or kind.pace.together == 1

    def put_back(self, flight: Flight) -> None:
        """Let a flight that was sent in vain wait where it was before."""
        self._waiting += 1
        waiting = self._kinds[flight.kind].flights
        turn = _turn(flight)
        place = next((at for at, one in enumerate(waiting) if _turn(one) > turn), len(waiting))
        waiting.insert(place, flight)

    def next(self, under_way: Counter[Hashable]) -> list[Flight]:
        """Those that go next, in one batch; empty when all that wait had better wait on.

        Args:
            under_way: batches by kind that were sent and are not over.
        """
        best: tuple[tuple[int, int], _Kind, int] | None = None
        for name, kind in self._kinds.items():
            if kind.flights and (best is None or _turn(kind.flights[0]) < best[0]):
                together = 1 if name is None else kind.pace.together
                count = share(together, len(kind.flights), under_way[name], kind.places)
                if count:
                    best = _turn(kind.flights[0]), kind, count
        if best is None:
            return []
        _, kind, count = best
        self._waiting -= count
        return [kind.flights.popleft() for _ in range(count)]

    def remove(self, key: str) -> Flight | None:
        """Take a flight out; None when it does not wait here."""
        for kind in self._kinds.values():
            for flight in kind.flights:
                if flight.key == key:
                    kind.flights.remove(flight)
                    self._waiting -= 1
                    return flight
        return None

    def note(self, kind: Hashable, seconds: float) -> None:
        """A flight of a kind took so long."""
        if kind is not None:
            self._kinds[kind].pace.note(seconds)

    def clear(self) -> None:
        """Forget everything that waits."""
        for kind in self._kinds.values():
            kind.flights.clear()
        self._waiting = 0


def _priority(flight: Flight) -> int:
    return flight.task.wants.priority


def _turn(flight: Flight) -> tuple[int, int]:
    """What is smaller goes first."""
    return -flight.task.wants.priority, flight.number
