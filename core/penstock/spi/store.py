"""The contract of a store: runs, events and the facts derived from them.

Owns: the ``Store`` protocol and its message values. A store appends events and keeps its
projections (run status, latest fact of an asset, check status) in the same transaction; it decides nothing.
Every method may be called from any thread; a store never calls user code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import field

from penstock.events.runs import Run, RunRecord, RunsFilter
from penstock.events.values import AssetCheckEvaluation, Happened
from penstock.keys import AssetCheckKey, AssetKey
from penstock.spi.backfills import BackfillStore
from penstock.spi.pools import PoolStore
from penstock.values import frozen


@frozen(kw_only=True)
class StoredEvent:
    """An event with its place in the log.

    ``id`` grows over the whole store in order of commit; ``seq`` is dense within a run, from 1
    (0 for events outside any run, whose ``run_id`` is empty).
    """

    id: int
    run_id: str
    seq: int
    event: Happened


@frozen(kw_only=True)
class EventQuery:
    """Which events are wanted, in what order.

    Args:
        run_id: of this run.
        kinds: of these classes.
        asset_key, partitions: asset facts about this asset (and one of these partitions).
        check_key: evaluations of this check.
        after, before: ids, exclusive.
        since, until: seconds since 1970.
        ascending: oldest first.
        limit: at most this many, None for all.
        latest: of the asset facts about partitions those alone that are the latest of their kind about
            their partition, of all there are.
    """

    run_id: str | None = None
    kinds: tuple[type[Happened], ...] | None = None
    asset_key: AssetKey | None = None
    partitions: tuple[str, ...] | None = None
    check_key: AssetCheckKey | None = None
    after: int | None = None
    before: int | None = None
    since: float | None = None
    until: float | None = None
    ascending: bool = True
    limit: int | None = None
    latest: bool = False


@frozen(kw_only=True)
class AssetStatus:
    """What is known of one asset, from projections alone."""

    asset_key: AssetKey
    last_materialization: StoredEvent | None = None
    last_observation: StoredEvent | None = None
    last_planned_run_id: str | None = None
    data_version: str | None = None
    code_version: str | None = None


@frozen(kw_only=True)
class StoreInfo:
    """Where a store is and what state it is in; sizes in bytes."""

    url: str
    schema_version: int
    wanted_schema_version: int
    size: int
    runs: int
    events: int


@frozen(kw_only=True)
class PartitionBits:
    """Where the partitions of an asset stand, as sets of numbers.

    A set is a mapping: of each chunk of 4096 numbers that is not empty, the mask, of which bit n stands for
    the n-th number of the chunk.

    Args:
        ruler: by which they are numbered, empty when they never were.
        is_complete: whether everything that happened is in them.
        made: that have a materialization.
        failed: whose last try failed, and nothing newer made them.
        in_progress: that runs which are not over are to make and have not made.
    """

    ruler: str = ""
    is_complete: bool = False
    made: Mapping[int, int] = field(factory=dict[int, int])
    failed: Mapping[int, int] = field(factory=dict[int, int])
    in_progress: Mapping[int, int] = field(factory=dict[int, int])


@frozen(kw_only=True)
class PartitionTry:
    """A run that names partitions of an asset and is not over, or failed.

    Args:
        run: its storage id.
        tags: say which partitions.
        began: id of the log before its first event.
        ended: id of the log at its end, None when it is not over.
        made: the partitions that it made so far; of one that is not over.
    """

    run: int
    tags: Mapping[str, str]
    began: int
    ended: int | None = None
    made: frozenset[str] = frozenset()


@frozen(kw_only=True)
class PartitionBacklog:
    """What somebody who knows the definition has to number before the bits of an asset are complete.

    Args:
        parts: keys of materialized partitions without a number.
        tries: all of them, oldest first.
        wiped: keys whose failures were wiped → the id of the log then.
        is_whole: whether ``parts`` are all keys there are, because the ruler is another one.
    """

    parts: Sequence[str] = ()
    tries: Sequence[PartitionTry] = ()
    wiped: Mapping[str, int] = field(factory=dict[str, int])
    is_whole: bool = False


@frozen(kw_only=True)
class PartitionNumbers:
    """The numbers of a backlog.

    Args:
        ruler: by which they are numbered.
        parts: key → number of ``parts`` and of ``wiped``; -1 when the definition has no such key.
        targets: run of a try → the mask of what it covers.
        is_whole: as in the backlog.
    """

    ruler: str
    parts: Mapping[str, int]
    targets: Mapping[int, int]
    is_whole: bool = False


DYNAMIC_RULER = "dynamic "
"""Before the name of a dynamic set: the ruler by which the store itself numbers its keys."""


class PartitionBook(Protocol):
    """Where partitions stand; part of a store."""

    def bits(self, key: AssetKey) -> PartitionBits:
        """What is known, without looking at any single partition; incomplete when there is a backlog."""
        ...

    def backlog(self, key: AssetKey, ruler: str | None) -> PartitionBacklog:
        """What is to be numbered; None for a ruler asks for the tries alone."""
        ...

    def settle(self, key: AssetKey, numbers: PartitionNumbers) -> None:
        """Lay the numbers of a backlog over the bits; what came in between stays in the backlog."""
        ...

    def members(self, name: str) -> Mapping[int, int]:
        """The numbers of the keys of a dynamic set, as the masks of chunks."""
        ...

    def member_numbers(self, name: str, keys: Sequence[str]) -> Sequence[int]:
        """The number of each of these keys by a dynamic set, for good, whether or not they are in it."""
        ...

    def member_keys(self, name: str, numbers: Sequence[int]) -> Sequence[str]:
        """The keys that have these numbers by a dynamic set, in any order."""
        ...


class Store(Protocol):
    """Runs, events and their projections."""

    @property
    def partition_book(self) -> PartitionBook:
        """Where partitions stand."""
        ...

    @property
    def backfills(self) -> BackfillStore:
        """Backfills and their rows."""
        ...

    @property
    def pools(self) -> PoolStore:
        """Limits of pools, and who has their slots."""
        ...

    def create_run(self, run: Run, events: Sequence[Happened]) -> int:
        """Store a new run and its first events in one transaction.

        Returns:
            The sequence number of the last event.

        Raises:
            InvariantViolationError: when the run id exists already.
        """
        ...

    def append(self, run_id: str, after_seq: int, events: Sequence[Happened]) -> int:
        """Append events and update every projection, in one transaction.

        Args:
            run_id: the run; empty for events outside any run (``after_seq`` is ignored then).
            after_seq: the last sequence number the writer knows.
            events: in order; run-level events move the run's status.

        Returns:
            The sequence number of the last event now.

        Raises:
            TransitionRejected: when somebody else wrote in between, or a status change is illegal.
        """
        ...

    def read(self, query: EventQuery) -> Sequence[StoredEvent]:
        """The events that fit the query."""
        ...

    def runs(
        self,
        wanted: RunsFilter,
        *,
        limit: int | None = None,
        before: int | None = None,
        ascending: bool = False,
    ) -> Sequence[RunRecord]:
        """The runs that fit, newest first; ``before`` is a storage id, exclusive."""
        ...

    def count_runs(self, wanted: RunsFilter) -> int:
        """How many runs fit."""
        ...

    def tag_run(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run, replacing equal keys."""
        ...

    def delete_run(self, run_id: str) -> None:
        """Forget a run and its events; what it says of assets as latest facts stays."""
        ...

    def assets(
        self, keys: Sequence[AssetKey] | None = None, prefix: Sequence[str] = ()
    ) -> Sequence[AssetStatus]:
        """Status of these assets (None: of all that have a fact), sorted by key."""
        ...

    def partitions(self, key: AssetKey) -> Mapping[str, int]:
        """Materialized partition keys of an asset, each with the id of its latest event."""
        ...

    def checks(self, keys: Sequence[AssetCheckKey]) -> Mapping[AssetCheckKey, AssetCheckEvaluation]:
        """The latest evaluation of each check that has one."""
        ...

    def wipe(self, key: AssetKey, partitions: Sequence[str] | None = None) -> None:
        """Forget the facts about an asset, or about some of its partitions."""
        ...

    def dynamic_partitions(
        self, name: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), only: str | None = None
    ) -> Sequence[str]:
        """Change (when asked) and return the keys of a dynamic set, in order of insertion.

        Args:
            name: of the set.
            add: keys to add, at the end, unless they are there.
            remove: keys to take away, if they are there.
            only: returns this key alone, if it is there, without reading the others.
        """
        ...

    def info(self) -> StoreInfo:
        """Where it is, its schema and its size."""
        ...

    def close(self) -> None:
        """Release files and connections; idempotent."""
        ...
