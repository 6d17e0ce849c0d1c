"""Cancels: how Ray is asked to stop a task, in the one thread in which it takes in how tasks end.

Owns: the call, and where it is made. Ray takes in the end of a task in two moments. A cancel that another
thread puts between them fails the task, and the second moment then finds a task that is not pending any more
and aborts this process: rarely, but at Ctrl-C hundreds of short tasks may be ending. In Ray's own thread a
cancel comes before both or after both. What is ready already calls back there, at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ray as _ray

ray: Any = _ray  # ships types that a strict checker cannot follow


class Cancels:
    """Has Ray stop tasks."""

    def __init__(self) -> None:
        self._ready = ray.put(None)

    def cancel(self, handle: Any, *, force: bool) -> None:
        """Ask for it; returns before that has happened, and never raises.

        Args:
            handle: reference or generator of the task.
            force: whether its worker is to be killed, or the task interrupted. One that has not begun never
                does, in either case.
        """

        def call(_: object) -> None:
            with suppress(Exception):  # which Ray would print
                ray.cancel(handle, force=force, recursive=True)  # also what it started on Ray

        self._call_back(call)

    def settle(self, patience: float) -> None:
        """Wait until Ray has been asked all that.

        Args:
            patience: seconds to wait at most.
        """
        done = threading.Event()

        def note(_: object) -> None:
            done.set()

        if self._call_back(note):
            done.wait(patience)

    def _call_back(self, call: Callable[[object], None]) -> bool:
        """Have something called in Ray's thread, after what was to be called before; False without a Ray."""
        if ray.is_initialized():
            self._ready._on_completed(call)  # noqa: SLF001 - a future might call in the thread that asks
            return True
        return False
