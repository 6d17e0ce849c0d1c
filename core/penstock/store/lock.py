"""The fair write lock: processes write one after another, in the order in which they asked.

SQLite's own waiting is a lottery in which a writer starves for many seconds; a lock on a file
beside the database is first come, first served. It also keeps checkpoints of two connections
apart, which the WAL-reset fault of SQLite before 3.51.3 needs.
Owns: that lock. Must not know what is written under it. Threads are the caller's business.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from types import TracebackType

from penstock.errors import StoreError

_LOCKS: weakref.WeakSet[FairLock] = weakref.WeakSet()


class FairLock:
    """An exclusive lock between processes; a context manager, not reentrant.

    Args:
        path: the side file; made when missing, never removed.
    """

    __slots__ = ("__weakref__", "_file", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: int | None = None
        _LOCKS.add(self)

    def __enter__(self) -> None:
        if self._file is None:
            self._file = self._open()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the side file; idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"Penstock wants to write to {self.path}, but cannot: {error.strerror}."
                " Check who owns the folder, or set PENSTOCK_HOME to one that you can write to."
            ) from error


class NoLock(FairLock):
    """For a database that only this process can see."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("")

    def __enter__(self) -> None:
        """Nothing to wait for."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to give back."""


def _close_inherited() -> None:
    # a child shares its parent's locks with their files: were the parent killed while it held one,
    # the child would hold it for ever
    for lock in list(_LOCKS):
        lock.close()


os.register_at_fork(after_in_child=_close_inherited)
