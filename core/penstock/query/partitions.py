"""Questions about the partitions of an asset: which are made, which failed, which are under way.

Owns: that judgement. The store keeps bits as things happen, and somebody who knows the definition has only
to lay them over it: nothing is enumerated. What the bits cannot know yet is numbered first, once.
Keys without numbers (several dimensions that grow, keys that a function lists) are judged by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from penstock.errors import UnknownPartitionError
from penstock.events import values as v
from penstock.events.entries import AssetPartitionStatus
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import SEPARATOR
from penstock.partitions.numbers import Numbering, has, numbering_of
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.query.dynamic_numbers import names_in
from penstock.spi.store import (
    EventQuery,
    PartitionBacklog,
    PartitionBits,
    PartitionBook,
    PartitionNumbers,
    PartitionTry,
    Store,
)
from penstock.values import frozen

_PATIENCE = 3
"""How often numbers are laid over the bits of an asset that others keep changing."""


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
    view = view_of(now, dynamic)
    numbering = numbering_of(partitions_def) or names_in(store, partitions_def, view)
    if numbering is not None:
        bits = _complete_bits(store.partition_book, key, numbering)
        if bits is not None:
            return _from_bits(partitions_def, numbering, bits, view)
    return _folded(store, key, partitions_def, view)


def ever_made(
    store: Store,
    key: AssetKey,
    partitions_def: PartitionsDefinition,
    *,
    now: datetime,
    dynamic: DynamicPartitionsStore | None = None,
) -> PartitionsSubset:
    """The partitions of an asset that were ever made, whatever came after; arguments as above."""
    view = view_of(now, dynamic)
    numbering = numbering_of(partitions_def) or names_in(store, partitions_def, view)
    bits = None if numbering is None else _complete_bits(store.partition_book, key, numbering)
    if numbering is not None and bits is not None:
        return PartitionsSubset(partitions_def, numbering.layers((bits.made,), view)[0])
    form: Any = partitions_def.form
    made = form.body_of(_places(partitions_def, store.partitions(key)))
    return PartitionsSubset(partitions_def, form.everything(view) & made)


# ---- by numbers ------------------------------------------------------------------------------------


def _complete_bits(book: PartitionBook, key: AssetKey, numbering: Numbering) -> PartitionBits | None:
    """The bits of an asset, after numbering what came without a number; None when others keep us from it."""
    for _ in range(_PATIENCE):
        bits = book.bits(key)
        if bits.is_complete and bits.ruler == numbering.ruler:
            return bits
        backlog = book.backlog(key, numbering.ruler)
        if not (bits.ruler or backlog.parts or backlog.tries):
            return bits
        book.settle(key, _numbers(backlog, numbering))
    return None


def _numbers(backlog: PartitionBacklog, numbering: Numbering) -> PartitionNumbers:
    parts = (*backlog.parts, *backlog.wiped)
    found = zip(parts, numbering.each_of(parts), strict=True)
    return PartitionNumbers(
        ruler=numbering.ruler,
        parts={part: -1 if number is None else number for part, number in found},
        targets={one.run: _mask(numbering, one.tags) for one in backlog.tries},
        is_whole=backlog.is_whole,
    )


def _mask(numbering: Numbering, tags: Mapping[str, str]) -> int:
    """The partitions that the tags of a run name."""
    one = tags.get(PARTITION_TAG)
    first, last = (one, one) if one is not None else (tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG))
    return 0 if first is None or last is None else numbering.between(first, last)


def _from_bits(
    partitions_def: PartitionsDefinition, numbering: Numbering, bits: PartitionBits, view: View
) -> PartitionStatuses:
    names = ("in_progress", "failed", "materialized", "missing")
    bodies = numbering.layers((bits.in_progress, bits.failed, bits.made), view)
    subsets = (PartitionsSubset(partitions_def, body) for body in bodies)
    return PartitionStatuses(**dict(zip(names, subsets, strict=True)))


# ---- by names: of partitions without numbers -------------------------------------------------------


def _folded(
    store: Store, key: AssetKey, partitions_def: PartitionsDefinition, view: View
) -> PartitionStatuses:
    form, made = partitions_def.form, store.partitions(key)
    everything: Any = form.everything(view)
    ever = form.body_of(_places(partitions_def, made))
    backlog = store.partition_book.backlog(key, None)
    tried: dict[bool, list[Any]] = {True: [], False: []}
    for one in backlog.tries:
        places = form.places(_covered(partitions_def, one.tags, view))
        tried[one.ended is None] += [
            place for place in places if _still_says(one, form.key_at(place), made, backlog.wiped)
        ]
    in_progress, failed = form.body_of(tried[True]), form.body_of(tried[False])
    found = {
        "in_progress": everything & in_progress,
        "failed": everything & failed - in_progress,
        "materialized": everything & ever - failed - in_progress,
        "missing": everything - ever - failed - in_progress,
    }
    return PartitionStatuses(**{name: PartitionsSubset(partitions_def, body) for name, body in found.items()})


def _still_says(one: PartitionTry, name: str, made: Mapping[str, int], wiped: Mapping[str, int]) -> bool:
    """Whether a try still says where a partition stands: it was neither made nor wiped since."""
    if one.ended is None:
        return name not in one.made
    return made.get(name, 0) <= one.began and wiped.get(name, -1) < one.ended


def _places(partitions_def: PartitionsDefinition, keys: Iterable[str]) -> list[Any]:
    form = partitions_def.form
    return [place for place in form.places_of(list(keys)) if place is not None]


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


# ---- by key alone ----------------------------------------------------------------------------------


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
    store: Store,
    key: AssetKey,
    partitions: Sequence[str],
    partitions_def: PartitionsDefinition | None = None,
) -> dict[str, AssetPartitionStatus | None]:
    """Where each of these partitions stands; None for one that nobody tried to make.

    Args:
        store: what is read.
        key: the asset.
        partitions: partition keys in the order of their definition.
        partitions_def: their definition; without it more is read.
    """
    numbering = None if partitions_def is None else numbering_of(partitions_def)
    bits = None if numbering is None else _complete_bits(store.partition_book, key, numbering)
    if numbering is not None and bits is not None:
        return _looked_up(bits, dict(zip(partitions, numbering.each_of(partitions), strict=True)))
    made, backlog = store.partitions(key), store.partition_book.backlog(key, None)
    found: dict[str, AssetPartitionStatus | None] = {
        name: AssetPartitionStatus.MATERIALIZED if name in made else None for name in partitions
    }
    order = _Order(partitions if partitions_def is None else _possible(partitions_def, partitions))
    for wanted in (True, False):
        status = AssetPartitionStatus.FAILED if wanted else AssetPartitionStatus.IN_PROGRESS
        for one in backlog.tries:
            if wanted is (one.ended is not None):
                names = order.covered(one.tags)
                found.update((name, status) for name in names if _still_says(one, name, made, backlog.wiped))
    return found


def _looked_up(
    bits: PartitionBits, numbers: Mapping[str, int | None]
) -> dict[str, AssetPartitionStatus | None]:
    sets = {
        AssetPartitionStatus.IN_PROGRESS: bits.in_progress,
        AssetPartitionStatus.FAILED: bits.failed,
        AssetPartitionStatus.MATERIALIZED: bits.made,
    }
    return {
        name: next((status for status, one in sets.items() if number is not None and has(one, number)), None)
        for name, number in numbers.items()
    }


def _possible(partitions_def: PartitionsDefinition, keys: Sequence[str]) -> Sequence[str]:
    places = partitions_def.form.places_of(keys)
    return [key for key, place in zip(keys, places, strict=True) if place is not None]


class _Order:
    """Keys in the order of a definition that nobody gave."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._places = {key: place for place, key in enumerate(keys)}
        self._sides = _sides(keys)

    def covered(self, tags: Mapping[str, str]) -> Sequence[str]:
        """The keys that the tags of a run name; of a range over several dimensions, the whole box."""
        if PARTITION_TAG in tags:
            return [tags[PARTITION_TAG]] if tags[PARTITION_TAG] in self._places else []
        first, last = tags.get(RANGE_START_TAG, ""), tags.get(RANGE_END_TAG, "")
        if first not in self._places or last not in self._places:
            return []
        if len(self._sides) < 2:
            return self._keys[self._places[first] : self._places[last] + 1]
        ends = zip(self._sides, first.split(SEPARATOR), last.split(SEPARATOR), strict=True)
        sides = [[part for part in side if side[low] <= side[part] <= side[high]] for side, low, high in ends]
        return [name for name in map(SEPARATOR.join, product(*sides)) if name in self._places]


def _sides(keys: Sequence[str]) -> list[dict[str, int]]:
    """Of keys that all have as many parts: the parts in each dimension, with the order in which they come."""
    parts = [key.split(SEPARATOR) for key in keys]
    if len({len(one) for one in parts}) != 1:
        return []
    return [{part: at for at, part in enumerate(dict.fromkeys(side))} for side in zip(*parts, strict=True)]
