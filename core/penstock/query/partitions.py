"""Questions about the partitions of an asset: which are made, which failed, which are under way.

Owns: that judgement, from the store's partition projection and the runs that name a partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.errors import UnknownPartitionError
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
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.spi.store import EventQuery, Store
from penstock.values import frozen

_UNSETTLED = tuple(status for status in RunStatus if status not in TERMINAL | {RunStatus.NOT_STARTED})


@frozen(kw_only=True)
class PartitionStatuses:
    """Where the partitions of an asset stand; each that there is now is in exactly one of these.

    Args:
        materialized: made, and nothing newer says otherwise.
        failed: the last try failed, and nothing newer made it.
        in_progress: a run that is not over is to make it.
        missing: none of these.
    """

    materialized: PartitionsSubset
    failed: PartitionsSubset
    in_progress: PartitionsSubset
    missing: PartitionsSubset


def partition_statuses(
    store: Store,
    key: AssetKey,
    partitions_def: PartitionsDefinition,
    *,
    now: datetime,
    dynamic: DynamicPartitionsStore | None = None,
) -> PartitionStatuses:
    """Where the partitions of an asset stand.

    Args:
        store: what is read.
        key: the asset.
        partitions_def: its partitions, as they are defined now.
        now: what counts as now, with a time zone.
        dynamic: knows the keys of dynamic partitions.
    """
    form, view = partitions_def.form, view_of(now, dynamic)
    made = store.partitions(key)
    everything: Any = form.everything(view)
    ever = form.body_of(_places(partitions_def, made))
    tried = {True: form.body_of(()), False: form.body_of(())}
    for record in _tried(store, key):
        began = _first_id(store, record)
        newer = form.body_of(_places(partitions_def, [name for name, fact in made.items() if fact > began]))
        failed = record.run.status is RunStatus.FAILURE
        tried[failed] = tried[failed] | _covered(partitions_def, record.run.tags, view) - newer
    found = {
        "in_progress": everything & tried[False],
        "failed": everything & tried[True] - tried[False],
        "materialized": everything & ever - tried[True] - tried[False],
        "missing": everything - ever - tried[True] - tried[False],
    }
    return PartitionStatuses(**{name: PartitionsSubset(partitions_def, body) for name, body in found.items()})


def _places(partitions_def: PartitionsDefinition, keys: Iterable[str]) -> list[Any]:
    form = partitions_def.form
    return [place for place in map(form.place_of, keys) if place is not None]


def _tried(store: Store, key: AssetKey) -> Iterator[RunRecord]:
    """Failed and unfinished runs that name an asset, oldest first."""
    for record in store.runs(RunsFilter(statuses=(RunStatus.FAILURE, *_UNSETTLED)), ascending=True):
        if key in (record.run.asset_selection or ()):
            yield record


def _covered(partitions_def: PartitionsDefinition, tags: Mapping[str, str], view: View) -> Any:
    """The partitions that the tags of a run name, those that are none left out; of a range, the whole box."""
    form = partitions_def.form
    if PARTITION_TAG in tags:
        return form.body_of(_places(partitions_def, [tags[PARTITION_TAG]]))
    ends = [form.place_of(tags.get(tag, "")) for tag in (RANGE_START_TAG, RANGE_END_TAG)]
    if None in ends:
        return form.body_of(())
    try:
        return form.span(ends[0], ends[1], view)
    except UnknownPartitionError:  # an end that is no longer there
        return form.body_of(())


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
