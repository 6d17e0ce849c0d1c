"""What the last message of a task, as its worker sends it, means to the engine.

Owns: the words, and the choice between outcome and loss. Does nothing else.
"""

from __future__ import annotations

import pickle
from typing import Any

from penstock.spi.executor import Cause, Lost, Message, Outcome
from penstock_local.seat import Flight


def end_of(worker: str, flight: Flight, what: str, rest: tuple[Any, ...]) -> Message:
    """The message to the engine for the last message of a task."""
    ticket, key = flight.ticket, flight.task.key
    if what == "done":
        _, record, parcels, _ = rest
        try:
            found = pickle.loads(record)
        except Exception as error:  # noqa: BLE001 - unpickling runs code of others
            why = f"{worker} ran {key}, but its record cannot be read: {error!r}"
            return Lost(ticket=ticket, reason=why)
        return Outcome(ticket=ticket, record=found, handed=tuple(parcels))
    if what == "gone":
        why = f"{worker} did not find the value {rest[1]!r} that {key} needs: {rest[2]}"
        return Lost(ticket=ticket, reason=why, started=False, cause="input", missing=(rest[1],))
    if what == "skipped":
        return Lost(
            ticket=ticket, reason=f"{key} was canceled before it began", started=False, cause="canceled"
        )
    if what == "interrupted":
        cause: Cause = "worker" if flight.canceled is None else "canceled"
        return Lost(ticket=ticket, reason=f"{key} was interrupted while it ran in {worker}", cause=cause)
    return Lost(ticket=ticket, reason=f"{key} ran in {worker}: {rest[1]}")
