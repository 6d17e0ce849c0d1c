"""Whose time is up: tasks past their timeout, canceled ones that go on or sleep, workers that do not leave.

Owns: when the driver must look again, and what it does then. Time counts from the moment when a task began,
which the worker's ledger tells. Also looks at the memory of running steps where there is a limit.
"""

from __future__ import annotations

from math import inf

from penstock_local import kernel, reasons
from penstock_local.crew import Crew
from penstock_local.seat import Flight, Seat

_MEMORY_PAUSE = 0.1  # seconds between two looks at the memory of running steps


class Watch:
    """Looks after a crew.

    Args:
        crew: of the pool.
        most: bytes that a worker may hold during a step; None for no limit.
    """

    def __init__(self, crew: Crew, most: int | None = None) -> None:
        self._crew = crew
        self._most = most

    def next(self, now: float) -> float | None:
        """Seconds until it is to look again; None for never."""
        crew = self._crew
        times = [one.doomed for one in crew.doomed]
        times += [one.wake for one in crew.timed if one.wake < inf]
        for flight in crew.timed:
            seat = crew.seat_of(flight)
            if seat is not None and (time := seat.time_of(flight, now)) is not None:
                times.append(time)
        if self._most is not None and crew.is_busy:
            times.append(now + _MEMORY_PAUSE)
        return max(min(times) - now, 0.0) if times else None

    def look(self, now: float) -> None:
        """Kill what is too late or too large."""
        crew = self._crew
        for seat in [one for one in crew.doomed if one.doomed <= now]:
            crew.kill(seat)
        for flight in [one for one in crew.timed if one.wake <= now]:
            crew.wake(flight, now)
        for flight in [one for one in crew.timed if one.doom is None]:
            seat = crew.seat_of(flight)
            if seat is not None and (time := seat.time_of(flight, now)) is not None and time <= now:
                self._end(seat, flight, now)
        if self._most is not None:
            self._weigh(self._most)

    def _end(self, seat: Seat, flight: Flight, now: float) -> None:
        """A task's time is up."""
        key = flight.task.key
        if flight.canceled is not None and flight.canceled <= now:
            flight.doom = "canceled", f"{key} was canceled and did not stop when asked; "
        else:
            limit = flight.task.wants.timeout
            flight.doom = "timeout", f"{key} ran longer than its timeout of {limit:g} s and did not stop; "
        if seat.threads:
            flight.doom = flight.doom[0], f"{flight.doom[1]}its thread in {seat.name} was left alone"
            self._crew.give_up(flight, *flight.doom)
        else:
            flight.doom = flight.doom[0], f"{flight.doom[1]}{seat.name} was killed"
            self._crew.kill(seat)

    def _weigh(self, most: int) -> None:
        """Kill workers that hold too much memory."""
        for seat in list(self._crew.seats.values()):
            if seat.flights and seat.pid and (held := kernel.resident(seat.pid)) > most:
                for flight in seat.flights.values():
                    why = (
                        f"{seat.name} was killed while it ran {flight.task.key}: it held"
                        f" {reasons.size(held)}, max_step_memory allows {reasons.size(most)}"
                    )
                    flight.doom = flight.doom or ("memory", why)
                self._crew.kill(seat)
