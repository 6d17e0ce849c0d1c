"""Questions about assets: what is known of each, and what one holds.

Owns: ``AssetLine`` and ``AssetDetail``. What is out of date is judged in ``plan.staleness_judge``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from penstock.events import values as v
from penstock.events.entries import (
    AssetCheckExecutionRecord,
    AssetEntry,
    AssetRecord,
    EventLogEntry,
    EventLogRecord,
)
from penstock.events.view import fact_of
from penstock.keys import AssetCheckKey, AssetKey
from penstock.query.plain import as_plain
from penstock.query.records import entries, job_names, latest, record_of, records
from penstock.spi.store import AssetStatus, EventQuery, Store, StoredEvent
from penstock.values import frozen

_RECENT_CHECKS = 200


@frozen(kw_only=True)
class AssetLine:
    """An asset in a list.

    Args:
        materialized_at: seconds since 1970, None when it was never made.
        run_id: the run that made it; empty when that was reported without a run.
    """

    key: AssetKey
    materialized_at: float | None = None
    observed_at: float | None = None
    run_id: str | None = None
    data_version: str | None = None
    code_version: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


@frozen(kw_only=True)
class AssetDetail:
    """One asset: its latest facts, checks and recent history.

    Args:
        metadata: of the latest materialization.
        partitions: the materialized partition keys.
        checks: the latest evaluation of each check.
        history: recent materializations and observations, newest first.
    """

    line: AssetLine
    description: str | None
    metadata: v.Metadata
    tags: Mapping[str, str]
    partitions: frozenset[str]
    checks: tuple[v.AssetCheckEvaluation, ...]
    history: tuple[EventLogRecord, ...]

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data: the fields of the line at the top, the rest beneath."""
        wanted = ("description", "metadata", "tags", "partitions", "checks")
        rest = {name: as_plain(getattr(self, name)) for name in wanted}
        history = [{"id": record.storage_id, **as_plain(record.event)} for record in self.history]
        return {**self.line.to_plain(), **rest, "history": history}


def list_assets(
    store: Store, keys: Sequence[AssetKey] | None = None, prefix: Sequence[str] = ()
) -> tuple[AssetLine, ...]:
    """What is known of assets, sorted by key.

    Args:
        store: what is read.
        keys: these assets, also those of which nothing is known; None for all with a fact.
        prefix: only keys that begin with these parts.
    """
    if keys is None:
        return tuple(map(line_of, store.assets(None, prefix)))
    wanted = sorted(key for key in set(keys) if key.has_prefix(prefix))
    known = {status.asset_key: status for status in store.assets(wanted)}
    return tuple(line_of(known.get(key) or AssetStatus(asset_key=key)) for key in wanted)


def show_asset(
    store: Store,
    key: AssetKey,
    *,
    checks: Sequence[AssetCheckKey] | None = None,
    history: int = 10,
    with_partitions: bool = True,
) -> AssetDetail:
    """Everything about one asset; one of which nothing is known has an empty answer.

    Args:
        store: what is read.
        key: the asset.
        checks: its checks, None for those that were evaluated of late.
        history: how many recent facts at most.
        with_partitions: whether the partitions that were made are listed, of which there may be very many.
    """
    status = status_of(store, key)
    made = _materialization(status.last_materialization)
    return AssetDetail(
        line=line_of(status),
        description=made.description if made else None,
        metadata=made.metadata if made else {},
        tags=made.tags if made else {},
        partitions=frozenset(store.partitions(key)) if with_partitions else frozenset(),
        checks=_latest_checks(store, key, checks),
        history=tuple(records(store, _recent(store, key, history))),
    )


def _recent(store: Store, key: AssetKey, limit: int) -> list[StoredEvent]:
    """The newest facts of an asset. Asked kind by kind, because each is found in order and both are not."""
    queries = (
        EventQuery(asset_key=key, kinds=(kind,), ascending=False, limit=limit)
        for kind in (v.AssetMaterialized, v.AssetObserved)
    )
    found = [stored for query in queries for stored in store.read(query)]
    return sorted(found, key=lambda stored: -stored.id)[:limit]


def status_of(store: Store, key: AssetKey) -> AssetStatus:
    """What is known of one asset."""
    found = store.assets([key])
    return found[0] if found else AssetStatus(asset_key=key)


