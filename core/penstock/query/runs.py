"""Questions about runs: which there are, what one did step by step, where its logs lie.

Owns: ``RunLine``, ``RunDetail`` and their pages. What a run did is the fold of its events, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import RunNotFoundError, job_title, suggest
from penstock.events import values as v
from penstock.events.entries import RunStats
from penstock.events.fold import RunSummary, StepSummary, fold
from penstock.events.runs import Run, RunRecord, RunsFilter, RunStatus
from penstock.keys import AssetKey, user_strings
from penstock.query.plain import as_plain
from penstock.query.pools import slot_plain
from penstock.spi.pools import Slot
from penstock.spi.store import EventQuery, Store
from penstock.values import frozen

_NEWEST = 2_000
_NAMED = 2


@frozen(kw_only=True)
class RunLine:
    """A run in a list. Times are seconds since 1970.

    Args:
        subject: what it runs, for people: the job, or of an ad-hoc run the assets.
        seconds: how long it took, None until it ended.
    """

    run_id: str
    job_name: str
    subject: str
    status: RunStatus
    create_time: float
    start_time: float | None
    end_time: float | None
    seconds: float | None
    tags: Mapping[str, str]
    parent_run_id: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


@frozen(kw_only=True)
class RunPage:
    """A page of runs, newest first; ``cursor`` is None when nothing follows."""

    runs: tuple[RunLine, ...]
    cursor: int | None

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


@frozen(kw_only=True)
class StepLine:
    """A step in the table of its run. Times are seconds since 1970.

    Args:
        seconds: what the attempt that succeeded took, else the time from its first start to its end.
        error: class and message of its latest failed attempt.
        log: the file with its log.
        materialized: the assets it made, each once.
    """

    step: str
    status: str
    attempts: int
    start_time: float | None
    end_time: float | None
    seconds: float | None
    error: str | None
    reason: str
    log: str | None
    materialized: tuple[AssetKey, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


@frozen(kw_only=True)
class RunDetail:
    """One run with its steps, in the order in which they first showed.

    ``waits`` names, of each pool that has no slot for the run now, the step that asked for one.
    """

    line: RunLine
    run: Run
    steps: tuple[StepLine, ...]
    error: v.ErrorInfo | None
    message: str
    materializations: tuple[v.AssetMaterialization, ...]
    checks: tuple[v.AssetCheckEvaluation, ...]
    events: int
    waits: tuple[Slot, ...] = ()

    @property
    def not_made(self) -> tuple[AssetKey, ...]:
        """The assets that it was to make and did not, sorted; empty before it ended."""
        made = {one.asset_key for one in self.materializations}
        selected = self.run.asset_selection or frozenset()
        return tuple(sorted(selected - made)) if self.run.is_finished else ()

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data: the fields of the line at the top, steps and facts beneath."""
        wanted = ("steps", "error", "message", "materializations", "checks", "events")
        rest = {name: as_plain(getattr(self, name)) for name in wanted}
        rest["not_made"] = as_plain(self.not_made)
        rest["waits"] = [slot_plain(slot) for slot in self.waits]
        return {**self.line.to_plain(), "run_config": as_plain(self.run.run_config), **rest}


def list_runs(
    store: Store, wanted: RunsFilter | None = None, *, limit: int = 25, cursor: int | None = None
) -> RunPage:
    """Runs, newest first.

    Args:
        store: what is read.
        wanted: which runs, None for all.
        limit: at most this many.
        cursor: the cursor of the page before.
    """
    found = store.runs(wanted or RunsFilter(), limit=limit + 1, before=cursor)
    kept = found[:limit]
    more = len(found) > limit
    return RunPage(runs=tuple(map(line_of, kept)), cursor=kept[-1].storage_id if more else None)


def find_run(store: Store, name: str) -> RunRecord:
    """A run by its id, or by a beginning of its id that no other recent run has.

    Args:
        store: what is read.
        name: the id or its beginning.

    Raises:
        RunNotFoundError: when no run fits, or several do.
    """
    exact = store.runs(RunsFilter(run_ids=[name]), limit=1)
    if exact:
        return exact[0]
    recent = store.runs(RunsFilter(), limit=_NEWEST)
    near = [record for record in recent if name and record.run.run_id.startswith(name)]
    if len(near) == 1:
        return near[0]
    ids = [record.run.run_id for record in near or recent]
    if near:
        raise RunNotFoundError(
            f"{len(near)} runs begin with {name!r}: {', '.join(ids[:5])}. Write more of it."
        )
    hint = suggest(name, ids) or " `penstock run list` shows what there is."
    raise RunNotFoundError(f"There is no run {name!r}.{hint}")


