"""The door: from a URL to an open store.

Owns: which URL means which store and the checks before SQLite sees a file.
Must not know tables or queries. The environment is the caller's business.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote

from penstock.errors import StoreError
from penstock.store import place
from penstock.store.database import Database
from penstock.store.memory import memory_store
from penstock.store.migrate import (
    MigrationReport,
    check_schema,
    has_no_tables,
    known_migrations,
    make_database,
    migrate_file,
)
from penstock.store.sqlite import SqliteStore

MEMORY_URL = "memory:"
_SQLITE = "sqlite://"


def sqlite_url(path: str | os.PathLike[str]) -> str:
    """The URL of a database file.

    Args:
        path: the file; a relative one is taken from the current folder.
    """
    return _SQLITE + quote(str(Path(path).resolve()))


def open_store(url: str, *, allow_network_fs: bool = False) -> SqliteStore:
    """Open a store; a database file that does not exist is made.

    Args:
        url: ``sqlite:///home/me/.penstock/penstock.db`` or ``memory:``.
        allow_network_fs: take a file on a network file system all the same
            (what ``PENSTOCK_ALLOW_NETWORK_FS=1`` asks for).

    Raises:
        StoreError: when it cannot be opened: unknown URL, unwritable folder, damaged file, another schema.
    """
    if url in {MEMORY_URL, "memory://"}:
        return memory_store()
    path = sqlite_path(url)
    if not allow_network_fs:
        place.refuse_network_file_system(path)
    place.prepare_folder(path)
    steps = known_migrations()
    if place.is_fresh(path):
        make_database(path, steps)
    database = Database(path)
    try:
        with database.read() as connection:
            if has_no_tables(path, connection):
                make_database(path, steps)
            check_schema(path, connection, steps[-1].version)
    except BaseException:
        database.close()
        raise
    return SqliteStore(database, url, steps[-1].version)


def migrate(url: str) -> MigrationReport:
    """Bring the database behind a URL up to date, after laying a copy aside.

    Raises:
        StoreError: when there is none, or it is newer or damaged.
    """
    if url in {MEMORY_URL, "memory://"}:
        version = known_migrations()[-1].version
        return MigrationReport(path=MEMORY_URL, before=version, after=version)
    path = sqlite_path(url)
    if not place.is_fresh(path):
        return migrate_file(path)
    raise StoreError(f"There is no database at {path} yet, so there is nothing to migrate.")


def sqlite_path(url: str) -> str:
    """The file of a ``sqlite:`` URL.

    Raises:
        StoreError: for any other URL.
    """
    if not url.startswith(f"{_SQLITE}/"):
        raise StoreError(
            f"{url!r} is no store that this version knows."
            " Write sqlite:///absolute/path/penstock.db, or memory: for one that lasts as long as"
            " the process."
        )
    return os.path.normpath("/" + unquote(url[len(_SQLITE) :]).lstrip("/"))
