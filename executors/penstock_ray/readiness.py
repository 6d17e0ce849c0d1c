"""Sleeping until a descriptor is ready.

Owns: that, for descriptors of any number: ``select.select`` refuses those from 1024 on, which a process that
has many files open, as a worker of a large machine may, comes to. Must not know what is read or written.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Protocol


class HasDescriptor(Protocol):
    """A socket, or what else has a descriptor."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...


def sleep_on(
    reading: Sequence[int | HasDescriptor], seconds: float, writing: Sequence[int | HasDescriptor] = ()
) -> bool:
    """Sleep until one is ready, at most for some seconds.

    Args:
        reading: wanted to be readable, or at its end.
        seconds: to sleep at most.
        writing: wanted to take more.

    Returns:
        Whether one is ready.
    """
    wanted: dict[int, int] = {}
    for ones, event in ((reading, select.POLLIN), (writing, select.POLLOUT)):
        for one in ones:
            number = one if isinstance(one, int) else one.fileno()
            wanted[number] = wanted.get(number, 0) | event
    asked = select.poll()
    for number, events in wanted.items():
        asked.register(number, events)
    return bool(asked.poll(seconds * 1000))
