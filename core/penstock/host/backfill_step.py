"""The next step of a backfill: what ended is taken in, what may start is claimed, in one transaction.

Owns: ``iterate``, which a command or a daemon calls again and again; whoever called it carries the claimed
runs out. Any number of processes may do so at once: a chunk is claimed by compare-and-set, and the id of its
run follows from its number, so a process that is killed anywhere leaves nothing doubled and nothing missing.
What may start is decided in ``automation``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attrs import define, evolve, field

from penstock.automation.cutting import everything, subset_of
from penstock.automation.decide import Cut, Sets, decide, take_in
from penstock.automation.scheme import ONCE
from penstock.errors import TransitionRejected, UnknownPartitionError, UserError
from penstock.events import values as v
from penstock.events.runs import TERMINAL, RunRecord, RunsFilter, RunStatus
from penstock.host.backfill_work import Work, newly_gone, no_backfill
from penstock.host.instance import Instance
from penstock.host.ownership import is_gone, mend_lost_runs
from penstock.keys import AssetKey
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.spi.backfills import (
    Backfill,
    BackfillChange,
    BackfillChunk,
    BackfillPart,
    BackfillStatus,
    BackfillStore,
    ChunkStatus,
)
from penstock.spi.store import EventQuery, Store
from penstock.values import frozen

MOST_LOSSES = 3
"""How often a run may lose its process before its first partition counts as failed."""

MOST_CLASHES = 50
_GOING = (BackfillStatus.REQUESTED, BackfillStatus.IN_PROGRESS)


@frozen(kw_only=True)
class Step:
    """What one iteration came to.

    Args:
        backfill: as it stands now.
        parts: how far each asset is.
        to_launch: chunks that this process has claimed: it is to carry their runs out.
        under_way: how many chunks are open, these included.
    """

    backfill: Backfill
    parts: tuple[BackfillPart, ...]
    to_launch: tuple[BackfillChunk, ...] = ()
    under_way: int = 0


def iterate(
    work: Work,
    now: float,
    *,
    room: int,
    owner: str,
    refused: Mapping[int, str] | None = None,
) -> Step:
    """Take in what ended, claim what may start.

    Args:
        work: the backfill.
        now: seconds since 1970.
        room: claim so many chunks that at most so many of this owner are open.
        owner: the process that will carry out what it claims.
        refused: numbers of claimed chunks that could not even begin → why.

    Raises:
        RunNotFoundError: when there is no such backfill.
        TransitionRejected: when others change it all the time.
    """
    for _ in range(MOST_CLASHES):
        try:
            return _Iteration(work, now, room, owner, refused or {}).carry_out()
        except TransitionRejected:
            continue  # somebody else was faster: look again
    raise TransitionRejected(f"Backfill {work.backfill.backfill_id} is changed by others all the time.")


def run_id_of(backfill_id: str, number: int) -> str:
    """The id of the run of a chunk: the same whoever begins it."""
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, f"penstock/backfill/{backfill_id}"), str(number)))


@define(eq=False)
class _AtOneMoment:
    """Dynamic keys, each set of them asked for once."""

    instance: Instance
    keys: dict[str, Sequence[str]] = field(factory=dict[str, Sequence[str]])

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """The keys of a dynamic set, in order of insertion."""
        found = self.keys.get(partitions_def_name)
        if found is None:
            found = self.keys[partitions_def_name] = self.instance.get_dynamic_partitions(partitions_def_name)
        return found

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key is in a dynamic set."""
        return self.instance.has_dynamic_partition(partitions_def_name, partition_key)


