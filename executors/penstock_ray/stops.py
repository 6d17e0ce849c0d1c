"""Stops: how tasks are asked to stop, had back, called off and killed.

Owns: the words and calls for that, and when each is right. A worker is told over the hub which of its tasks
is meant; Ray can only mean a whole batch. Who is to stop when is not decided here: ``watch`` keeps the times.
"""

from __future__ import annotations

from penstock_ray.cancels import Cancels
from penstock_ray.flights import Batch, Flight

NO_ANSWER = 15.0
"""Seconds in which Ray confirms that a task was killed."""

_AGAIN = 1.0


class Stops:
    """Stops tasks.

    Args:
        cancels: what Ray is asked by.
    """

    def __init__(self, cancels: Cancels) -> None:
        self._cancels = cancels

    def stop(self, flight: Flight, grace: float, now: float) -> None:
        """Ask a task to stop, which is to be killed later.

        Args:
            flight: of the task.
            grace: seconds until then.
            now: by the monotonic clock.
        """
        batch = flight.batch
        flight.kill = now + grace
        self.recall(batch)
        if batch is not None and grace > 0:
            _interrupt(flight)
            if len(batch.open) == 1:
                self._cancels.cancel(batch.handle, force=False)

    def say_again(self, flight: Flight) -> None:
        """A task begins: say what could not be said before."""
        if flight.stopped:
            _interrupt(flight)
        elif any(one.stopped for one in _mates(flight)):
            self.recall(flight.batch)

    def recall(self, batch: Batch | None) -> None:
        """Have those back that wait in a worker."""
        if batch is None or batch.worker is None or len(batch.open) < 2 or batch.is_recalled:
            return
        if batch.worker.task in batch.open:
            batch.is_recalled = batch.worker.tell("recall", batch.worker.task)

    def call_off(self, batch: Batch) -> None:
        """Have those back that wait in Ray, of which one is to be stopped."""
        if not batch.is_canceled:
            batch.is_canceled = True
            self._cancels.cancel(batch.handle, force=False)

    def kill(self, flight: Flight, now: float) -> bool:
        """Kill a task, again and again: Ray may forget it while it is still asking the task to stop.

        Returns:
            False when Ray does not say what became of it: its machine hangs, most likely.
        """
        batch = flight.batch
        flight.kill = now + _AGAIN
        if batch is None or any(one.started and not one.stopped for one in _mates(flight)):
            return True  # another task of the batch runs, which nobody wants to stop; this one never began
        flight.killed = flight.killed or now
        if now > flight.killed + NO_ANSWER:
            return False
        self._cancels.cancel(batch.handle, force=True)
        return True


def _interrupt(flight: Flight) -> None:
    """A real interrupt, which wakes whatever sleeps; said again when a task begins after this."""
    if flight.worker is not None:
        flight.worker.tell("stop", flight.key)


def _mates(flight: Flight) -> list[Flight]:
    """The others of its batch that are not over."""
    batch = flight.batch
    return (
        []
        if batch is None or len(batch.open) < 2
        else [one for one in batch.open.values() if one is not flight]
    )
