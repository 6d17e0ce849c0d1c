"""What the machine and its software are: the line above a table."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

GIB = 1 << 30


def machine(folder: Path) -> str:
    """Processor, memory, system, and the file system of a folder."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB,"
        f" {platform.system()} {platform.machine()}, files on {_file_system(folder)}"
    )


def versions() -> str:
    """Of Penstock and what it stands on."""
    ours = ", ".join(
        f"{name} {version(name)}" for name in ("penstock", "attrs", "cattrs", "pyarrow", "click")
    )
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {ours}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def _file_system(folder: Path) -> str:
    """The kind of file system, where the kernel tells it."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "an unknown file system"
    where = f"{folder.resolve()}/"
    kinds = {
        point: kind
        for _, point, kind, *_ in (line.split() for line in mounts)
        if where.startswith(f"{point.rstrip('/')}/")
    }
    return kinds[max(kinds, key=len)] if kinds else "an unknown file system"
