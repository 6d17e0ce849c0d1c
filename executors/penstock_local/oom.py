"""Whether the kernel killed somebody for want of memory.

Owns: reading its counters, of this process's control group where there is one. Must not know workers.
"""

from __future__ import annotations

from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_ALL = Path("/proc/vmstat")


def count() -> int:
    """Processes killed so far for want of memory, as far as this one can see; 0 where nobody tells."""
    for path in (*_of_group(), _ALL):
        found = _counter(path)
        if found is not None:
            return found
    return 0


def _of_group() -> list[Path]:
    """Where the control group of this process counts, for both kinds of hierarchy."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inside = path.lstrip("/")
        if "memory" in controllers.split(","):
            found += [
                _GROUPS / "memory" / inside / "memory.oom_control",
                _GROUPS / "memory/memory.oom_control",
            ]
        elif not controllers:
            found += [_GROUPS / inside / "memory.events", _GROUPS / "memory.events"]
    return found


def _counter(path: Path) -> int | None:
    try:
        for line in path.read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    except (OSError, ValueError):
        pass
    return None
