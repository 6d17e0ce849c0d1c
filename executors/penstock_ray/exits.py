"""How a process ended that is not our child, whether it is gone, and the end of one with all below it.

Owns: asking Linux (from 6.15 on) by a pidfd, which tells the exit status to anybody once the process is gone:
Ray keeps that to itself. Elsewhere, or for a worker on another machine, nothing is known and nothing is said.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import time
from contextlib import suppress
from pathlib import Path

_GET_INFO = 0xC040FF0B
"""``PIDFD_GET_INFO`` with the first version of its structure, 64 bytes."""
_EXIT = 1 << 3
_STRUCTURE = struct.Struct("<Q52xi")


def here() -> str:
    """Names the space in which process ids of this process have their meaning; empty when unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def is_gone(space: str, pid: int, within: float = 2.0) -> bool:
    """Whether a process has ended, or does within some seconds.

    Args:
        space: what ``here`` says where the process id has its meaning.
        pid: its id there.
        within: seconds that are waited for it: its connections close a moment before it ends.

    Returns:
        False also when that cannot be known here.
    """
    if not space or here() != space:
        return False
    until = time.monotonic() + within
    while _lives(pid):
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] not in "ZX"


def kill_below(pid: int) -> None:
    """Kill everything that a process has started, and what that has."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text(encoding="ascii").split()):
                kill_below(child)
                os.kill(child, signal.SIGKILL)


class Watched:
    """A process whose end somebody will ask about.

    Args:
        pid: of a process that is alive, in the space of ``here``.
    """

    def __init__(self, pid: int) -> None:
        self._descriptor = _opened(pid)
        self._said = ""

    @property
    def is_pending(self) -> bool:
        """Whether the question has no answer yet, but may get one."""
        return self._descriptor is not None and not self.ending()

    def ending(self) -> str:
        """``"exit code 7"`` or ``"SIGKILL"``; empty while that is not known."""
        if not self._said and self._descriptor is not None:
            self._said = self._asked(self._descriptor)
        return self._said

    def close(self) -> None:
        """Ask no more; idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _asked(self, descriptor: int) -> str:
        wanted = bytearray(_STRUCTURE.pack(_EXIT, 0))
        try:
            fcntl.ioctl(descriptor, _GET_INFO, wanted)
        except ProcessLookupError:  # dead, and its parent has not looked yet
            return ""
        except OSError:  # an older system
            self.close()
            return ""
        mask, status = _STRUCTURE.unpack(wanted)
        return _shown(os.waitstatus_to_exitcode(status)) if mask & _EXIT else ""


def _opened(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


def _shown(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
