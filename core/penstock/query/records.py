"""Reading the log: stored events as public entries and records, page by page.

Owns: cursors (the storage id as text), pages that know whether more follows, and the reading of
what a store cannot filter itself. Works over any ``Store``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve

from penstock.errors import InvariantViolationError
from penstock.events.entries import (
    AssetRecordsFilter,
    EventLogEntry,
    EventLogRecord,
    EventRecordsFilter,
    EventRecordsResult,
    RunStatusChangeRecordsFilter,
    filter_for,
)
from penstock.events.kinds import CLASS_OF, EventType, classes_of
from penstock.events.runs import RunsFilter
from penstock.events.values import CheckEvaluated, Happened
from penstock.events.view import Event
from penstock.keys import AssetCheckKey, CoercibleToAssetKey
from penstock.spi.store import EventQuery, Store, StoredEvent

Types = EventType | str | Iterable[EventType | str] | None
Cursor = str | int | None
AboutAsset = CoercibleToAssetKey | AssetRecordsFilter
_Keep = Callable[[StoredEvent], bool]

_RUNS_AT_ONCE = 500
_EVENTS_AT_ONCE = 1_000


def job_names(store: Store, run_ids: Iterable[str]) -> dict[str, str]:
    """The job of each of these runs that is stored."""
    wanted = sorted(set(run_ids) - {""})
    parts = [wanted[start : start + _RUNS_AT_ONCE] for start in range(0, len(wanted), _RUNS_AT_ONCE)]
    found = (record.run for part in parts for record in store.runs(RunsFilter(run_ids=part)))
    return {run.run_id: run.job_name for run in found}


def entry_of(stored: StoredEvent, jobs: Mapping[str, str]) -> EventLogEntry:
    """A stored event as an entry; ``jobs`` are the jobs of runs."""
    event = Event(stored.event, stored.run_id, jobs.get(stored.run_id))
    return EventLogEntry(event, stored.id)


def record_of(stored: StoredEvent, jobs: Mapping[str, str]) -> EventLogRecord:
    """A stored event as a record; ``jobs`` are the jobs of runs."""
    return EventLogRecord(stored.id, entry_of(stored, jobs))


def entries(store: Store, found: Sequence[StoredEvent]) -> list[EventLogEntry]:
    """Stored events as entries, with the jobs of their runs."""
    jobs = job_names(store, (stored.run_id for stored in found))
    return [entry_of(stored, jobs) for stored in found]


def records(store: Store, found: Sequence[StoredEvent]) -> list[EventLogRecord]:
    """Stored events as records, with the jobs of their runs."""
    jobs = job_names(store, (stored.run_id for stored in found))
    return [record_of(stored, jobs) for stored in found]


def read_cursor(cursor: Cursor) -> int | None:
    """The storage id that a cursor stands for, None for the beginning.

    Raises:
        InvariantViolationError: when it is no cursor of ours.
    """
    if cursor is None or cursor == "":
        return None
    try:
        return int(cursor)
    except ValueError as error:
        raise InvariantViolationError(
            f"A cursor is what an earlier page gave as its cursor, found {cursor!r}."
            " Leave it out to begin anew."
        ) from error


def page(
    store: Store, query: EventQuery, limit: int | None, cursor: Cursor = None, keep: _Keep | None = None
) -> EventRecordsResult:
    """One page of the events that fit a query.

    Args:
        store: what is read.
        query: which events, in what order; its ``limit`` is not looked at.
        limit: at most this many, None for all.
        cursor: the cursor of the page before, None for the first page.
        keep: a further condition, asked of each event.

    Returns:
        The page; its cursor is the given one when nothing was found.
    """
    query = _from_cursor(query, read_cursor(cursor))
    found = scan(store, query, None if limit is None else limit + 1, keep)
    kept = found if limit is None else found[:limit]
    after = str(kept[-1].id) if kept else str(cursor or "")
    return EventRecordsResult(records(store, kept), after, len(found) > len(kept))


def scan(store: Store, query: EventQuery, limit: int | None, keep: _Keep | None = None) -> list[StoredEvent]:
    """The first events that fit a query and a further condition.

    Args:
        store: what is read.
        query: which events, in what order; its ``limit`` is not looked at.
        limit: at most this many, None for all.
        keep: a further condition, asked of each event; the log is then read in pieces.
    """
    if query.kinds == ():
        return []
    if keep is None:
        return list(store.read(evolve(query, limit=limit)))
    found: list[StoredEvent] = []
    while limit is None or len(found) < limit:
        piece = store.read(evolve(query, limit=_EVENTS_AT_ONCE))
        found.extend(stored for stored in piece if keep(stored))
        if len(piece) < _EVENTS_AT_ONCE:
            break
        query = _from_cursor(query, piece[-1].id)
    return found if limit is None else found[:limit]


def latest(store: Store, query: EventQuery) -> EventLogRecord | None:
    """The newest event that fits, None when none does."""
    found = scan(store, evolve(query, ascending=False), 1)
    return records(store, found)[0] if found else None


def of_run(
    store: Store,
    run_id: str,
    *,
    of_type: Types = None,
    cursor: Cursor = None,
    limit: int | None = None,
    ascending: bool = True,
) -> EventRecordsResult:
    """One page of the log of a run.

    Args:
        store: what is read.
        run_id: the run; an unknown one has no events.
        of_type: only events of these kinds.
        cursor: the cursor of the page before, None for the first page.
        limit: at most this many, None for all.
        ascending: oldest first.
    """
    query = EventQuery(run_id=run_id, kinds=classes_of(of_type), ascending=ascending)
    return page(store, query, limit, cursor)


def log_of_run(
    store: Store, run_id: str, *, of_type: Types = None, after: int | None = None, limit: int | None = None
) -> list[EventLogEntry]:
    """The log of a run, oldest first.

    Args:
        store: what is read.
        run_id: the run; an unknown one has no events.
        of_type: only events of these kinds.
        after: a storage id: only later events.
        limit: at most this many, None for all.
    """
    query = EventQuery(run_id=run_id, kinds=classes_of(of_type), after=after)
    return entries(store, scan(store, query, limit))


def of_check(
    store: Store, key: AssetCheckKey, limit: int | None, cursor: Cursor, *, ascending: bool = False
) -> EventRecordsResult:
    """One page of the evaluations of a check; arguments as of ``of_asset``."""
    query = EventQuery(kinds=(CheckEvaluated,), check_key=key, ascending=ascending)
    return page(store, query, limit, cursor)


def of_store(
    store: Store, *, of_type: Types = None, cursor: Cursor = None, limit: int | None = None
) -> EventRecordsResult:
    """One page of the log of the whole store, oldest first: call again with the cursor to follow it."""
    return page(store, EventQuery(kinds=classes_of(of_type)), limit, cursor)


def of_asset(
    store: Store,
    kind: type[Happened],
    about: AboutAsset,
    limit: int | None,
    cursor: Cursor,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the facts of one kind about an asset.

    Args:
        store: what is read.
        kind: the class of event.
        about: the asset, or a filter with further conditions.
        limit: at most this many, None for all.
        cursor: the cursor of the page before, None for the first page.
        ascending: oldest first.
    """
    wanted = filter_for(about)
    query = EventQuery(
        kinds=(kind,),
        asset_key=wanted.asset_key,
        partitions=_tuple(wanted.asset_partitions),
        after=wanted.after_storage_id,
        before=wanted.before_storage_id,
        since=wanted.after_timestamp,
        until=wanted.before_timestamp,
        ascending=ascending,
    )
    return page(store, query, limit, cursor, _among(wanted.storage_ids))


