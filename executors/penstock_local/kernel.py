"""What only the kernel does: dying with one's parent, adopting orphans, being the first victim.

Owns: Linux calls that Python does not offer, and reading ``/proc``. Elsewhere they do nothing and tell
nothing, so that callers need no case of their own. Must not know pools.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

IS_LINUX = sys.platform == "linux"
_PDEATHSIG, _CHILD_SUBREAPER = 1, 36
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FIRST_VICTIM = 500


def die_with_parent(parent: int, *, really: bool = True) -> None:
    """Have the kernel kill this process when its parent ends.

    Args:
        parent: whose end counts; if it is gone already, this process ends now.
        really: False takes it back.
    """
    if not IS_LINUX:
        return
    _prctl(_PDEATHSIG, signal.SIGKILL if really else 0)
    if really and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    if IS_LINUX:
        _prctl(_CHILD_SUBREAPER, 1)


def be_first_victim() -> None:
    """When memory runs out, end before the driver does."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{_FIRST_VICTIM}")


def has_ended(pid: int) -> bool:
    """Whether a process is no more, or waits for its parent to hear of its end; False where nobody tells."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Path("/proc/self/stat").exists()
    except OSError:
        return True
    return found.rpartition(")")[2].split()[0] in "ZX"


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found.extend(int(one) for one in (thread / "children").read_text().split())
    return found


def environment(pid: int) -> frozenset[bytes]:
    """The environment with which a process was started, as ``NAME=value``; empty while it is starting."""
    try:
        return frozenset(filter(None, Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")))
    except OSError:
        return frozenset()


def marked(mark: str) -> list[int]:
    """Every process that was started with this ``NAME=value`` in its environment, but not this one."""
    wanted = mark.encode()
    with contextlib.suppress(OSError):
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in pids if pid != os.getpid() and wanted in environment(pid)]
    return []


def other_threads() -> list[str]:
    """The name of each native thread of this process but the first."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                name = (thread / "comm").read_text().strip()
                found += [name] if thread.name != str(os.getpid()) else []
    return found


def resident(pid: int | str = "self") -> int:
    """Bytes of memory that a process holds; 0 where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
