"""Nudges: a signal ends the sleep of the main thread, whenever it comes and whichever thread receives it.

Owns: a thread that hears of every signal at once and wakes the main thread once more a moment later. Python
notes a signal in C and calls its handler in the main thread between two byte codes. When that thread looks
last just before it falls asleep, or the kernel gave the signal to another thread, nothing wakes it: Ctrl-C
does nothing for as long as the step sleeps. Must not know the handlers, nor what they do.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from selectors import EVENT_READ, DefaultSelector
from types import FrameType

_PAUSES = (0.05, 0.2, 1.0, 5.0)
"""Seconds before each nudge, of which the first is enough unless the thread is kept from running."""

_NUDGE: int | None = getattr(signal, "SIGURG", None) if hasattr(signal, "pthread_kill") else None
"""Wakes a thread and means nothing: programs that do not ask for it never see it."""


@contextmanager
def nudged() -> Generator[None]:
    """Inside, each signal wakes the main thread.

    Does nothing outside of the main thread, where somebody else hears of signals already, and where the
    system has no signal to spare.
    """
    if _NUDGE is None or threading.current_thread() is not threading.main_thread() or _is_taken(_NUDGE):
        yield
        return
    nudges = _Nudges(_NUDGE)
    nudges.begin()
    try:
        yield
    finally:
        nudges.end()


def _is_taken(nudge: int) -> bool:
    hearer = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(hearer)
    return hearer != -1 or signal.getsignal(nudge) is not signal.SIG_DFL


class _Nudges:
    """The thread, and what it hears by."""

    def __init__(self, nudge: int) -> None:
        self._nudge = nudge
        self._main = threading.get_ident()
        self._was_woken = False
        self._reader, self._writer = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="penstock-nudges", daemon=True)

    def begin(self) -> None:
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        signal.signal(self._nudge, self._wake)
        _hearers.add(self._writer)
        self._thread.start()

    def end(self) -> None:
        _be_deaf()
        _hearers.discard(self._writer)
        os.close(self._writer)  # the thread ends by it
        self._thread.join()
        os.close(self._reader)
        signal.signal(self._nudge, signal.SIG_DFL)

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        """Python calls it on the same occasion as the handler of the signal that came before."""
        self._was_woken = True

    def _watch(self) -> None:
        left: tuple[float, ...] = ()
        with DefaultSelector() as selector:
            selector.register(self._reader, EVENT_READ)
            while True:
                if selector.select(left[0] if left else None):
                    numbers = os.read(self._reader, 64)
                    if not numbers:
                        return
                    if any(number != self._nudge for number in numbers):
                        left, self._was_woken = _PAUSES, False
                elif self._was_woken:
                    left = ()
                else:
                    left = left[1:]
                    signal.pthread_kill(self._main, self._nudge)


_hearers: set[int] = set()
"""The descriptors that Python writes the numbers of signals to; one at most."""


def _be_deaf() -> None:
    """Have no signal told any more, unless somebody else is told meanwhile.

    A forked child must not: once it has closed the descriptor, the number may be that of a file.
    """
    hearer = signal.set_wakeup_fd(-1) if _hearers else -1
    if hearer not in _hearers:
        signal.set_wakeup_fd(hearer)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_deaf)