def of_filter(
    store: Store, wanted: EventRecordsFilter, limit: int | None, *, ascending: bool = False
) -> list[EventLogRecord]:
    """The events that fit a public filter."""
    if wanted.event_type not in CLASS_OF:
        return []
    query = EventQuery(
        kinds=(CLASS_OF[wanted.event_type],),
        asset_key=wanted.asset_key,
        partitions=_tuple(wanted.asset_partitions),
        after=wanted.after_cursor,
        before=wanted.before_cursor,
        since=wanted.after_timestamp,
        until=wanted.before_timestamp,
        ascending=ascending,
    )
    return records(store, scan(store, query, limit, _among(wanted.storage_ids)))


def run_changes(
    store: Store,
    changes: EventType | RunStatusChangeRecordsFilter,
    limit: int | None,
    cursor: Cursor,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the events that moved runs.

    Args:
        store: what is read.
        changes: the kind of change, or a filter with further conditions.
        limit: at most this many, None for all.
        cursor: the cursor of the page before, None for the first page.
        ascending: oldest first.
    """
    given = isinstance(changes, RunStatusChangeRecordsFilter)
    wanted = changes if given else RunStatusChangeRecordsFilter(changes)
    query = EventQuery(
        kinds=classes_of(wanted.event_type),
        after=wanted.after_storage_id,
        before=wanted.before_storage_id,
        since=wanted.after_timestamp,
        until=wanted.before_timestamp,
        ascending=ascending,
    )
    keep = _all_of(_among(wanted.storage_ids), _of_jobs(store, wanted.job_names))
    return page(store, query, limit, cursor, keep)


def _from_cursor(query: EventQuery, cursor: int | None) -> EventQuery:
    if cursor is None:
        return query
    if query.ascending:
        return evolve(query, after=cursor if query.after is None else max(query.after, cursor))
    return evolve(query, before=cursor if query.before is None else min(query.before, cursor))


def _tuple(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


def _among(ids: Sequence[int] | None) -> _Keep | None:
    if ids is None:
        return None
    wanted = frozenset(ids)
    return lambda stored: stored.id in wanted


def _of_jobs(store: Store, names: Sequence[str] | None) -> _Keep | None:
    if names is None:
        return None
    known: dict[str, str] = {}
    wanted = frozenset(names)

    def keep(stored: StoredEvent) -> bool:
        if stored.run_id not in known:
            known.update({stored.run_id: "", **job_names(store, [stored.run_id])})
        return known[stored.run_id] in wanted

    return keep


def _all_of(*conditions: _Keep | None) -> _Keep | None:
    given = [condition for condition in conditions if condition is not None]
    return (lambda stored: all(condition(stored) for condition in given)) if given else None
