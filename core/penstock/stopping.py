"""Stopping what runs in a thread of this process, by an exception that is raised in it.

Owns: raising it from another thread, and putting the thread right again afterwards. Must not know steps,
tasks or when a thread may be stopped. Python raises at a bytecode of its own choice; only who comes back to
Python is stopped.
"""

from __future__ import annotations

import _imp
import ctypes
import sys
import threading
from contextlib import suppress
from typing import Any


class _TakenBack(BaseException):
    """What a thread raises in itself so that the interpreter stops asking."""


def raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have a thread raise an exception soon.

    Args:
        thread: what ``threading.get_ident`` says in it.
        kind: the exception; None takes back one that waits.
    """
    wanted = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)


def put_right() -> None:
    """Have nothing raised any more in this thread, and nothing kept that a stop may have left taken.

    Python 3.11 goes on asking every thread for an exception until one was raised somewhere: each line costs
    more, and a profiler or debugger hangs. So one is raised, here.
    """
    here = threading.get_ident()
    raise_in(here, None)
    try:
        raise_in(here, _TakenBack)
        while True:
            pass
    except _TakenBack:
        _give_back_imports(here)


def _give_back_imports(here: int) -> None:
    """Release what the import system holds for this thread.

    A stop may strike between the taking of such a lock and the block that gives it back; then no other thread
    could import anything any more, and the process would stand still for ever.
    """
    with suppress(RuntimeError):  # what Python says when this thread does not hold it
        while True:
            _imp.release_lock()
    locks: dict[str, Any] = getattr(sys.modules["importlib._bootstrap"], "_module_locks", {})
    for reference in tuple(locks.values()):
        lock = reference()
        while lock is not None and lock.owner == here:
            lock.release()
