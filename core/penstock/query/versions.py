"""Questions about data versions: the latest fact of assets and of their partitions, and the failed tries.

Owns: reading what ``plan.staleness_judge`` judges, as its ``Fact`` and ``Known``. Judges nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from penstock.events import values as v
from penstock.events.runs import RunsFilter, RunStatus
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.view import DynamicPartitionsStore
from penstock.plan.staleness_facts import Fact, Known
from penstock.query.partitions import partition_statuses
from penstock.spi.store import AssetStatus, EventQuery, Store, StoredEvent


def known_of(
    store: Store,
    definitions: Mapping[AssetKey, PartitionsDefinition | None],
    *,
    now: datetime,
    dynamic: DynamicPartitionsStore | None = None,
) -> dict[AssetKey, Known]:
    """What is known of assets, as far as staleness goes by it.

    Args:
        store: what is read.
        definitions: the assets, each with its partitions or None.
        now: what counts as now, with a time zone.
        dynamic: knows dynamic keys.
    """
    statuses = store.assets(list(definitions))
    failed = _failed_runs(store, statuses)
    found: dict[AssetKey, Known] = {}
    for status in statuses:
        definition = definitions[status.asset_key]
        if definition is None:
            fact = status.last_materialization or status.last_observation
            found[status.asset_key] = Known(
                fact=None if fact is None else _fact(fact),
                is_made=status.last_materialization is not None,
                is_failed=status.last_planned_run_id in failed and not _is_made_since(store, status),
            )
        else:
            found[status.asset_key] = _partitioned(store, status, definition, now, dynamic)
    return found


def partition_facts(store: Store, key: AssetKey, partitions: Sequence[str] | None = None) -> dict[str, Fact]:
    """The latest materialization of each partition of an asset, or observation where it was never made.

    Args:
        store: what is read.
        key: the asset.
        partitions: these alone; None for all.
    """
    wanted = None if partitions is None else tuple(partitions)
    found: dict[str, Fact] = {}
    for kind in (v.AssetMaterialized, v.AssetObserved):
        if wanted is not None and len(found) == len(wanted):
            break
        newest: dict[str, Fact] = {}
        for stored in store.read(EventQuery(asset_key=key, kinds=(kind,), partitions=wanted, latest=True)):
            partition = _said(stored.event).partition
            if partition is not None:
                newest[partition] = _fact(stored)
        found = {**newest, **found}
    return found


def _partitioned(
    store: Store,
    status: AssetStatus,
    definition: PartitionsDefinition,
    now: datetime,
    dynamic: DynamicPartitionsStore | None,
) -> Known:
    key = status.asset_key
    facts = partition_facts(store, key)
    found = partition_statuses(store, key, definition, now=now, dynamic=dynamic)
    made = found.materialized
    for tried in (found.failed, found.in_progress):
        known = [name for name in tried if name in facts]
        made = made | definition.subset_with_partition_keys(known)
    fact = status.last_materialization or status.last_observation
    return Known(
        fact=None if fact is None else _fact(fact),
        by_partition=facts,
        there=found.materialized | found.failed | found.in_progress | found.missing,
        made=made,
        failed=found.failed,
        history=partial(_history, store, key),
    )


def _history(store: Store, key: AssetKey) -> dict[str, list[Fact]]:
    """Every fact of each partition, oldest first."""
    found: dict[str, list[Fact]] = {}
    for stored in store.read(EventQuery(asset_key=key, kinds=(v.AssetMaterialized, v.AssetObserved))):
        partition = _said(stored.event).partition
        if partition is not None:
            found.setdefault(partition, []).append(_fact(stored))
    return found


def _failed_runs(store: Store, statuses: Iterable[AssetStatus]) -> frozenset[str]:
    """Those of the runs that were last to make the assets which failed."""
    suspects = {
        one.last_planned_run_id
        for one in statuses
        if one.last_planned_run_id is not None
        and (one.last_materialization is None or one.last_materialization.run_id != one.last_planned_run_id)
    }
    if not suspects:
        return frozenset()
    wanted = RunsFilter(run_ids=sorted(suspects), statuses=(RunStatus.FAILURE,))
    return frozenset(record.run.run_id for record in store.runs(wanted))


def _is_made_since(store: Store, status: AssetStatus) -> bool:
    """Whether an asset was made, by anybody, since the run that was last to make it began."""
    if status.last_materialization is None:
        return False
    first = store.read(EventQuery(run_id=status.last_planned_run_id, limit=1))
    return bool(first) and first[0].id < status.last_materialization.id


def _fact(stored: StoredEvent) -> Fact:
    event: Any = stored.event
    return Fact(stored.id, event.at, stored.run_id, event.step, _said(event).tags)


def _said(event: Any) -> Any:
    return event.materialization if isinstance(event, v.AssetMaterialized) else event.observation
