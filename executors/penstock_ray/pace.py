"""The pace: how many short tasks are worth sending as one.

Owns: what recent tasks say of those to come, on the safe side, and the size of a batch. A batch saves most
of what a task costs Ray; it must not make anybody wait for long, nor leave a worker idle while another has
several tasks before it. Pure.
"""

from __future__ import annotations

import math

from attrs import define

AT_ONCE = 0.01
"""Seconds that the tasks of a batch should take together."""

MOST = 32
"""Tasks of a batch."""

DEPTH = 2
"""Batches for each place: one that runs, and one that is there when it ends."""

_UNKNOWN = 0.1
_FORGETS = 0.8


@define
class Pace:
    """How long tasks of a kind take, judged by the slowest of late.

    Args:
        seconds: that the next one is expected to take at most.
    """

    seconds: float = _UNKNOWN

    def note(self, seconds: float) -> None:
        """One of them took so long: a slow one counts at once, and is forgotten slowly."""
        self.seconds = max(seconds, _FORGETS * self.seconds)

    @property
    def together(self) -> int:
        """How many of them a batch may hold; 1 when they go alone."""
        return max(1, min(MOST, int(AT_ONCE / max(self.seconds, AT_ONCE / MOST))))


def share(together: int, waiting: int, under_way: int, places: float) -> int:
    """How many tasks go into the next batch.

    Args:
        together: how many it may hold at most.
        waiting: tasks that could go.
        under_way: batches that were sent and are not over.
        places: how many of them can run at once.

    Returns:
        0 when what is under way keeps every place busy: what waits can only become a fuller batch.
    """
    if together < 2:
        return 1
    free = math.ceil(DEPTH * places) - under_way
    if free <= 0:
        return 0
    return min(together, math.ceil(waiting / free))
