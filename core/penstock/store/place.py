"""The place of a database file: may it live there, is it still there, is it one at all.

Owns: checks on paths and file systems that come before SQLite. Must not know tables.
"""

from __future__ import annotations

import os
from pathlib import Path

from penstock.errors import StoreError

_HEADER = b"SQLite format 3\x00"

NETWORK_TYPES = frozenset({
    "nfs", "nfs4", "cifs", "smbfs", "smb3", "afs", "ncpfs",
    "glusterfs", "fuse.glusterfs", "ceph", "fuse.ceph", "lustre", "gpfs", "beegfs",
    "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "davfs", "fuse.davfs2",
})  # fmt: skip
"""File systems on which the locks of SQLite cannot be trusted."""

Identity = tuple[int, int]


def identity_of(path: str) -> Identity | None:
    """Device and inode of a file, None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # asked at every write: a Path costs more than the question
    except OSError:
        return None
    return found.st_dev, found.st_ino


def check_still_there(path: str, opened: Identity | None) -> None:
    """Refuse to go on when the file was removed or replaced since it was opened.

    Raises:
        StoreError: then, since what would be written now would be lost.
    """
    found = identity_of(path)
    if found != opened:
        happened = "deleted" if found is None else "replaced by another file"
        raise StoreError(
            f"{path} was {happened} while Penstock had it open. Nothing more is written to it."
            " Put the file back and start again."
        )


def prepare_folder(path: str) -> None:
    """Make the folder of a database file when it is missing.

    Raises:
        StoreError: when it cannot be made, written to or searched.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Penstock wants to keep its database in {folder}, but cannot make that folder: {error.strerror}."
            " Set PENSTOCK_HOME to a folder that you can write to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"Penstock wants to keep its database in {folder}, but may not write there."
            " Check who owns it, or set PENSTOCK_HOME to a folder that you can write to."
        )


def is_fresh(path: str) -> bool:
    """Whether there is no database yet: no file, or an empty one.

    Raises:
        StoreError: when the file cannot be read or is no SQLite database.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(len(_HEADER))
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror}."
            " Check who owns it, or set PENSTOCK_HOME to another folder."
        ) from error
    if head and head != _HEADER:
        raise StoreError(
            f"{path} is not a Penstock database: it does not begin as an SQLite file does."
            " Put back a backup (penstock.db.backup-*), or set PENSTOCK_HOME to another folder."
        )
    if not os.access(path, os.W_OK):
        raise StoreError(f"{path} cannot be written to. Check who owns it.")
    return not head


def file_system_of(path: str, mounts: str) -> str:
    """The type of file system that holds a path.

    Args:
        path: absolute.
        mounts: the text of ``/proc/mounts``.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ").rstrip("/")
        if (path + "/").startswith(point + "/") and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind


def refuse_network_file_system(path: str, mounts: str | None = None) -> None:
    """Refuse a place where another machine holds the file.

    Args:
        path: the database file.
        mounts: the text of ``/proc/mounts``; None reads it.

    Raises:
        StoreError: when the file system is one of ``NETWORK_TYPES``.
    """
    kind = file_system_of(str(Path(path).resolve()), _mounts() if mounts is None else mounts)
    if kind in NETWORK_TYPES:
        raise StoreError(
            f"{path} lies on a network file system ({kind}), where the locks of SQLite cannot be trusted and"
            " the database would be damaged sooner or later. Set PENSTOCK_HOME to a folder on a local disk,"
            " or set PENSTOCK_ALLOW_NETWORK_FS=1 to take the risk."
        )


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text(errors="replace")
    except OSError:
        return ""
