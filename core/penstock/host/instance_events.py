"""What an instance answers about its log, page by page.

Owns: the public names and arguments of these questions. Each is one step to ``query``. The
functions become methods of ``Instance``, which is what they take first. Lazy: ``query`` is imported
when something is asked, since a run asks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from penstock.events import values as v
from penstock.host.deferred import deferred
from penstock.keys import AssetCheckKey
from penstock.spi.store import Store

if TYPE_CHECKING:
    from penstock.events.entries import (
        EventLogEntry,
        EventLogRecord,
        EventRecordsFilter,
        EventRecordsResult,
        RunStatusChangeRecordsFilter,
    )
    from penstock.events.kinds import EventType
    from penstock.query import records as query
    from penstock.query.records import AboutAsset, Types
else:
    query = deferred("penstock.query.records")


class HasLog(Protocol):
    """What these functions need of an instance."""

    @property
    def store(self) -> Store:
        """Where events are kept."""
        ...


def all_logs(instance: HasLog, run_id: str, of_type: Types = None) -> list[EventLogEntry]:
    """The whole log of a run, oldest first.

    Args:
        instance: the instance that is asked.
        run_id: the run; an unknown one has no events.
        of_type: one kind of event or several, None for all.
    """
    return query.log_of_run(instance.store, run_id, of_type=of_type)


def logs_after(
    instance: HasLog, run_id: str, cursor: int | None = None, of_type: Types = None, limit: int | None = None
) -> list[EventLogEntry]:
    """The log of a run after a storage id, oldest first.

    Args:
        instance: the instance that is asked.
        run_id: the run.
        cursor: the ``storage_id`` of the last entry that is known, None for the beginning.
        of_type: one kind of event or several, None for all.
        limit: at most this many.
    """
    return query.log_of_run(instance.store, run_id, of_type=of_type, after=cursor, limit=limit)


def get_records_for_run(
    instance: HasLog,
    run_id: str,
    cursor: str | None = None,
    of_type: Types = None,
    limit: int | None = None,
    *,
    ascending: bool = True,
) -> EventRecordsResult:
    """One page of the log of a run.

    Args:
        instance: the instance that is asked.
        run_id: the run; an unknown one has no events.
        cursor: the cursor of the page before.
        of_type: one kind of event or several, None for all.
        limit: at most this many.
        ascending: oldest first.
    """
    return query.of_run(
        instance.store, run_id, of_type=of_type, cursor=cursor, limit=limit, ascending=ascending
    )


def fetch_events(
    instance: HasLog, cursor: str | None = None, limit: int | None = None, of_type: Types = None
) -> EventRecordsResult:
    """One page of the log of the whole instance, oldest first: ask again with its cursor to follow.

    Args:
        instance: the instance that is asked.
        cursor: the cursor of the page before.
        limit: at most this many.
        of_type: one kind of event or several, None for all.
    """
    return query.of_store(instance.store, of_type=of_type, cursor=cursor, limit=limit)


def get_event_records(
    instance: HasLog,
    event_records_filter: EventRecordsFilter,
    limit: int | None = None,
    *,
    ascending: bool = False,
) -> list[EventLogRecord]:
    """The events that fit a filter, newest first.

    Args:
        instance: the instance that is asked.
        event_records_filter: which events.
        limit: at most this many.
        ascending: oldest first.
    """
    return query.of_filter(instance.store, event_records_filter, limit, ascending=ascending)


def fetch_materializations(
    instance: HasLog,
    records_filter: AboutAsset,
    limit: int | None = None,
    cursor: str | None = None,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the materializations of an asset, newest first.

    Args:
        instance: the instance that is asked.
        records_filter: the asset, or a filter with further conditions.
        limit: at most this many.
        cursor: the cursor of the page before.
        ascending: oldest first.
    """
    return query.of_asset(
        instance.store, v.AssetMaterialized, records_filter, limit, cursor, ascending=ascending
    )


def fetch_observations(
    instance: HasLog,
    records_filter: AboutAsset,
    limit: int | None = None,
    cursor: str | None = None,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the observations of an asset, newest first; arguments as of materializations."""
    return query.of_asset(instance.store, v.AssetObserved, records_filter, limit, cursor, ascending=ascending)


def fetch_check_evaluations(
    instance: HasLog,
    key: AssetCheckKey,
    limit: int | None = None,
    cursor: str | None = None,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the evaluations of a check, newest first; arguments as of materializations."""
    return query.of_check(instance.store, key, limit, cursor, ascending=ascending)


def fetch_run_status_changes(
    instance: HasLog,
    records_filter: EventType | RunStatusChangeRecordsFilter,
    limit: int | None = None,
    cursor: str | None = None,
    *,
    ascending: bool = False,
) -> EventRecordsResult:
    """One page of the events of one kind that moved runs, newest first.

    Args:
        instance: the instance that is asked.
        records_filter: the kind of event, or a filter with further conditions.
        limit: at most this many.
        cursor: the cursor of the page before.
        ascending: oldest first.
    """
    return query.run_changes(instance.store, records_filter, limit, cursor, ascending=ascending)
