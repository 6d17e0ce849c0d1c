"""Whether forking is safe, and forking.

Owns: the judgement about threads. A fork keeps only the thread that calls it, so a lock that another one
holds stays locked for ever in the child. Python's threads are never safe; libraries that know forks, such as
OpenBLAS, end their threads before one; a few keep threads that hold nothing while they wait.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings

from penstock_local import kernel

_CALM_THREADS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
"""Threads that begin with an import, know forks or hold no lock while they wait."""


def why_not_fork() -> str:
    """Why a fork of this process would not be safe; empty when it is."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return f"forking is not safe on {sys.platform}"
    mine = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if mine:
        return f"the loaded code keeps a thread running ({mine[0].name!r})"
    if kernel.other_threads():
        pid = fork()  # libraries that know forks, such as OpenBLAS, end their threads before one
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
    left = [one for one in kernel.other_threads() if one not in _CALM_THREADS]
    return f"libraries of the loaded code keep threads running ({', '.join(left)})" if left else ""


def fork() -> int:
    """Fork; 0 in the child."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are threads was looked into
        return os.fork()