@define(eq=False)
class _Iteration:
    work: Work
    now: float
    room: int
    owner: str
    refused: Mapping[int, str]
    store: Store = field(init=False)
    view: View = field(init=False)
    messages: list[str] = field(init=False)
    running: set[int] = field(factory=set[int], init=False)

    def __attrs_post_init__(self) -> None:
        self.store = self.work.instance.store
        self.view = View(datetime.fromtimestamp(self.now, UTC), _AtOneMoment(self.work.instance))
        self.messages = list(self.refused.values())

    @property
    def rows(self) -> BackfillStore:
        return self.store.backfills

    def carry_out(self) -> Step:
        backfill = self._backfill()
        rows = {row.place: row for row in self.rows.parts(backfill.backfill_id)}
        opened = self.rows.chunks(backfill.backfill_id, statuses=[ChunkStatus.REQUESTED])
        if not opened and backfill.status not in (*_GOING, BackfillStatus.CANCELING):
            return Step(backfill=backfill, parts=tuple(rows.values()))
        before = {place: self.work.sets_of(row) for place, row in rows.items()}
        sets, settled, still = self._take_in(backfill, before, opened)
        adopted = {c.number: self.owner for c in still if self._is_orphan(c)}
        still = [evolve(c, owner=self.owner) if c.number in adopted else c for c in still]
        status, new = backfill.status, ()
        if status in _GOING:
            sets, new, status = self._decide(backfill, sets, still)
        elif status is BackfillStatus.CANCELING and not still:
            status = BackfillStatus.CANCELED
        changed = [
            self.work.row_of(rows[place], before[place], own)
            for place, own in sets.items()
            if own is not before[place] or newly_gone(rows[place], before[place])
        ]
        change = BackfillChange(
            status=None if status is backfill.status else status,
            message=self._message(backfill, status),
            parts=tuple(changed),
            chunks=new,
            settled=settled,
            owners=adopted,
        )
        backfill = self._store(backfill, change)
        parts = {**rows, **{row.place: row for row in changed}}
        mine = [c for c in (*still, *new) if c.owner == self.owner and c.number not in self.running]
        return Step(
            backfill=backfill,
            parts=tuple(parts.values()),
            to_launch=tuple(mine),
            under_way=len(still) + len(new),
        )

    def _backfill(self) -> Backfill:
        found = self.rows.find([self.work.backfill.backfill_id])
        if not found:
            raise no_backfill(self.work.backfill.backfill_id)
        return found[0]

    def _store(self, backfill: Backfill, change: BackfillChange) -> Backfill:
        if change == BackfillChange():
            return backfill
        version = self.rows.change(backfill.backfill_id, backfill.version, change, self.now)
        return evolve(
            backfill,
            version=version,
            updated=self.now,
            status=change.status or backfill.status,
            message=backfill.message if change.message is None else change.message,
        )

    def _message(self, backfill: Backfill, status: BackfillStatus) -> str | None:
        if self.messages:
            return self.messages[0]
        return "" if backfill.message and status is BackfillStatus.COMPLETED_SUCCESS else None

    # ---- what ended -----------------------------------------------------------------------------

    def _take_in(
        self, backfill: Backfill, sets: Mapping[int, Sets], opened: Sequence[BackfillChunk]
    ) -> tuple[Mapping[int, Sets], dict[int, ChunkStatus], list[BackfillChunk]]:
        """Sets after what ended, what came of which chunk, and the chunks that are still open."""
        runs = self._runs(opened)
        self.running = {c.number for c in opened if c.run_id in runs}
        settled: dict[int, ChunkStatus] = {}
        still: list[BackfillChunk] = []
        ended: dict[str | None, list[BackfillChunk]] = {}
        for chunk in opened:
            status, rest = self._verdict(backfill, chunk, runs.get(chunk.run_id))
            if status is None:
                still.append(chunk)
                continue
            settled[chunk.number] = status
            ended.setdefault(rest, []).append(chunk)
        for rest, chunks in ended.items():  # all of an ending at once: a union costs what it is long
            sets = take_in(sets, self._wanted(chunks), self._made(chunks, runs), rest)
        return sets, settled, still

    def _runs(self, opened: Sequence[BackfillChunk]) -> Mapping[str, RunRecord]:
        if not opened:
            return {}
        found = self._find_runs(opened)
        theirs = {chunk.run_id for chunk in opened if chunk.owner != self.owner}
        if any(run_id in theirs and found[run_id].run.status not in TERMINAL for run_id in found):
            mend_lost_runs(self.store)
            found = self._find_runs(opened)
        return found

    def _find_runs(self, opened: Sequence[BackfillChunk]) -> Mapping[str, RunRecord]:
        wanted = RunsFilter(run_ids=[chunk.run_id for chunk in opened])
        return {record.run.run_id: record for record in self.store.runs(wanted)}

    def _verdict(
        self, backfill: Backfill, chunk: BackfillChunk, record: RunRecord | None
    ) -> tuple[ChunkStatus | None, str | None]:
        """What came of a chunk, None while it is open; and what its unmade partitions count as."""
        if chunk.number in self.refused:
            return (ChunkStatus.RETURNED, None) if self._is_gone(chunk) else (ChunkStatus.FAILED, "failed")
        going = backfill.status in _GOING
        if record is None:
            mine = chunk.owner == self.owner or self._is_orphan(chunk)
            return (None, None) if going or not mine else (ChunkStatus.RETURNED, None)
        if record.run.status is RunStatus.SUCCESS:
            return ChunkStatus.SUCCEEDED, "skipped"
        if record.run.status is RunStatus.CANCELED:
            paused = backfill.status is BackfillStatus.PAUSED
            return (ChunkStatus.RETURNED, None) if paused else (ChunkStatus.CANCELED, "canceled")
        if record.run.status is RunStatus.FAILURE:
            return self._failed(backfill, chunk)
        return None, None

    def _failed(self, backfill: Backfill, chunk: BackfillChunk) -> tuple[ChunkStatus, str | None]:
        query = EventQuery(run_id=chunk.run_id, kinds=(v.RunFailed,), ascending=False, limit=1)
        ends = self.store.read(query)
        if not ends or getattr(ends[0].event, "reason", "") != "worker_lost":
            return ChunkStatus.FAILED, "failed"
        earlier = self.rows.chunks(backfill.backfill_id, statuses=[ChunkStatus.LOST], first=chunk.first)
        lost = sum(1 for one in earlier if set(one.parts) & set(chunk.parts))
        if lost + 1 >= MOST_LOSSES:
            self.messages.append(f"Run {chunk.run_id[:8]} and {lost} before it lost their process.")
            return ChunkStatus.FAILED, "failed"
        return ChunkStatus.LOST, None

    def _wanted(self, chunks: Sequence[BackfillChunk]) -> dict[int, PartitionsSubset]:
        """By part, what chunks are to make, as far as it still exists."""
        single: dict[int, list[str]] = {}
        found: dict[int, PartitionsSubset] = {}
        for chunk in chunks:
            for place in chunk.parts:
                if chunk.first == chunk.last:
                    single.setdefault(place, []).append(chunk.first or ONCE.keys[0])
                else:
                    _join(found, place, self._range(place, chunk.first or "", chunk.last or ""))
        for place, keys in single.items():
            _join(found, place, self._known(place, keys))
        return found

    def _is_gone(self, chunk: BackfillChunk) -> bool:
        """Whether nothing of a chunk exists any more; returned, it counts as removed."""
        parts = self.work.scheme.parts
        wanted = self._wanted([chunk]).items()
        return all((some & everything(parts[place].definition, self.view)).is_empty for place, some in wanted)

    def _range(self, place: int, first: str, last: str) -> PartitionsSubset:
        definition = self.work.scheme.parts[place].definition
        try:
            return subset_of(definition, first, last, self.view)
        except UnknownPartitionError:
            return definition.empty_subset()

    def _known(self, place: int, keys: Collection[str | None]) -> PartitionsSubset:
        """Keys that may exist, as a subset; whatever there is stands for what has no partitions."""
        part = self.work.scheme.parts[place]
        definition = part.definition
        if not part.is_partitioned:
            return definition.subset_with_partition_keys(ONCE.keys if keys else ())
        known = (key for key in keys if key is not None and definition.form.place_of(key) is not None)
        return definition.subset_with_partition_keys(known)

    def _made(
        self, chunks: Sequence[BackfillChunk], runs: Mapping[str, RunRecord]
    ) -> dict[int, PartitionsSubset]:
        """By part, what the runs of chunks made, by their events."""
        keys: dict[int, list[str | None]] = {}
        for chunk in chunks:
            if chunk.run_id in runs:
                for place, made in self._made_by(chunk, runs[chunk.run_id]).items():
                    keys.setdefault(place, []).extend(made)
        return {place: self._known(place, made) for place, made in keys.items()}

    def _made_by(self, chunk: BackfillChunk, record: RunRecord) -> Mapping[int, Iterable[str | None]]:
        parts = [self.work.scheme.parts[place] for place in chunk.parts]
        if parts[0].asset is None:
            return {parts[0].place: self._made_by_job(chunk, record)}
        made = self._materialized(record.run.run_id)
        return {part.place: made.get(part.asset, ()) for part in parts}

    def _made_by_job(self, chunk: BackfillChunk, record: RunRecord) -> Iterable[str | None]:
        if record.run.status is RunStatus.SUCCESS:
            return self._wanted([chunk])[chunk.parts[0]]
        assets = record.run.asset_selection
        if not assets:
            return ()
        made = self._materialized(record.run.run_id)
        first, *others = (set(made.get(key, ())) for key in assets)
        return first.intersection(*others)

    def _materialized(self, run_id: str) -> Mapping[AssetKey | None, list[str | None]]:
        found: dict[AssetKey | None, list[str | None]] = {}
        for stored in self.store.read(EventQuery(run_id=run_id, kinds=(v.AssetMaterialized,))):
            if isinstance(stored.event, v.AssetMaterialized):
                made = stored.event.materialization
                found.setdefault(made.asset_key, []).append(made.partition)
        return found

    # ---- what may start -------------------------------------------------------------------------

    def _decide(
        self, backfill: Backfill, sets: Mapping[int, Sets], still: Sequence[BackfillChunk]
    ) -> tuple[Mapping[int, Sets], tuple[BackfillChunk, ...], BackfillStatus]:
        room = self.room - sum(1 for chunk in still if chunk.owner == self.owner)
        if backfill.max_runs is not None:
            room = min(room, backfill.max_runs - len(still))
        try:
            decision = decide(
                self.work.scheme, sets, self._wanted(still), self.view,
                room=room, newest_first=backfill.newest_first,
            )  # fmt: skip
        except UserError as error:
            self.messages.append(str(error))
            return sets, (), BackfillStatus.IN_PROGRESS if still else BackfillStatus.FAILED
        if decision.is_over:
            return decision.sets, (), _end(decision.sets.values())
        if room > 0 and not decision.chunks and not still:
            self.messages.append("Nothing may start: what is left waits for itself. Look at the mappings.")
            return decision.sets, (), BackfillStatus.FAILED
        last = self.rows.last_chunk(backfill.backfill_id)
        new = tuple(self._chunk(number, one) for number, one in enumerate(decision.chunks, last + 1))
        return decision.sets, new, BackfillStatus.IN_PROGRESS

    def _chunk(self, number: int, one: Cut) -> BackfillChunk:
        partitioned = self.work.scheme.parts[one.places[0]].is_partitioned
        return BackfillChunk(
            number=number,
            run_id=run_id_of(self.work.backfill.backfill_id, number),
            parts=one.places,
            first=one.piece.first if partitioned else None,
            last=one.piece.last if partitioned else None,
            count=one.piece.count,
            owner=self.owner,
        )

    def _is_orphan(self, chunk: BackfillChunk) -> bool:
        return chunk.owner != self.owner and (not chunk.owner or is_gone(chunk.owner))


def _end(sets: Iterable[Sets]) -> BackfillStatus:
    spoilt = any(not own.spoilt.is_empty for own in sets)
    return BackfillStatus.COMPLETED_FAILED if spoilt else BackfillStatus.COMPLETED_SUCCESS


def _join(found: dict[int, PartitionsSubset], place: int, subset: PartitionsSubset) -> None:
    found[place] = found[place] | subset if place in found else subset
