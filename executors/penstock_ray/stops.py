"""Stops: how tasks are asked to stop, had back, called off and killed.

Owns: the words and calls for that, and when each is right. A worker is told over the hub which of its tasks
is meant; Ray can only mean a whole batch. Who is to stop when is not decided here: ``watch`` keeps the times.
"""

from __future__ import annotations

from typing import Any

import ray as _ray

from penstock_ray.flights import Batch, Flight

ray: Any = _ray  # ships types that a strict checker cannot follow

NO_ANSWER = 15.0
"""Seconds in which Ray confirms that a task was killed."""

_AGAIN = 1.0


def stop(flight: Flight, grace: float, now: float) -> None:
    """Ask a task to stop, which is to be killed later.

    Args:
        flight: of the task.
        grace: seconds until then.
        now: by the monotonic clock.
    """
    batch = flight.batch
    flight.kill = now + grace
    recall(batch)
    if batch is not None and grace > 0:
        _interrupt(flight)
        if len(batch.open) == 1:
            ray.cancel(batch.handle, force=False, recursive=True)  # also what it started on Ray


def say_again(flight: Flight) -> None:
    """A task begins: say what could not be said before."""
    if flight.stopped:
        _interrupt(flight)
    elif any(one.stopped for one in _mates(flight)):
        recall(flight.batch)


def recall(batch: Batch | None) -> None:
    """Have those back that wait in a worker."""
    if batch is None or batch.worker is None or len(batch.open) < 2 or batch.is_recalled:
        return
    if batch.worker.task in batch.open:
        batch.is_recalled = batch.worker.tell("recall", batch.worker.task)


def call_off(batch: Batch) -> None:
    """Have those back that wait in Ray with one that is to be stopped.

    Not when all are to be stopped, which happens soon after they begin: Ray may fail a task of which a
    worker begins just now, and then ends this process when that is done with it.
    """
    if not batch.is_canceled and not all(one.stopped for one in batch.open.values()):
        batch.is_canceled = True
        ray.cancel(batch.handle, force=False, recursive=True)


def kill(flight: Flight, now: float) -> bool:
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
    ray.cancel(batch.handle, force=True, recursive=True)
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
