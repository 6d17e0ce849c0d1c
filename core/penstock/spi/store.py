"""The contract of a store: runs, events and the facts derived from them.

Owns: the ``Store`` protocol and its message values. A store appends events and keeps its
projections (run status, latest fact of an asset, check status) in the same transaction; it decides nothing.
Every method may be called from any thread; a store never calls user code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from penstock.events.runs import Run, RunRecord, RunsFilter
from penstock.events.values import AssetCheckEvaluation, Happened
from penstock.keys import AssetCheckKey, AssetKey
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


class Store(Protocol):
    """Runs, events and their projections."""

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
