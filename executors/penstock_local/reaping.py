"""Ends of child processes: hearing of them, and killing what they started.

Owns: signals to groups, and finding out who started an orphan. Must not know sockets.
"""

from __future__ import annotations

import contextlib
import os

from penstock_local import kernel

OWNER = "PENSTOCK_WORKER"
"""Environment variable that names the worker which started a process: tag of the pool, dot, number."""


def ended() -> int | None:
    """A child that ended and was not reaped, which it still is not."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if found is None else found.si_pid


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
