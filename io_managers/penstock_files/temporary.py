"""Temporary files and folders: their names, and the removal of those that a killed process left.

Owns: the form ``.tmp-<run>-<step>-<attempt>-<process>-<token>``. Only files of this form are ever
removed, so a foreign file is safe whatever its age.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from attrs import frozen

STALE_AFTER = 3600.0
"""Seconds after the last write into a temporary file until it counts as left behind."""

_NAME = re.compile(r"\.tmp-[0-9A-Za-z]*-[0-9A-Za-z_]*-[0-9]+-(?P<pid>[0-9]+)-[0-9a-f]{8}")
_FIRST = int.from_bytes(os.urandom(4), "big")  # tells apart processes of one number on two machines
_COUNT = itertools.count()
_NOT_WORD = re.compile(r"[^0-9A-Za-z_]", re.ASCII)


@frozen(kw_only=True)
class Origin:
    """Who writes: goes into the names of temporary files.

    Args:
        run_id: the run, or empty outside of one.
        step_key: the step.
        attempt: counted from 1; 0 when not known.
    """

    run_id: str = ""
    step_key: str = ""
    attempt: int = 0

    def temporary_name(self) -> str:
        """A new name that no other writer uses, on this machine or another."""
        step = self.step_key[:60]
        if not (step.isascii() and step.isidentifier()):
            step = _NOT_WORD.sub("_", step)
        token = (_FIRST + next(_COUNT)) % (1 << 32)
        return f".tmp-{_short(self.run_id)}-{step}-{self.attempt}-{os.getpid()}-{token:08x}"


@lru_cache(maxsize=64)
def _short(run_id: str) -> str:
    return _NOT_WORD.sub("", run_id)[:8].replace("_", "")


def is_temporary(name: str) -> bool:
    """Whether a file's name is one that ``Origin`` gives."""
    return _NAME.fullmatch(name) is not None


def sweep(folder: str, *, now: float) -> int:
    """Remove temporary files that processes left in a folder when they were killed.

    Only names of our own form, not written to for an hour, of no living process on this machine.

    Args:
        folder: one folder; those below are not looked into.
        now: seconds since the epoch.

    Returns:
        How many were removed.
    """
    with suppress(FileNotFoundError):
        return sweep_names(folder, os.listdir(folder), now=now)
    return 0


def sweep_names(folder: str, names: Iterable[str], *, now: float) -> int:
    """The same for a folder whose names are known already."""
    return sum(name.startswith(".tmp-") and _remove_stale(folder, name, now) for name in names)


def _remove_stale(folder: str, name: str, now: float) -> bool:
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    path = f"{folder}/{name}"
    try:
        found = os.lstat(path)
        if now - found.st_mtime < STALE_AFTER or _is_alive(int(match["pid"])):
            return False
        shutil.rmtree(path) if stat.S_ISDIR(found.st_mode) else os.unlink(path)
    except OSError:  # another sweeper was faster, or it is not ours to remove
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OverflowError:
        return False
    except OSError as error:
        return error.errno == errno.EPERM
    return True
