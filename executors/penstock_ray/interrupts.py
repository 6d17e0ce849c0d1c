"""Interrupts of a task in a worker: real ones, and one for each task, whoever asks.

Owns: SIGINT in this process while a task runs. Ray asks a task to stop by an exception without a signal,
which wakes neither ``time.sleep`` nor a wait for a child; the driver asks over the hub as well, and the
link's thread then sends a real one. Of several tasks that travel together Ray cannot mean one: there only
the driver's word counts. Whichever comes second must not hit the task while it clears up, nor
Ray after it. Ray starts its workers with SIGINT blocked, which they are again between tasks. Must not know
Ray.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from attrs import define

_LATE = 5.0
"""Seconds after its end in which a task that was interrupted may be asked again, to no effect."""


@define
class _Task:
    """What became of the task of this process.

    Args:
        is_under_way: whether one runs.
        has_come: whether it, or the last one, was interrupted.
        ended: when it ended.
        is_alone: whether who asks Ray to stop a task can only mean this one.
        is_asked_for: whether the driver wants this very task to stop.
    """

    is_alone: bool = True
    is_asked_for: bool = False
    is_under_way: bool = False
    has_come: bool = False
    ended: float = 0.0


_task = _Task()
_SIGINT = {signal.SIGINT}


@contextmanager
def let_in(*, is_alone: bool = True) -> Generator[None]:
    """A task runs here, which may be interrupted once; nothing outside of the main thread.

    Args:
        is_alone: whether its task of Ray has no other, which might be meant by an interrupt of Ray.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGINT)
    if signal.SIGINT in before:
        signal.sigtimedwait(_SIGINT, 0)  # one that came earlier was for somebody else
    _task.has_come, _task.is_under_way = False, True
    _task.is_alone, _task.is_asked_for = is_alone, False
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGINT)
    try:
        yield
    finally:
        _task.ended, _task.is_under_way = time.monotonic(), False
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def has_come() -> bool:
    """Whether the task that runs here was interrupted."""
    return _task.has_come


def send() -> bool:
    """Interrupt the main thread, whatever it waits for; to be done again and again.

    A signal that comes just before a thread falls asleep does not wake it.

    Returns:
        Whether the task knows.
    """
    if _task.has_come:
        return True
    _task.is_asked_for = True
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _task.has_come and (_task.is_under_way or time.monotonic() < _task.ended + _LATE):
        return
    if _task.is_under_way and not (_task.is_alone or _task.is_asked_for):
        return
    _task.has_come = _task.is_under_way
    signal.default_int_handler(number, frame)
