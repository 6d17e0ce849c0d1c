"""Questions about the partitions of an asset: which are made, which failed, which are under way.

Owns: that judgement, from the store's partition projection and the runs that name a partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.events import values as v
from penstock.events.entries import AssetPartitionStatus
from penstock.events.runs import (
    PARTITION_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    TERMINAL,
    RunRecord,
    RunsFilter,
    RunStatus,
)
from penstock.keys import AssetKey
from penstock.spi.store import EventQuery, Store

_UNSETTLED = tuple(status for status in RunStatus if status not in TERMINAL | {RunStatus.NOT_STARTED})


def materialized(
    store: Store, key: AssetKey, *, before: int | None = None, after: int | None = None
) -> set[str]:
    """The partitions that were made.

    Args:
        store: what is read.
        key: the asset.
        before, after: storage ids, exclusive: only by materializations between them.
    """
    if before is None and after is None:
        return set(store.partitions(key))
    query = EventQuery(asset_key=key, kinds=(v.AssetMaterialized,), before=before, after=after)
    events = (stored.event for stored in store.read(query))
    found = {event.materialization.partition for event in events if isinstance(event, v.AssetMaterialized)}
    return {partition for partition in found if partition is not None}


def status_by_partition(
    store: Store, key: AssetKey, partitions: Sequence[str]
) -> dict[str, AssetPartitionStatus | None]:
    """Where each of these partitions stands; None for one that nobody tried to make.

    Args:
        store: what is read.
        key: the asset.
        partitions: partition keys in the order of their definition.
    """
    made = store.partitions(key)
    found: dict[str, AssetPartitionStatus | None] = {
        name: AssetPartitionStatus.MATERIALIZED if name in made else None for name in partitions
    }
    found.update(_tries(store, key, partitions, made))
    return found


def _tries(
    store: Store, key: AssetKey, partitions: Sequence[str], made: Mapping[str, int]
) -> list[tuple[str, AssetPartitionStatus]]:
    """Failed and unfinished tries, oldest first, that no materialization followed."""
    wanted = RunsFilter(statuses=(RunStatus.FAILURE, *_UNSETTLED))
    places = {name: place for place, name in enumerate(partitions)}
    found: list[tuple[str, AssetPartitionStatus]] = []
    for record in store.runs(wanted, ascending=True):
        names = (
            _partitions_of(record, partitions, places) if key in (record.run.asset_selection or ()) else ()
        )
        if not names:
            continue
        began = _first_id(store, record)
        failed = record.run.status is RunStatus.FAILURE
        status = AssetPartitionStatus.FAILED if failed else AssetPartitionStatus.IN_PROGRESS
        found.extend((name, status) for name in names if made.get(name, -1) < began)
    return found


def _first_id(store: Store, record: RunRecord) -> int:
    first = store.read(EventQuery(run_id=record.run.run_id, limit=1))
    return first[0].id if first else 0


def _partitions_of(record: RunRecord, partitions: Sequence[str], places: Mapping[str, int]) -> Sequence[str]:
    tags = record.run.tags
    if PARTITION_TAG in tags:
        return [tags[PARTITION_TAG]] if tags[PARTITION_TAG] in places else []
    start, end = places.get(tags.get(RANGE_START_TAG, "")), places.get(tags.get(RANGE_END_TAG, ""))
    return [] if start is None or end is None else partitions[start : end + 1]
