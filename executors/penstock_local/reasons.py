"""How the end of a process reads to people.

Owns: the sentences, and what a wait status means. Pure.
"""

from __future__ import annotations

import os
import signal


def end_of(status: int) -> str:
    """What a wait status says: ``was killed by SIGSEGV (signal 11)``, ``ended with exit code 3``."""
    if os.WIFSIGNALED(status):
        return f"was killed by {signal_name(os.WTERMSIG(status))}"
    return f"ended with exit code {os.waitstatus_to_exitcode(status)}"


def is_kill(status: int) -> bool:
    """Whether a wait status tells of SIGKILL, which the kernel sends when memory runs out."""
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def signal_name(number: int) -> str:
    """``SIGSEGV (signal 11)``."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "a signal"
    return f"{name} (signal {number})"


def size(number: float) -> str:
    """Bytes for people: ``2.1 GB``."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def lost(worker: str, end: str, key: str, *, started: bool, others: int = 0) -> str:
    """Why a task has no outcome.

    Args:
        worker: ``worker process 4242``.
        end: what became of it.
        key: of the task.
        started: whether the task had begun.
        others: how many tasks were in the same process beside it.
    """
    when = "while it ran" if started else "before it began"
    beside = f" beside {others} others" if others > 1 else " beside another" if others else ""
    return f"{worker} {end} {when} {key}{beside}"
