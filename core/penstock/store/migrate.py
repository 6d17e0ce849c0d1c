"""The schema of the database: numbered steps forward, each in one transaction.

Owns: which schema a database has, making a new one, and bringing an old one up to date after a
copy was laid aside. Steps are the files of ``migrations``, one a version, never changed once released.
Nothing is migrated unasked: opening an old database says what to do.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from penstock.errors import StoreError
from penstock.store.database import MEMORY, connect
from penstock.store.faults import as_penstock_error
from penstock.store.lock import FairLock
from penstock.values import frozen

APPLICATION = 0x50535443
"""Marks a file as a database of Penstock ("PSTC")."""


class Migration(NamedTuple):
    """One step: the schema version after it, and its statements."""

    version: int
    sql: str


@frozen(kw_only=True)
class MigrationReport:
    """What a migration did; ``backup`` is the copy laid aside, None when nothing was to be done."""

    path: str
    before: int
    after: int
    backup: str | None = None


def known_migrations() -> tuple[Migration, ...]:
    """Every step that this version knows, in order."""
    folder = Path(__file__).parent / "migrations"
    return tuple(
        Migration(int(file.name[:4]), file.read_text()) for file in sorted(folder.glob("[0-9]*.sql"))
    )


def make_tables(connection: sqlite3.Connection, steps: Sequence[Migration], now: float) -> None:
    """Make every table of a new database, in one transaction.

    Args:
        connection: to an empty database, outside any transaction.
        steps: every migration.
        now: seconds since 1970.
    """
    try:
        connection.executescript("BEGIN IMMEDIATE;\n" + "\n".join(step.sql for step in steps))
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", [("instance", uuid.uuid4().hex), ("created", repr(now))]
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {steps[-1].version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def make_database(path: str, steps: Sequence[Migration]) -> None:
    """Make a new database file, unless another process just did."""
    with closing(FairLock(f"{path}.lock")) as lock, lock:
        connection = connect(path)
        try:
            if version_of(connection) == 0:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                make_tables(connection, steps, time.time())
        except sqlite3.Error as error:
            raise as_penstock_error(error, path) from error
        finally:
            connection.close()


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open database, 0 for one without tables."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def has_no_tables(path: str, connection: sqlite3.Connection) -> bool:
    """Whether a database has nothing in it: whoever began to make it was killed, or is at it now."""
    try:
        return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    except sqlite3.Error as error:
        raise as_penstock_error(error, path) from error


def check_schema(path: str, connection: sqlite3.Connection, wanted: int) -> None:
    """Refuse a database that this version cannot work with.

    Raises:
        StoreError: when it is newer, older, or not one of Penstock.
    """
    try:
        found = version_of(connection)
        application = connection.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as error:
        raise as_penstock_error(error, path) from error
    if application != APPLICATION:
        raise StoreError(
            f"{path} is an SQLite database, but not one of Penstock. Set PENSTOCK_HOME to another folder."
        )
    if found > wanted:
        raise StoreError(
            f"{path} has schema {found}; this version of Penstock knows schemas up to {wanted}. Nothing was"
            " changed. Use the version that wrote it or a newer one, or set PENSTOCK_HOME to another folder."
        )
    if found < wanted:
        raise StoreError(
            f"{path} has schema {found}; this version of Penstock wants schema {wanted}."
            " Run `penstock instance migrate`, which lays a copy aside first."
        )


def migrate_file(path: str, steps: Sequence[Migration] | None = None) -> MigrationReport:
    """Bring a database file up to date, after copying it.

    Args:
        path: the database file.
        steps: every migration, None for the known ones.

    Raises:
        StoreError: when it is missing, newer, damaged, or a step fails (then nothing was changed).
    """
    steps = known_migrations() if steps is None else steps
    if path == MEMORY or not Path(path).exists():
        raise StoreError(f"There is no database at {path}, so there is nothing to migrate.")
    with closing(FairLock(f"{path}.lock")) as lock, lock:
        connection = connect(path)
        try:
            return _migrate(path, connection, steps)
        except sqlite3.Error as error:
            raise as_penstock_error(error, path) from error
        finally:
            connection.close()


def _migrate(path: str, connection: sqlite3.Connection, steps: Sequence[Migration]) -> MigrationReport:
    wanted = steps[-1].version
    before = version_of(connection)
    if before >= wanted:
        check_schema(path, connection, wanted)
        return MigrationReport(path=path, before=before, after=before)
    check_schema(path, connection, before)
    backup = _copy_aside(path, connection, before)
    connection.execute("PRAGMA synchronous = FULL")
    try:
        for step in steps:
            if step.version > before:
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{step.sql}\nPRAGMA user_version = {step.version};\nCOMMIT;"
                )
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return MigrationReport(path=path, before=before, after=wanted, backup=backup)


def _copy_aside(path: str, connection: sqlite3.Connection, version: int) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    backup = f"{path}.backup-v{version}-{stamp}-{uuid.uuid4().hex[:6]}"
    target = sqlite3.connect(backup)
    try:
        connection.backup(target)
    finally:
        target.close()
    return backup
