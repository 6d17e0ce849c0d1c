"""The bell: wakes a thread that sleeps on descriptors, from any other thread.

Owns: one descriptor. What has happened is not said: who wakes up looks. Must not know Ray.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress


class Bell:
    """Something to sleep on; rings until it is hushed."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._is_open = True

    def fileno(self) -> int:
        """For ``select`` and its like."""
        return self._descriptor

    def ring(self, _: object = None) -> None:
        """Wake who sleeps on it, or will; nothing after ``close``."""
        with self._lock:
            if self._is_open:
                os.eventfd_write(self._descriptor, 1)

    def hush(self) -> None:
        """Be silent until it rings again."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Let go of the descriptor. Idempotent."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._descriptor)
