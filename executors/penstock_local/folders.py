"""Folders for values on their way, each named for the process that owns it.

Owns: where such a folder is made, when shared memory counts as full, and the removal of folders whose
owners are dead. A folder belongs to a process by its id, its start time and its process namespace: an id
alone is given to another process sooner or later, and means nothing in another container.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

SHARED_MEMORY = "/dev/shm"  # noqa: S108  # what is made there is ours alone
LEAST_ROOM = 256 << 20
"""Bytes that stay free in shared memory, for others need it too."""
_PREFIX = "penstock"


def choose_directory(needed: int = 0) -> Path:
    """A fresh folder that only this user can enter, in shared memory when there is room.

    Folders that dead processes of this user left behind are removed first.

    Args:
        needed: how many bytes of values are expected at once.
    """
    remove_leftovers()
    shared = Path(SHARED_MEMORY)
    parent = shared if _is_usable(shared) and has_room(shared, needed) else Path(tempfile.gettempdir())
    made = parent / f"{_PREFIX}-{owner_mark(os.getpid())}-{secrets.token_hex(4)}"
    made.mkdir(mode=0o700)
    return made


def remove_leftovers() -> None:
    """Remove the folders of dead processes; what cannot be removed stays."""
    for parent in dict.fromkeys((SHARED_MEMORY, tempfile.gettempdir())):
        for path in _entries(Path(parent)):
            if path.name.startswith(f"{_PREFIX}-") and _is_ours(path) and _is_owner_dead(path.name):
                shutil.rmtree(path, ignore_errors=True)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def has_room(folder: Path, nbytes: int) -> bool:
    """Whether a value fits with as much again to spare, and some more for others."""
    return free_bytes(folder) >= max(LEAST_ROOM, 2 * nbytes)


def free_bytes(folder: Path) -> int:
    """What can still be written in a folder, or would be where it is to be made; 0 when nobody knows."""
    for place in (folder, folder.parent):
        try:
            found = os.statvfs(place)
        except OSError:
            continue
        return found.f_bavail * found.f_frsize
    return 0


def is_shared_memory(folder: Path) -> bool:
    """Whether a folder lies in shared memory."""
    return Path(SHARED_MEMORY) in folder.parents


def owner_mark(pid: int) -> str | None:
    """Namespace, id and start time of a process that lives, None of one that does not."""
    try:
        # the name in the second field may hold anything, so fields are counted from its closing bracket
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None if Path("/proc/self").is_dir() else _mark_without_proc(pid)
    if fields[0] in "ZX":
        return None
    return f"{_namespace()}-{pid}-{fields[19]}"


def _mark_without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return f"0-{pid}-0"


def _namespace() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _is_owner_dead(name: str) -> bool:
    """Whether the owner is known to be dead; one of another namespace is not known."""
    parts = name.split("-")
    if len(parts) != 5 or not (parts[2].isdigit() and parts[1] == str(_namespace())):
        return False
    return owner_mark(int(parts[2])) != "-".join(parts[1:4])


def _is_ours(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_usable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
