"""What automation conditions ask about, answered from a store.

Owns: ``StoredFacts``, which reads the state of all assets once and the rest when it is asked for, each thing
once. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from penstock.automation.condition_facts import Update, Verdict, Work
from penstock.automation.entities import Scene
from penstock.errors import InvariantViolationError
from penstock.events import values as v
from penstock.events.runs import RunsFilter, RunStatus
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.subset import PartitionsSubset, read_subset
from penstock.query.freshness import last_updates
from penstock.query.partitions import PartitionStatuses, ever_made, partition_statuses
from penstock.spi.backfills import BackfillPart, BackfillStatus
from penstock.spi.store import AssetStatus, EventQuery, Store, StoredEvent

_GOING_ON = (BackfillStatus.REQUESTED, BackfillStatus.IN_PROGRESS)
_OVER = ("done", "skipped", "failed", "blocked", "canceled", "removed")
_FEW = 500
"""Of more keys than that the whole table is read, and of more runs some at a time."""

T = TypeVar("T")


class StoredFacts:
    """What a store knows of assets, checks and runs; see ``automation.condition_facts``.

    Args:
        store: what is read.
        scene: whose partitions are meant.
        now: what counts as now, with a time zone.
    """

    def __init__(self, store: Store, scene: Scene, now: datetime) -> None:
        self._store, self._scene, self._now = store, scene, now
        newest = store.read(EventQuery(ascending=False, limit=1))
        self.head: int = newest[0].id if newest else 0
        self._known: dict[tuple[str, Any], Any] = {}
        self._runs: dict[str, Work | None] = {}

    # ---- where assets stand ---------------------------------------------------------------------

    def made(self, key: AssetKey) -> PartitionsSubset:
        """What was ever made; of what is observed, what was ever observed."""
        return self._once("made", key, self._read_made)

    def _read_made(self, key: AssetKey) -> PartitionsSubset:
        if not self._scene.is_partitioned(key):
            return self._whole(key, holds=self._newest(key) is not None)
        definition, dynamic = self._scene.definition(key), self._scene.view.dynamic_partitions_store
        found = ever_made(self._store, key, definition, now=self._now, dynamic=dynamic)
        if self._scene.is_observed(key):
            found |= self._scene.existing(key, self._seen_partitions(key))
        return found

    def running(self, key: AssetKey) -> PartitionsSubset:
        """What runs that are not over are to make and have not made."""
        if self._scene.is_partitioned(key):
            return self._statuses(key).in_progress
        return self._once("running", key, lambda key: self._whole(key, holds=self._is_running(key)))

    def _is_running(self, key: AssetKey) -> bool:
        run_id = self._pending_run(key)
        return run_id is not None and not self._statuses_of_runs[run_id].is_finished

    def failed(self, key: AssetKey) -> PartitionsSubset:
        """What the last run that was to make it failed to make."""
        if self._scene.is_partitioned(key):
            return self._statuses(key).failed
        return self._once("failed", key, lambda key: self._whole(key, holds=self._is_failed(key)))

    def _is_failed(self, key: AssetKey) -> bool:
        run_id = self._pending_run(key)
        if run_id is None or self._statuses_of_runs[run_id].status is not RunStatus.FAILURE:
            return False
        made = self._status(key).last_materialization
        if made is None:
            return True
        first = self._store.read(EventQuery(run_id=run_id, limit=1))
        return not first or first[0].id > made.id

    def backfilling(self, key: AssetKey) -> PartitionsSubset:
        """What backfills that are not over are to make and have not made."""
        return self._once("backfilling", key, self._read_backfilling)

    def _read_backfilling(self, key: AssetKey) -> PartitionsSubset:
        found = self._scene.nothing(key)
        for part in self._backfills.get(key, ()):
            found |= self._left_of(part, key)
        return found

    def _left_of(self, part: BackfillPart, key: AssetKey) -> PartitionsSubset:
        """What a backfill has still to make; nothing when the partitions are others than when it began."""
        definition = self._scene.definition(key)
        try:
            sets = {name: read_subset(definition, text) for name, text in part.texts.items() if text}
        except InvariantViolationError:
            return self._scene.nothing(key)
        left = sets.get("target") or self._scene.nothing(key)
        for name in _OVER:
            if name in sets:
                left -= sets[name]
        return left

    @cached_property
    def _backfills(self) -> Mapping[AssetKey, Sequence[BackfillPart]]:
        found: dict[AssetKey, list[BackfillPart]] = {}
        for one in self._store.backfills.find(statuses=_GOING_ON):
            for part in self._store.backfills.parts(one.backfill_id):
                if part.asset is not None:
                    found.setdefault(part.asset, []).append(part)
        return found

    def _statuses(self, key: AssetKey) -> PartitionStatuses:
        def read(key: AssetKey) -> PartitionStatuses:
            definition, dynamic = self._scene.definition(key), self._scene.view.dynamic_partitions_store
            return partition_statuses(self._store, key, definition, now=self._now, dynamic=dynamic)

        return self._once("statuses", key, read)

    def _whole(self, key: AssetKey, *, holds: bool) -> PartitionsSubset:
        return self._scene.everything(key) if holds else self._scene.nothing(key)

    # ---- what happened to them ------------------------------------------------------------------

    def updates(self, key: AssetKey, after: int) -> Sequence[Update]:
        """What happened to an asset after a place in the log, oldest first."""
        newest = self._newest(key)
        if newest is None or newest.id <= after:
            return ()
        return self._once(f"updates after {after}", key, lambda key: self._read_updates(key, after))

    def _read_updates(self, key: AssetKey, after: int) -> Sequence[Update]:
        kinds = self._kinds(key)
        found = [
            stored
            for kind in kinds
            for stored in self._store.read(
                EventQuery(asset_key=key, kinds=(kind,), after=after, before=self.head + 1)
            )
        ]
        return tuple(map(_update, sorted(found, key=lambda stored: stored.id)))

    def latest(self, key: AssetKey, partitions: Collection[str] | None = None) -> Mapping[str | None, Update]:
        """The latest update of each of these partitions, or of the whole asset under None."""
        if partitions is None:
            newest = self._newest(key)
            return {} if newest is None else {None: _update(newest)}
        if not partitions or self._newest(key) is None:
            return {}
        found: dict[str | None, Update] = {}
        for kind in self._kinds(key):
            query = EventQuery(asset_key=key, kinds=(kind,), partitions=tuple(partitions), latest=True)
            for update in map(_update, self._store.read(query)):
                known = found.get(update.partition)
                if known is None or known.id < update.id:
                    found[update.partition] = update
        return found

    def changed(self, key: AssetKey, after: int) -> Collection[str | None]:
        """The partitions whose data version is another one than at a place in the log; None for the whole.

        A partition keeps its version when an update does not say one.
        """
        updates = self.updates(key, after)
        if not updates:
            return ()
        if not self._scene.is_partitioned(key):
            before = self._newest_before(key, after)
            return (None,) if (before and before.version) != updates[-1].version else ()
        partitions = {one.partition for one in updates if one.partition is not None}
        known = _versions(self._updates_before(key, after, tuple(partitions)))
        now = _versions(one for one in updates if one.partition is not None)
        return [
            partition for partition, version in now.items() if version not in (None, known.get(partition))
        ]

    def _newest_before(self, key: AssetKey, after: int) -> Update | None:
        found = [
            _update(stored)
            for kind in self._kinds(key)
            for stored in self._store.read(
                EventQuery(asset_key=key, kinds=(kind,), before=after + 1, ascending=False, limit=1)
            )
        ]
        return max(found, default=None)

    def _updates_before(self, key: AssetKey, after: int, partitions: tuple[str, ...]) -> list[Update]:
        found = [
            _update(stored)
            for kind in self._kinds(key)
            for stored in self._store.read(
                EventQuery(asset_key=key, kinds=(kind,), partitions=partitions, before=after + 1)
            )
        ]
        return sorted(found)

    def _seen_partitions(self, key: AssetKey) -> Collection[str | None]:
        query = EventQuery(asset_key=key, kinds=(v.AssetObserved,), latest=True)
        return [_update(stored).partition for stored in self._store.read(query)]

    def _kinds(self, key: AssetKey) -> tuple[type[v.Happened], ...]:
        """What counts as an update: what is observed here is made elsewhere."""
        both = self._scene.is_observed(key)
        return (v.AssetMaterialized, v.AssetObserved) if both else (v.AssetMaterialized,)

    def _newest(self, key: AssetKey) -> StoredEvent | None:
        status = self._status(key)
        made, seen = status.last_materialization, status.last_observation
        if seen is None or not self._scene.is_observed(key):
            return made
        return seen if made is None or made.id < seen.id else made

    def _status(self, key: AssetKey) -> AssetStatus:
        return self._assets.get(key) or AssetStatus(asset_key=key)

    @cached_property
    def _assets(self) -> Mapping[AssetKey, AssetStatus]:
        keys = self._scene.graph.get_all_asset_keys()
        return {one.asset_key: one for one in self._store.assets(None if len(keys) > _FEW else list(keys))}

    def updated_at(self, key: AssetKey) -> datetime | None:
        """When the data of an asset changed last, as its freshness goes by it; None for never."""
        found = self._updates_of_policies.get(key)
        return None if found is None else found.at

    @cached_property
    def _updates_of_policies(self) -> Mapping[AssetKey, Any]:
        specs = self._scene.graph.specs
        return last_updates(self._store, [spec.key for spec in specs if spec.freshness_policy is not None])

    # ---- checks and runs ------------------------------------------------------------------------

    def verdicts(self, key: AssetCheckKey) -> Mapping[str | None, Verdict]:
        """The latest evaluation of a check on each partition that it was evaluated on; None for the whole."""
        return self._once("verdicts", key, self._read_verdicts)

    def _read_verdicts(self, key: AssetCheckKey) -> Mapping[str | None, Verdict]:
        if not self._scene.is_partitioned(key):
            query = EventQuery(kinds=(v.CheckEvaluated,), check_key=key, ascending=False, limit=1)
            last = self._store.read(query)
            return {None: _verdict(last[0])} if last else {}
        found: dict[str | None, Verdict] = {}
        for stored in self._store.read(EventQuery(kinds=(v.CheckEvaluated,), check_key=key)):
            event: Any = stored.event
            if event.evaluation.partition is not None:
                found[event.evaluation.partition] = _verdict(stored)
        return found

    def runs(self, run_ids: Collection[str]) -> Mapping[str, Work]:
        """What is known of these runs; those that are gone are left out."""
        new = sorted(run for run in run_ids if run not in self._runs)
        for at in range(0, len(new), _FEW):
            some = new[at : at + _FEW]
            self._runs.update(dict.fromkeys(some))
            for record in self._store.runs(RunsFilter(run_ids=some)):
                run = record.run
                makes, checks = run.asset_selection, run.asset_check_selection
                self._runs[run.run_id] = Work(run.tags, makes or frozenset(), checks or frozenset())
        known = {run: self._runs[run] for run in run_ids}
        return {run: work for run, work in known.items() if work is not None}

    def _pending_run(self, key: AssetKey) -> str | None:
        """The run that was last to make an asset, unless it did."""
        status = self._status(key)
        made, run_id = status.last_materialization, status.last_planned_run_id
        if run_id is None or run_id not in self._statuses_of_runs:
            return None
        return None if made is not None and made.run_id == run_id else run_id

    @cached_property
    def _statuses_of_runs(self) -> Mapping[str, Any]:
        """The runs that were last to make assets."""
        wanted = {
            one.last_planned_run_id
            for one in self._assets.values()
            if one.last_planned_run_id is not None
            and (
                one.last_materialization is None or one.last_materialization.run_id != one.last_planned_run_id
            )
        }
        ids = sorted(wanted)
        blocks = (ids[at : at + _FEW] for at in range(0, len(ids), _FEW))
        return {
            record.run.run_id: record.run
            for block in blocks
            for record in self._store.runs(RunsFilter(run_ids=block))
        }

    def _once(self, what: str, key: Any, read: Callable[[Any], T]) -> T:
        place = what, key
        if place not in self._known:
            self._known[place] = read(key)
        return self._known[place]


def _update(stored: StoredEvent) -> Update:
    event: Any = stored.event
    said = event.materialization if isinstance(event, v.AssetMaterialized) else event.observation
    return Update(stored.id, event.at, stored.run_id, said.partition, said.tags.get(v.DATA_VERSION_TAG))


def _versions(updates: Iterable[Update]) -> dict[str | None, str | None]:
    """The last data version that was said of each partition."""
    found: dict[str | None, str | None] = {}
    for one in updates:
        found[one.partition] = found.get(one.partition) if one.version is None else one.version
    return found


def _verdict(stored: StoredEvent) -> Verdict:
    event: Any = stored.event
    return Verdict(stored.id, event.at, stored.run_id, event.evaluation.passed)
