"""Faults of SQLite as messages for people: which file, what is wrong, what to do next.

Owns: that translation. Must not know tables.
"""

from __future__ import annotations

import sqlite3

from penstock.errors import Error, InvariantViolationError, StoreError, TransitionRejected

_ILLEGAL_STATUS = "penstock: illegal change"

_CORRUPTED = (
    "{path} is damaged ({text}). Nothing was changed. Put back a backup (penstock.db.backup-*), or save what"
    " can be read: sqlite3 {path} .recover | sqlite3 recovered.db, and put recovered.db in its place."
)

_ADVICE: dict[str, str] = {
    "SQLITE_FULL": (
        "The disk that holds {path} is full; what was written before is safe, this change was not made."
        " Free some space and try again."
    ),
    "SQLITE_NOTADB": (
        "{path} is not a Penstock database ({text})."
        " Put back a backup (penstock.db.backup-*), or set PENSTOCK_HOME to another folder."
    ),
    "SQLITE_CORRUPT": _CORRUPTED,
    "SQLITE_READONLY": (
        "{path} cannot be written to. Check who owns the file and its folder and whether the disk is mounted"
        " read-only, or set PENSTOCK_HOME to a folder that you can write to."
    ),
    "SQLITE_CANTOPEN": (
        "{path} cannot be opened. Check that the folder exists and that you may read and write there, or set"
        " PENSTOCK_HOME to another folder."
    ),
    "SQLITE_PERM": "{path} cannot be opened: not permitted. Check who owns the file.",
    "SQLITE_BUSY": (
        "Another program has kept {path} locked for too long. Look for an open sqlite3 shell or a backup tool"
        " (fuser {path}) and try again."
    ),
    "SQLITE_IOERR": (
        "Reading or writing {path} failed in the operating system ({text}). Check the disk; this change was"
        " not made."
    ),
}


def as_penstock_error(error: sqlite3.Error, path: str) -> Error:
    """The error to raise instead of one of SQLite.

    Args:
        error: what ``sqlite3`` raised.
        path: the database file.
    """
    name = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    if text.startswith(_ILLEGAL_STATUS):
        return TransitionRejected(f"The database refuses this change of a run's status ({path}): {text}")
    if isinstance(error, sqlite3.IntegrityError):
        return InvariantViolationError(f"The database {path} refuses this change: {text}.")
    for code, advice in _ADVICE.items():
        if name.startswith(code):
            return StoreError(advice.format(path=path, text=text))
    return StoreError(f"The database {path} failed: {text} ({name or type(error).__name__}).")


def damaged(path: str, text: str) -> StoreError:
    """What to say of a database whose content contradicts itself."""
    return StoreError(_CORRUPTED.format(path=path, text=text))
