"""Ownership: which process carries a run out, and whether it still lives.

Owns: the tag that names the owner (machine start, process, start of the process) and the proof that an
owner is gone. A process number alone proves nothing: it is used again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from penstock.events.runs import RunRecord, RunsFilter, RunStatus
from penstock.events.values import Happened, RunCanceled, RunFailed
from penstock.spi.store import Store

OWNER_TAG = "penstock/owner"
_ALIVE = (RunStatus.STARTING, RunStatus.STARTED, RunStatus.CANCELING)


def owner_tag() -> dict[str, str]:
    """The tag by which this process claims a run."""
    return {OWNER_TAG: identity_of(os.getpid()) or str(os.getpid())}


def identity_of(pid: int) -> str | None:
    """What tells a process apart from every other on this machine; None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return f"{pid}" if _answers(pid) else None
    started = stat.rpartition(")")[2].split()[19]
    state = stat.rpartition(")")[2].split()[0]
    return None if state in ("Z", "X") else f"{_boot_id()}:{pid}:{started}"


def _answers(pid: int) -> bool:
    """Whether a process exists, where there is no /proc to look into."""
    if Path("/proc/self").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@lru_cache(maxsize=1)
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown-boot"


def is_gone(owner: str) -> bool:
    """Whether the process of an owner tag is proven to be gone."""
    parts = owner.split(":")
    pid = parts[1] if len(parts) == 3 else parts[0]  # boot, process, start
    return pid.isdigit() and identity_of(int(pid)) != owner


def mend_lost_runs(store: Store) -> Sequence[RunRecord]:
    """End runs whose process is gone: as failed, or as canceled when they were being canceled.

    Returns:
        The runs as they were found.
    """
    lost = [
        record
        for record in store.runs(RunsFilter(statuses=_ALIVE))
        if (owner := record.run.tags.get(OWNER_TAG)) is not None and is_gone(owner)
    ]
    for record in lost:
        _end(store, record)
    return lost


def _end(store: Store, record: RunRecord) -> None:
    now = time.time()
    message = "The process that carried this run out is gone (killed, or the machine stopped)."
    event: Happened = RunFailed(at=now, reason="worker_lost", message=message)
    if record.run.status is RunStatus.CANCELING:
        event = RunCanceled(at=now, reason=message)
    store.append(record.run.run_id, record.last_seq, [event])
