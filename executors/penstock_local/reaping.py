"""Ends of child processes: hearing of them, and killing what they started.

Owns: signals to groups, and finding out who started an orphan. Must not know sockets.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

from penstock_local import kernel

_UNIT = 1 if sys.platform == "darwin" else 1024
NUDGE = signal.SIGURG
"""Wakes a worker and means nothing: who does not ask for it never sees it."""

OWNER = "PENSTOCK_WORKER"
"""Environment variable that names the worker which started a process: tag of the pool, dot, number."""


class Ended(NamedTuple):
    """A child that ended: its process id, wait status and largest size in bytes."""

    pid: int
    status: int
    size: int


def reap(known: Iterable[int], before: Callable[[int], None]) -> Ended | None:
    """Reap one child that has ended, if there is one.

    Args:
        known: children to ask about, where the system does not tell of any child that has ended.
        before: called with its process id; where the system can tell of an end before, that is not given to
            another process yet.
    """
    if hasattr(os, "waitid"):  # not on macOS before Python 3.13
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        if found is None:
            return None
        before(found.si_pid)
        pid, status, usage = os.wait4(found.si_pid, 0)
        return Ended(pid, status, usage.ru_maxrss * _UNIT)
    for one in tuple(known):
        pid, status, usage = os.wait4(one, os.WNOHANG)
        if pid:
            before(pid)
            return Ended(pid, status, usage.ru_maxrss * _UNIT)
    return None


def kill_group(pid: int, number: int) -> None:
    """Signal a process and its group, if it leads one."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def owner(pid: int, tag: str) -> int | None:
    """Which worker started a process, as its environment says."""
    mark = f"{OWNER}={tag}.".encode()
    for line in kernel.environment(pid):
        if line.startswith(mark) and line[len(mark) :].isdigit():
            return int(line[len(mark) :])
    return None
