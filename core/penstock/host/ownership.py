"""Ownership: which process carries a run out, and whether it still lives.

Owns: the tag that names the owner (machine start, process, start of the process, the container's
numbering of processes) and the proof that an owner is gone. A process number alone proves nothing: it is
used again, and in another container it means another process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from penstock.errors import RunNotFoundError, StoreError, TransitionRejected
from penstock.events.fold import StepStatus, fold
from penstock.events.runs import RunRecord, RunsFilter, RunStatus
from penstock.events.values import Happened, RunCanceled, RunFailed, StepInterrupted
from penstock.spi.store import EventQuery, Store

OWNER_TAG = "penstock/owner"
_ALIVE = (RunStatus.STARTING, RunStatus.STARTED, RunStatus.CANCELING)
_LOST = "The process that carried this run out is gone (killed, or the machine stopped)."


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
    return None if state in ("Z", "X") else f"{_boot_id()}:{pid}:{started}:{_numbering()}"


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


@lru_cache(maxsize=1)
def _numbering() -> str:
    """Which numbering of processes this one is counted in: containers have their own."""
    try:
        return Path("/proc/self/ns/pid").readlink().name.removeprefix("pid:").strip("[]")
    except OSError:
        return ""


def is_gone(owner: str) -> bool:
    """Whether the process of an owner tag is proven to be gone.

    In another container nothing can be proven while the machine runs: such a run is left alone.
    """
    parts = owner.split(":")
    if len(parts) != 4:  # a bare process number, where there is no /proc
        return owner.isdigit() and identity_of(int(owner)) != owner
    boot, pid, _, numbering = parts
    if boot != _boot_id():
        return True
    return numbering == _numbering() and pid.isdigit() and identity_of(int(pid)) != owner


def mend_lost_runs(store: Store) -> Sequence[RunRecord]:
    """End runs whose process is gone: as failed, or as canceled when they were being canceled.

    Safe in several processes at once: one of them ends a run, the others find that it has ended.

    Returns:
        The runs as they were found.
    """
    lost = [
        record
        for record in store.runs(RunsFilter(statuses=_ALIVE))
        if (owner := record.run.tags.get(OWNER_TAG)) is not None and is_gone(owner)
    ]
    for record in lost:
        # somebody else was faster, or nothing can be written now: reading must go on all the same
        with suppress(TransitionRejected, RunNotFoundError, StoreError):
            store.append(record.run.run_id, record.last_seq, _ending(store, record, time.time()))
    return lost


def _ending(store: Store, record: RunRecord, now: float) -> list[Happened]:
    log = store.read(EventQuery(run_id=record.run.run_id))
    steps = fold(entry.event for entry in log).steps.values()
    cut: list[Happened] = [
        StepInterrupted(at=now, step=step.step, attempt=step.attempts)
        for step in steps
        if step.status is StepStatus.RUNNING
    ]
    if record.run.status is RunStatus.CANCELING:
        return [*cut, RunCanceled(at=now, reason=_LOST)]
    return [*cut, RunFailed(at=now, reason="worker_lost", message=_LOST)]