def show_run(store: Store, name: str) -> RunDetail:
    """Everything about one run.

    Args:
        store: what is read.
        name: the id or a beginning of it.

    Raises:
        RunNotFoundError: when no run fits, or several do.
    """
    record = find_run(store, name)
    events = events_of(store, record.run.run_id)
    summary = fold(events)
    return RunDetail(
        line=line_of(record),
        run=record.run,
        steps=_steps(summary, events),
        error=summary.error,
        message=summary.message,
        materializations=tuple(e.materialization for e in events if isinstance(e, v.AssetMaterialized)),
        checks=tuple(e.evaluation for e in events if isinstance(e, v.CheckEvaluated)),
        events=len(events),
        waits=_waits(store, record.run),
    )


def _waits(store: Store, run: Run) -> tuple[Slot, ...]:
    """What a run waits for that is not over."""
    pools = () if run.is_finished else store.pools.find(run_id=run.run_id)
    return tuple(slot for pool in pools for slot in pool.waiting)


def events_of(store: Store, run_id: str) -> list[v.Happened]:
    """All events of a run, in order."""
    return [stored.event for stored in store.read(EventQuery(run_id=run_id))]


def summary_of(store: Store, run_id: str) -> RunSummary:
    """What a run did: the fold of its events."""
    return fold(events_of(store, run_id))


def log_files(store: Store, run_id: str) -> dict[str, str]:
    """The log file of each step that has one, by step key; of several attempts the latest."""
    return _log_files(stored.event for stored in store.read(_captures(run_id)))


def stats(store: Store, run_id: str) -> RunStats:
    """Counts and times of one run.

    Raises:
        RunNotFoundError: when it is not stored.
    """
    record = find_run(store, run_id)
    events = events_of(store, record.run.run_id)
    summary = fold(events)
    moments = {type(event): event.at for event in reversed(events)}
    return RunStats(
        run_id=record.run.run_id,
        status=record.run.status,
        steps_succeeded=len(summary.succeeded_steps),
        steps_failed=len(summary.failed_steps),
        materializations=sum(isinstance(event, v.AssetMaterialized) for event in events),
        enqueued_time=moments.get(v.RunQueued),
        launch_time=moments.get(v.RunStarting),
        start_time=record.start_time,
        end_time=record.end_time,
    )


def line_of(record: RunRecord) -> RunLine:
    """A stored run as a line of a list."""
    began, ended = record.start_time, record.end_time
    return RunLine(
        run_id=record.run.run_id,
        job_name=record.run.job_name,
        subject=_subject(record.run),
        status=record.run.status,
        create_time=record.create_time,
        start_time=began,
        end_time=ended,
        seconds=None if began is None or ended is None else ended - began,
        tags=record.run.tags,
        parent_run_id=record.run.parent_run_id,
    )


def _subject(run: Run) -> str:
    if run.asset_selection is None or job_title(run.job_name).startswith("job "):
        return run.job_name
    names = user_strings(run.asset_selection)
    return " and ".join(names) if 1 <= len(names) <= _NAMED else f"{len(names):,} assets"


def _captures(run_id: str) -> EventQuery:
    return EventQuery(run_id=run_id, kinds=(v.LogsCaptured,))


def _log_files(events: Any) -> dict[str, str]:
    return {event.step: event.file for event in events if isinstance(event, v.LogsCaptured)}


def _steps(summary: RunSummary, events: list[v.Happened]) -> tuple[StepLine, ...]:
    logs = _log_files(events)
    made: dict[str, list[AssetKey]] = {}
    for event in events:
        if isinstance(event, v.AssetMaterialized):
            made.setdefault(event.step, []).append(event.materialization.asset_key)
    return tuple(
        _step(step, logs.get(key), tuple(dict.fromkeys(made.get(key, ()))))
        for key, step in summary.steps.items()
    )


def _step(step: StepSummary, log: str | None, made: tuple[AssetKey, ...]) -> StepLine:
    seconds = step.seconds
    if seconds is None and step.start_time is not None and step.end_time is not None:
        seconds = step.end_time - step.start_time
    return StepLine(
        step=step.step,
        status=step.status.value,
        attempts=step.attempts,
        start_time=step.start_time,
        end_time=step.end_time,
        seconds=seconds,
        error=_one_line(step.error),
        reason=step.reason,
        log=log,
        materialized=made,
    )


def _one_line(error: v.ErrorInfo | None) -> str | None:
    if error is None:
        return None
    lines = error.message.strip().splitlines()
    return f"{error.cls_name}: {lines[0]}" if lines else error.cls_name
