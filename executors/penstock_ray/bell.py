"""The bell: wakes a thread that sleeps on descriptors, from any other thread.

Owns: its descriptors. What has happened is not said: who wakes up looks. Must not know Ray.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress


class Bell:
    """Something to sleep on; rings until it is hushed."""

    def __init__(self) -> None:
        self._descriptor, self._hammer = os.pipe()
        for one in (self._descriptor, self._hammer):
            os.set_blocking(one, False)
        self._lock = threading.Lock()
        self._is_open = True

    def fileno(self) -> int:
        """For ``select`` and its like."""
        return self._descriptor

    def ring(self, _: object = None) -> None:
        """Wake who sleeps on it, or will; nothing after ``close``."""
        with self._lock:
            if self._is_open:
                with suppress(BlockingIOError):  # full: it rings
                    os.write(self._hammer, b"!")

    def hush(self) -> None:
        """Be silent until it rings again."""
        with suppress(BlockingIOError):
            os.read(self._descriptor, 1 << 16)

    def close(self) -> None:
        """Let go of the descriptors. Idempotent."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._descriptor)
                os.close(self._hammer)
