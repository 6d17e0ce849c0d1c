"""One SQLite database: its connections, its transactions, its faults.

Every write transaction begins IMMEDIATE and holds the fair lock, as do checkpoints and the close;
a connection never crosses a fork; a file that vanished is noticed before anything is written to it.
Lazy: ctypes, for children of a fork.
Owns: that discipline. Must not know tables: ``migrate`` makes them, ``sqlite`` and its rooms use them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from json import JSONDecodeError
from typing import Any

from penstock.errors import InvariantViolationError, StoreError
from penstock.store.faults import as_penstock_error, damaged
from penstock.store.lock import FairLock, NoLock
from penstock.store.place import Identity, check_still_there, identity_of

BUSY_MILLISECONDS = 30_000
MEMORY = ":memory:"


class _Handles:
    """What is open in one process; apart from ``Database`` so that a finalizer can close it."""

    __slots__ = ("full", "identity", "lock", "pid", "read_mutex", "reader", "write_mutex", "writer")

    def __init__(self, path: str) -> None:
        self.pid = os.getpid()
        self.writer: sqlite3.Connection | None = None
        self.reader: sqlite3.Connection | None = None
        self.write_mutex = threading.RLock()
        self.read_mutex = self.write_mutex if path == MEMORY else threading.RLock()
        self.lock: FairLock = NoLock() if path == MEMORY else FairLock(f"{path}.lock")
        self.identity: Identity | None = None
        self.full: bool | None = None

    def close(self) -> None:
        if self.pid != os.getpid():
            self.abandon()
            return
        with self.write_mutex, self.read_mutex:
            connections = [c for c in (self.reader, self.writer) if c is not None]
            self.reader = self.writer = None
            if connections:
                self._close_under_lock(connections)
            self.lock.close()

    def abandon(self) -> None:
        """Never close these: a child must not touch what its parent uses, not even when it exits."""
        import ctypes  # noqa: PLC0415  # lazy: only children of a process that had a store open need it

        for connection in (self.writer, self.reader):
            if connection is not None:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self.writer = self.reader = None

    def _close_under_lock(self, connections: list[sqlite3.Connection]) -> None:
        # the last connection to close moves the log into the file: a checkpoint, so under the lock
        with self.lock:
            for connection in connections:
                connection.close()


class Database:
    """Connections to one database file, or to one in memory.

    Args:
        path: the file, which must exist and have its tables; ``":memory:"`` for none.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_memory = path == MEMORY
        self.names: dict[str, dict[Any, int]] = {"steps": {}, "assets": {}}
        self._closed = False
        self._handles = _Handles(path)
        self._finalizer = weakref.finalize(self, self._handles.close)

    @contextmanager
    def write(self, *, full: bool) -> Generator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, or rolled back by any exception.

        Args:
            full: wait until the disk has it (a change of a run's state); otherwise a power cut
                may take the last commits, though never part of one, and a killed process none.
        """
        handles = self._current()
        with handles.write_mutex:
            connection = self._writer(handles)
            with handles.lock:
                try:
                    self._begin(handles, connection, full)
                    yield connection
                    connection.execute("COMMIT")
                except sqlite3.Error as error:
                    self._roll_back(connection)
                    raise as_penstock_error(error, self.path) from error
                except UnicodeEncodeError as error:
                    self._roll_back(connection)
                    raise InvariantViolationError(
                        f"{error.object!r} cannot be stored: it is not Unicode text. Give it another name."
                    ) from error
                except BaseException:
                    self._roll_back(connection)
                    raise

    @contextmanager
    def read(self) -> Generator[sqlite3.Connection]:
        """A connection that sees the last commit."""
        handles = self._current()
        with handles.read_mutex:
            connection = self._reader(handles)
            try:
                yield connection
            except sqlite3.Error as error:
                raise as_penstock_error(error, self.path) from error
            except JSONDecodeError as error:
                raise damaged(self.path, f"a body is no JSON: {error}") from error

    def close(self) -> None:
        """Close every connection of this process; idempotent."""
        self._closed = True
        self._finalizer()

    def _current(self) -> _Handles:
        if self._closed:
            raise StoreError(f"The store {self.path} is closed. Open it again to go on.")
        if self._handles.pid != os.getpid():
            self._reopen_after_fork()
        return self._handles

    def _reopen_after_fork(self) -> None:
        old = self._handles
        self._handles = _Handles(self.path)
        if self.is_memory:  # its content is here and nowhere else; only the locks may be stale
            self._handles.writer, old.writer = old.writer, None
        old.abandon()
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, self._handles.close)
        self.names = {"steps": {}, "assets": {}}

    def _begin(self, handles: _Handles, connection: sqlite3.Connection, full: bool) -> None:
        if not self.is_memory:
            check_still_there(self.path, handles.identity)
            if handles.full is not full:
                connection.execute("PRAGMA synchronous = FULL" if full else "PRAGMA synchronous = NORMAL")
                handles.full = full
        connection.execute("BEGIN IMMEDIATE")

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        # ids that were made within the transaction are gone with it
        self.names = {"steps": {}, "assets": {}}
        if connection.in_transaction:
            with suppress(sqlite3.Error):  # the first fault is the one to tell
                connection.execute("ROLLBACK")

    def _writer(self, handles: _Handles) -> sqlite3.Connection:
        if handles.writer is None:
            handles.writer = self._connect(handles)
        return handles.writer

    def _reader(self, handles: _Handles) -> sqlite3.Connection:
        if self.is_memory:
            return self._writer(handles)
        if handles.reader is None:
            handles.reader = self._connect(handles)
            handles.reader.execute("PRAGMA query_only = ON")
        check_still_there(self.path, handles.identity)
        return handles.reader

    def _connect(self, handles: _Handles) -> sqlite3.Connection:
        if not self.is_memory:
            found = identity_of(self.path)
            if found is None or handles.identity not in {None, found}:
                check_still_there(self.path, handles.identity or (0, 0))
            handles.identity = found
        return connect(self.path)


def connect(path: str) -> sqlite3.Connection:
    """A connection with the settings that every connection has.

    Raises:
        StoreError: when the file cannot be opened or is no database.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False,
            cached_statements=256,
        )  # fmt: skip
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error as error:
        raise as_penstock_error(error, path) from error
    return connection