def is_known(store: Store, key: AssetKey) -> bool:
    """Whether an asset has a fact: a materialization, an observation or an evaluation of a check."""
    status = status_of(store, key)
    if status.last_materialization is not None or status.last_observation is not None:
        return True
    return bool(store.read(EventQuery(asset_key=key, kinds=(v.CheckEvaluated,), limit=1)))


def line_of(status: AssetStatus) -> AssetLine:
    """What is known of an asset as a line of a list."""
    made, seen = status.last_materialization, status.last_observation
    return AssetLine(
        key=status.asset_key,
        materialized_at=made.event.at if made else None,
        observed_at=seen.event.at if seen else None,
        run_id=made.run_id if made else None,
        data_version=status.data_version,
        code_version=status.code_version,
    )


def asset_records(store: Store, keys: Sequence[AssetKey] | None = None) -> list[AssetRecord]:
    """The public records of assets that were made or observed, sorted by key; of None, all with a fact."""
    statuses = store.assets(keys)
    facts = [fact for status in statuses for fact in (status.last_materialization, status.last_observation)]
    jobs = job_names(store, (fact.run_id for fact in facts if fact))
    made = [_asset_record(status, jobs) for status in statuses]
    return [record for record in made if keys is None or record.storage_id]


def latest_materializations(store: Store, keys: Sequence[AssetKey]) -> dict[AssetKey, EventLogEntry | None]:
    """The latest materialization of each asset, None where there is none."""
    made = [status.last_materialization for status in store.assets(keys)]
    found = entries(store, [stored for stored in made if stored is not None])
    by_key: dict[AssetKey, EventLogEntry | None] = dict.fromkeys(keys)
    by_key.update({entry.event.asset_key: entry for entry in found if entry.event.asset_key is not None})
    return by_key


def latest_check(store: Store, key: AssetCheckKey) -> AssetCheckExecutionRecord | None:
    """The latest evaluation of a check and the run that made it."""
    query = EventQuery(kinds=(v.CheckEvaluated,), check_key=key, ascending=False, limit=1)
    found = store.read(query)
    if not found:
        return None
    (entry,) = entries(store, found)
    evaluation = entry.asset_check_evaluation
    assert evaluation is not None  # noqa: S101  # the query asked for this kind alone
    return AssetCheckExecutionRecord(
        key=key,
        id=entry.storage_id,
        run_id=entry.run_id,
        create_timestamp=entry.timestamp,
        event=entry,
        evaluation=evaluation,
    )


def latest_data_version(
    store: Store, query: EventQuery, *, is_source: bool | None = None
) -> EventLogRecord | None:
    """The latest fact of an asset that may carry a data version.

    Args:
        store: what is read.
        query: the asset, and perhaps partition and cursors.
        is_source: look at observations; None looks at them when there is no materialization.
    """
    kinds = {True: (v.AssetObserved,), False: (v.AssetMaterialized,)}
    order = (False, True) if is_source is None else (is_source,)
    for source in order:
        found = latest(store, evolve(query, kinds=kinds[source]))
        if found is not None:
            return found
    return None


def _materialization(stored: StoredEvent | None) -> v.AssetMaterialization | None:
    fact = None if stored is None else fact_of(stored.event)
    return fact if isinstance(fact, v.AssetMaterialization) else None


def _latest_checks(
    store: Store, key: AssetKey, checks: Sequence[AssetCheckKey] | None
) -> tuple[v.AssetCheckEvaluation, ...]:
    if checks is not None:
        found = store.checks(checks)
        return tuple(found[check] for check in sorted(found))
    query = EventQuery(asset_key=key, kinds=(v.CheckEvaluated,), ascending=False, limit=_RECENT_CHECKS)
    newest: dict[str, v.AssetCheckEvaluation] = {}
    for stored in store.read(query):
        if isinstance(stored.event, v.CheckEvaluated):
            newest.setdefault(stored.event.evaluation.check_name, stored.event.evaluation)
    return tuple(newest[name] for name in sorted(newest))


def _asset_record(status: AssetStatus, jobs: Mapping[str, str]) -> AssetRecord:
    made, seen = status.last_materialization, status.last_observation
    entry = AssetEntry(
        asset_key=status.asset_key,
        last_materialization_record=record_of(made, jobs) if made else None,
        last_observation_record=record_of(seen, jobs) if seen else None,
        last_run_id=status.last_planned_run_id or (made.run_id if made else None),
        data_version=status.data_version,
        code_version=status.code_version,
    )
    return AssetRecord(storage_id=entry.last_event_storage_id or 0, asset_entry=entry)
