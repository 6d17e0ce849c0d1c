"""What an executor left behind: processes, threads, files, descriptors.

Owns: looking, before and after, at this process, ``/proc``, ``/dev/shm`` and the folder for temporary files.
It must not know what was run. On a system without ``/proc`` only threads and files are looked for.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from penstock.values import frozen

MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, never written
PROC = Path("/proc")
VARIABLE = "PENSTOCK_KIT"
PAUSE = 0.01


@frozen(kw_only=True)
class Before:
    """What was there before the executor was made."""

    threads: frozenset[int | None]
    children: frozenset[int]
    in_memory: frozenset[str]
    temporary: frozenset[str]


def look() -> Before:
    """Take down what is there now."""
    return Before(
        threads=frozenset(thread.ident for thread in threading.enumerate()),
        children=frozenset(children_of(os.getpid())),
        in_memory=frozenset(_names(MEMORY)),
        temporary=frozenset(_names(Path(tempfile.gettempdir()))),
    )


def settle(find: Callable[[], Sequence[str]], patience: float) -> list[str]:
    """What ``find`` still finds when it was given some time to find nothing."""
    deadline = time.monotonic() + patience
    while found := list(find()):
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    return found


def threads(before: Before) -> list[str]:
    """Names of the threads that were not there before."""
    return [one.name for one in threading.enumerate() if one.ident not in before.threads]


def processes(before: Before, token: str, pids: Collection[int]) -> dict[int, str]:
    """Processes that are ours and were not there before, with their command lines.

    Args:
        before: what was there.
        token: value of the environment variable that children inherited.
        pids: processes known to have worked for us.
    """
    ours = (set(pids) | set(children_of(os.getpid())) | set(_marked(token))) - before.children - {os.getpid()}
    return {pid: command_of(pid) for pid in sorted(ours) if _exists(pid)}


def files(before: Before, token: str) -> list[str]:
    """Files that are ours and were not there before: all temporary ones, and what is in memory and ours.

    Other programs use the memory too: a name with our process number or contents with our token are ours.
    """
    temporary = Path(tempfile.gettempdir())
    found = [str(temporary / name) for name in _names(temporary) if name not in before.temporary]
    fresh = [MEMORY / name for name in _names(MEMORY) if name not in before.in_memory]
    return found + [str(path) for path in fresh if _is_ours(path, token)]


def size_of(paths: Iterable[str]) -> int:
    """Bytes in files and folders."""
    return sum(_size(Path(path)) for path in paths)


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(_names(PROC / "self" / "fd"))


def command_of(pid: int) -> str:
    """The command line of a process; in parentheses what became of it, when it has none."""
    with suppress(OSError):
        line = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return line.strip() or f"({_state(pid)})"
    return "(gone)"


def is_alive(pid: int) -> bool:
    """Whether a process is there and no mere memory of one."""
    return _exists(pid) and _state(pid) != "Z"


def children_of(pid: int) -> list[int]:
    """The children of a process."""
    return [one for one in _pids() if _parent(one) == pid]


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    return [one for child in children_of(pid) for one in (child, *descendants(child))]


def _exists(pid: int) -> bool:
    return (PROC / str(pid)).exists()


def _pids() -> Iterator[int]:
    return (int(name) for name in _names(PROC) if name.isdigit())


def _state(pid: int) -> str:
    return _stat(pid)[0]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """State, parent and what follows; the name before them may hold anything."""
    with suppress(OSError, IndexError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return ["gone", "0"]


def _marked(token: str) -> Iterator[int]:
    wanted = f"{VARIABLE}={token}".encode()
    for pid in _pids():
        with suppress(OSError):
            if wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                yield pid


def _is_ours(path: Path, token: str) -> bool:
    if any(part == str(os.getpid()) for part in _words(path.name)):
        return True
    return any(_holds(one, token.encode()) for one in _inside(path))


def _size(path: Path) -> int:
    return sum(_bytes_of(one) for one in _inside(path))


def _bytes_of(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _inside(path: Path) -> list[Path]:
    """The files of a folder, or the file itself; what goes away meanwhile was somebody else's."""
    if path.is_dir():  # ``rglob`` raises when a folder is removed under it
        return [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    return [path]


def _words(name: str) -> list[str]:
    return "".join(one if one.isalnum() else " " for one in name).split()


def _holds(path: Path, wanted: bytes) -> bool:
    with suppress(OSError):
        return wanted in path.read_bytes()
    return False


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [path.name for path in folder.iterdir()]
    return []
