"""The store over SQLite, in a file or in memory.

Owns: which question becomes which transaction, and which of them must have reached the disk:
changes of a run's state do (``synchronous=FULL``), batches of step events are as safe as the next
such change (``NORMAL``: a killed process loses nothing, a power cut at most the last batches).
Must not know SQL: that is in ``writes``, ``reads``, ``facts`` and ``deletion``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.events.fold import STATUS_AFTER
from penstock.events.runs import Run, RunRecord, RunsFilter
from penstock.events.values import AssetCheckEvaluation, Happened
from penstock.keys import AssetCheckKey, AssetKey
from penstock.spi.store import AssetStatus, EventQuery, PartitionBook, StoredEvent, StoreInfo
from penstock.store import deletion, facts, reads, writes
from penstock.store.backfills import SqliteBackfills
from penstock.store.database import Database
from penstock.store.placing import SqlitePartitionBook
from penstock.store.pools import SqlitePools

DELETE_BATCH = 1000
"""Events removed in one transaction."""


class SqliteStore:
    """Runs, events and their projections in one SQLite database; the ``Store`` protocol.

    Args:
        database: open, with its tables.
        url: what it was opened by.
        wanted_schema: the schema version that this code writes.
    """

    def __init__(self, database: Database, url: str, wanted_schema: int) -> None:
        self.database = database
        self.backfills = SqliteBackfills(database)
        self.pools = SqlitePools(database)
        self.partition_book: PartitionBook = SqlitePartitionBook(database)
        self._url = url
        self._wanted_schema = wanted_schema

    def create_run(self, run: Run, events: Sequence[Happened]) -> int:
        """Store a new run and its first events; see ``Store``."""
        with self.database.write(full=True) as tx:
            return writes.insert_run(tx, self.database.names, run, events, time.time())

    def append(self, run_id: str, after_seq: int, events: Sequence[Happened]) -> int:
        """Append events and update every projection; see ``Store``."""
        if not events:
            return after_seq
        full = not run_id or any(type(event) in STATUS_AFTER for event in events)
        with self.database.write(full=full) as tx:
            if not run_id:
                return writes.append_outside_runs(tx, self.database.names, events)
            return writes.append_events(tx, self.database.names, run_id, after_seq, events)

    def read(self, query: EventQuery) -> Sequence[StoredEvent]:
        """The events that fit the query, in order of their ids."""
        with self.database.read() as tx:
            return reads.read_events(tx, query)

    def runs(
        self,
        wanted: RunsFilter,
        *,
        limit: int | None = None,
        before: int | None = None,
        ascending: bool = False,
    ) -> Sequence[RunRecord]:
        """The runs that fit, newest first; ``before``: those that follow this storage id in the order."""
        with self.database.read() as tx:
            return reads.read_runs(tx, wanted, limit, before, ascending=ascending)

    def count_runs(self, wanted: RunsFilter) -> int:
        """How many runs fit."""
        with self.database.read() as tx:
            return reads.count_runs(tx, wanted)

    def tag_run(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run, replacing equal keys.

        Raises:
            RunNotFoundError: when there is no such run.
        """
        with self.database.write(full=True) as tx:
            writes.set_tags(tx, run_id, tags)

    def delete_run(self, run_id: str) -> None:
        """Forget a run and its events; latest facts about assets stay. An unknown run is no fault."""
        with self.database.write(full=True) as tx:
            row = tx.execute("SELECT id FROM runs WHERE run_id = ? AND gone = 0", (run_id,)).fetchone()
            if row is None:
                return
            deletion.begin_to_forget(tx, row[0])
        self.forget_rest(row[0], DELETE_BATCH, keep_history=False)

    def forget_rest(self, storage_id: int, batch: int, *, keep_history: bool) -> int:
        """Remove the events of a run that nobody sees any more, a batch a transaction.

        Returns:
            How many events and facts went.
        """
        removed = 0
        while True:
            with self.database.write(full=False) as tx:
                count = deletion.remove_events(tx, storage_id, batch)
                removed += count
                if count < batch:
                    return removed + deletion.finish_forgetting(tx, storage_id, keep_history=keep_history)

    def assets(
        self, keys: Sequence[AssetKey] | None = None, prefix: Sequence[str] = ()
    ) -> Sequence[AssetStatus]:
        """Status of these assets (None: of all that have a fact), sorted by key."""
        with self.database.read() as tx:
            return facts.read_assets(tx, keys, prefix)

    def partitions(self, key: AssetKey) -> Mapping[str, int]:
        """Materialized partition keys of an asset, each with the id of its latest event."""
        with self.database.read() as tx:
            return facts.read_partitions(tx, key)

    def checks(self, keys: Sequence[AssetCheckKey]) -> Mapping[AssetCheckKey, AssetCheckEvaluation]:
        """The latest evaluation of each check that has one."""
        with self.database.read() as tx:
            return facts.read_checks(tx, keys)

    def wipe(self, key: AssetKey, partitions: Sequence[str] | None = None) -> None:
        """Forget the facts about an asset, or about some of its partitions; runs keep their log."""
        with self.database.write(full=True) as tx:
            facts.wipe_asset(tx, key, partitions)

    def dynamic_partitions(
        self, name: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), only: str | None = None
    ) -> Sequence[str]:
        """Change (when asked) and return the keys of a dynamic set, in order of insertion."""
        if add or remove:
            with self.database.write(full=True) as tx:
                facts.change_dynamic(tx, name, add, remove)
        with self.database.read() as tx:
            return facts.read_dynamic(tx, name, only)

    def info(self) -> StoreInfo:
        """Where it is, its schema and its size (with its write-ahead log)."""
        with self.database.read() as tx:
            runs = tx.execute("SELECT count(*) FROM runs WHERE gone = 0").fetchone()[0]
            events = tx.execute(
                "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM facts)"
            ).fetchone()[0]
            version = tx.execute("PRAGMA user_version").fetchone()[0]
            pages = (
                tx.execute("PRAGMA page_count").fetchone()[0] * tx.execute("PRAGMA page_size").fetchone()[0]
            )
        return StoreInfo(
            url=self._url, schema_version=version, wanted_schema_version=self._wanted_schema,
            size=pages if self.database.is_memory else _size(self.database.path), runs=runs, events=events,
        )  # fmt: skip

    def close(self) -> None:
        """Release files and connections; idempotent."""
        self.database.close()


def _size(path: str) -> int:
    files = [Path(path + end) for end in ("", "-wal", "-shm")]
    return sum(file.stat().st_size for file in files if file.exists())
