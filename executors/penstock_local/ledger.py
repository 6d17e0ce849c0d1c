"""What a worker has begun, readable after its death: a page of memory shared with the driver.

Owns: the page and what stands where. The worker writes the number of a task before its first line runs, so
the driver knows for certain whether a task began, and when. The other way it holds the number of the
task that is to be interrupted, so a signal that comes late interrupts no other; the worker says so when that
task has heard of it. Numbers are written as one aligned word each. Must not know what tasks are.
"""

from __future__ import annotations

import mmap
import time

_WORD = 8
_HEAD = 2  # words before the slots: the number of the task to be interrupted, and of the last that was


class Ledger:
    """The page, at either side.

    Args:
        descriptor: of the shared memory; may be closed afterwards.
        slots: how many tasks the worker runs at once.
    """

    def __init__(self, descriptor: int, slots: int = 1) -> None:
        self._memory = mmap.mmap(descriptor, size(slots))
        self._words = memoryview(self._memory).cast("Q")

    def begin(self, slot: int, number: int) -> None:
        """Write down that a task begins now."""
        place = _HEAD + 2 * slot
        self._words[place + 1] = time.monotonic_ns()
        self._words[place] = number

    def began(self, slot: int, number: int) -> float | None:
        """When a task began, in seconds of ``time.monotonic``; None when it did not."""
        place = _HEAD + 2 * slot
        return self._words[place + 1] / 1e9 if self._words[place] == number else None

    @property
    def interrupted(self) -> int:
        """The task that is to be interrupted; 0 for none."""
        return self._words[0]

    @interrupted.setter
    def interrupted(self, number: int) -> None:
        self._words[0] = number

    @property
    def heard(self) -> int:
        """The task that was interrupted last; 0 for none."""
        return self._words[1]

    @heard.setter
    def heard(self, number: int) -> None:
        self._words[1] = number

    def close(self) -> None:
        """Give the memory back; idempotent."""
        self._words.release()
        self._memory.close()


def size(slots: int) -> int:
    """Bytes for so many slots."""
    return (_HEAD + 2 * slots) * _WORD
