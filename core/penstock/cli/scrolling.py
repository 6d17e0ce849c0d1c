"""A standard stream whose lines go above a display that stays at the bottom.

Owns: gathering what is written into whole lines. Knows the display as the one function it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TextIO


class Scrolling:
    """Stands for a stream; what is not about writing is the stream's own.

    Args:
        stream: what it stands for.
        above: takes whole lines, without their ends; of a line that was written over, what was left of it.
    """

    def __init__(self, stream: TextIO, above: Callable[[Sequence[str]], None]) -> None:
        self._stream = stream
        self._above = above
        self._lock = threading.RLock()  # a signal handler may write in the middle of a write
        self._begun = ""

    def write(self, text: str) -> int:
        """Take text; whole lines go on at once."""
        with self._lock:
            *whole, self._begun = f"{self._begun}{text}".split("\n")
        if whole:
            self._above([_last_state(line) for line in whole])
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Take several texts."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Nothing to do: a line that was only begun waits for its end."""

    def end(self) -> None:
        """Write what has no end yet."""
        if self._begun:
            self.write("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _last_state(line: str) -> str:
    """What a terminal shows of a line that returned to its beginning, as progress bars do."""
    return line.rstrip("\r").rpartition("\r")[2]
