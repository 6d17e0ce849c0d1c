"""What an instance answers and does about runs.

Owns: the public names and arguments of these questions. Each is one step to ``query`` or the store.
The functions become methods of ``Instance``, which is what they take first. Lazy: ``query`` is
imported when something is asked, since a run asks nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import evolve

from penstock.errors import InvariantViolationError, RunNotFoundError
from penstock.events import values as v
from penstock.events.runs import Run, RunRecord, RunsFilter, RunStatus
from penstock.host.deferred import deferred
from penstock.spi.store import Store
from penstock.store.logs import LogFolder

if TYPE_CHECKING:
    from penstock.events.entries import RunStats
    from penstock.events.fold import StepSummary
    from penstock.query import runs as query
else:
    query = deferred("penstock.query.runs")


class HasRuns(Protocol):
    """What these functions need of an instance."""

    @property
    def store(self) -> Store:
        """Where runs are kept."""
        ...

    @property
    def logs(self) -> LogFolder:
        """Where their logs lie."""
        ...


def get_runs(
    instance: HasRuns,
    filters: RunsFilter | None = None,
    cursor: str | None = None,
    limit: int | None = None,
    *,
    ascending: bool = False,
) -> list[Run]:
    """Runs, newest first.

    Args:
        instance: the instance that is asked.
        filters: which runs, None for all.
        cursor: the id of a run: only older ones.
        limit: at most this many.
        ascending: oldest first; takes no cursor.
    """
    records = get_run_records(instance, filters, limit, cursor=cursor, ascending=ascending)
    return [record.run for record in records]


def get_run_records(
    instance: HasRuns,
    filters: RunsFilter | None = None,
    limit: int | None = None,
    *,
    ascending: bool = False,
    cursor: str | None = None,
) -> list[RunRecord]:
    """Runs with their times, newest first.

    Args:
        instance: the instance that is asked.
        filters: which runs, None for all.
        limit: at most this many.
        ascending: oldest first; takes no cursor.
        cursor: the id of a run: only older ones.
    """
    before = None if cursor is None else _record(instance, cursor).storage_id
    wanted = filters or RunsFilter()
    return list(instance.store.runs(wanted, limit=limit, before=before, ascending=ascending))


def get_run_ids(
    instance: HasRuns, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
) -> list[str]:
    """The ids of runs, newest first; arguments as of ``get_runs``."""
    return [run.run_id for run in get_runs(instance, filters, cursor, limit)]


def get_runs_count(instance: HasRuns, filters: RunsFilter | None = None) -> int:
    """How many runs fit; None counts all."""
    return instance.store.count_runs(filters or RunsFilter())


def get_run_by_id(instance: HasRuns, run_id: str) -> Run | None:
    """A run, None when it is not stored."""
    record = get_run_record_by_id(instance, run_id)
    return None if record is None else record.run


def get_run_record_by_id(instance: HasRuns, run_id: str) -> RunRecord | None:
    """A run with its times, None when it is not stored."""
    found = instance.store.runs(RunsFilter(run_ids=[run_id]), limit=1)
    return found[0] if found else None


def has_run(instance: HasRuns, run_id: str) -> bool:
    """Whether a run is stored."""
    return instance.store.count_runs(RunsFilter(run_ids=[run_id])) > 0


def add_run(instance: HasRuns, run: Run) -> Run:
    """Store a run that somebody else carries out, in the state that it says.

    Raises:
        InvariantViolationError: when its id is taken, or its state is ``NOT_STARTED``.
    """
    if run.status not in _WAY_TO:
        raise InvariantViolationError(
            f"A run is stored as QUEUED or in a later state, found {run.status.value}."
        )
    now = time.time()
    events = [cls(at=now) for cls in _WAY_TO[run.status]]
    instance.store.create_run(evolve(run, status=RunStatus.QUEUED), events)
    return run


def delete_run(instance: HasRuns, run_id: str) -> None:
    """Forget a run, its events and logs; the latest facts about the assets it made stay.

    Raises:
        RunNotFoundError: when it is not stored.
    """
    _record(instance, run_id)
    instance.store.delete_run(run_id)
    instance.logs.delete(run_id)


def add_run_tags(instance: HasRuns, run_id: str, new_tags: Mapping[str, str]) -> None:
    """Add tags to a stored run; equal keys are replaced.

    Raises:
        RunNotFoundError: when it is not stored.
    """
    _record(instance, run_id)
    instance.store.tag_run(run_id, new_tags)


def get_run_tags(instance: HasRuns, tag_keys: Sequence[str] | None = None) -> list[tuple[str, set[str]]]:
    """The tags that stored runs have, each with all its values, sorted.

    Args:
        instance: the instance that is asked.
        tag_keys: only these; None for all.
    """
    found: dict[str, set[str]] = {}
    for record in instance.store.runs(RunsFilter()):
        for key, value in record.run.tags.items():
            if tag_keys is None or key in tag_keys:
                found.setdefault(key, set()).add(value)
    return sorted(found.items())


def get_run_stats(instance: HasRuns, run_id: str) -> RunStats:
    """Counts and times of a run.

    Raises:
        RunNotFoundError: when it is not stored.
    """
    return query.stats(instance.store, run_id)


def get_run_step_stats(
    instance: HasRuns, run_id: str, step_keys: Sequence[str] | None = None
) -> list[StepSummary]:
    """What the steps of a run did, in the order in which they first showed.

    Args:
        instance: the instance that is asked.
        run_id: the run; an unknown one has no steps.
        step_keys: only these; None for all.
    """
    steps = query.summary_of(instance.store, run_id).steps
    return [step for key, step in steps.items() if step_keys is None or key in step_keys]


def report_run_canceling(instance: HasRuns, run: Run, message: str = "") -> None:
    """Note that somebody asked a run to stop.

    Raises:
        TransitionRejected: when it is over, or was not started.
    """
    _append(instance, run, [v.RunCanceling(at=time.time(), reason=message)])


def report_run_canceled(instance: HasRuns, run: Run, message: str = "") -> None:
    """Note that a run stopped before its end.

    Raises:
        TransitionRejected: when it is over.
    """
    now = time.time()
    status = _record(instance, run.run_id).run.status
    asked = (
        [] if status in {RunStatus.QUEUED, RunStatus.CANCELING} else [v.RunCanceling(at=now, reason=message)]
    )
    _append(instance, run, [*asked, v.RunCanceled(at=now, reason=message)])


def report_run_failed(
    instance: HasRuns, run: Run, message: str = "", error: v.ErrorInfo | None = None
) -> None:
    """Note that a run failed for a reason that no step of it has.

    Raises:
        TransitionRejected: when it is over, or was not started.
    """
    failed = v.RunFailed(at=time.time(), reason="reported", message=message, error=error)
    _append(instance, run, [failed])


def report_engine_event(
    instance: HasRuns, message: str, run: Run, step_key: str | None = None, error: v.ErrorInfo | None = None
) -> None:
    """Add a line to the log of a run that changes no state."""
    _append(instance, run, [v.EngineNoted(at=time.time(), message=message, step=step_key, error=error)])


_WAY_TO: Mapping[RunStatus, tuple[type[v.Happened], ...]] = {
    RunStatus.QUEUED: (v.RunQueued,),
    RunStatus.STARTING: (v.RunQueued, v.RunStarting),
    RunStatus.STARTED: (v.RunQueued, v.RunStarting, v.RunStarted),
    RunStatus.CANCELING: (v.RunQueued, v.RunStarting, v.RunStarted, v.RunCanceling),
    RunStatus.SUCCESS: (v.RunQueued, v.RunStarting, v.RunStarted, v.RunSucceeded),
    RunStatus.FAILURE: (v.RunQueued, v.RunStarting, v.RunStarted, v.RunFailed),
    RunStatus.CANCELED: (v.RunQueued, v.RunCanceled),
}


def _record(instance: HasRuns, run_id: str) -> RunRecord:
    record = get_run_record_by_id(instance, run_id)
    if record is None:
        raise RunNotFoundError(f"There is no run {run_id!r}. `penstock run list` shows what there is.")
    return record


def _append(instance: HasRuns, run: Run, events: Sequence[v.Happened]) -> None:
    instance.store.append(run.run_id, _record(instance, run.run_id).last_seq, events)
