"""The check of a store: does what it says of runs and assets agree with what it logged.

Owns: the invariants that hold after any crash (RELIABILITY B12: I1, I2, I3, I10, I11, I17) and between the
log and its projections. Reads only, and everything: for ``penstock instance info`` and for tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from penstock.events.fold import check_run
from penstock.events.runs import TERMINAL, RunRecord, RunsFilter, RunStatus
from penstock.spi.store import EventQuery
from penstock.store import bitmaps, numbering, rows, statuses
from penstock.store.backfills import faults_of_backfills
from penstock.store.pools import faults_of_pools
from penstock.store.sqlite import SqliteStore

PAGE = 500

_NUMBERS_UNDER_WAY = ", ".join(
    str(number) for status, number in rows.STATUS_NUMBERS.items() if status not in TERMINAL
)

_STALE_PROJECTIONS = {
    "the latest materialization of {} is not the last one that is stored": f"""
        SELECT a.key FROM assets a WHERE a.materialized IS NOT
        (SELECT max(f.id) FROM facts f WHERE f.asset = a.id AND f.kind = {rows.MATERIALIZED})""",
    "the latest observation of {} is not the last one that is stored": f"""
        SELECT a.key FROM assets a WHERE a.observed IS NOT
        (SELECT max(f.id) FROM facts f WHERE f.asset = a.id AND f.kind = {rows.OBSERVED})""",
    "the materialized partitions of {} are not those that are stored": f"""
        SELECT a.key FROM assets a JOIN (
            SELECT asset, part, max(id) AS fact FROM facts
            WHERE kind = {rows.MATERIALIZED} AND part IS NOT NULL GROUP BY asset, part
            EXCEPT SELECT asset, part, fact FROM partitions
        ) odd ON odd.asset = a.id""",
    "a materialized partition of {} has no event": """
        SELECT a.key FROM assets a JOIN partitions p ON p.asset = a.id
        WHERE NOT EXISTS (SELECT 1 FROM facts f WHERE f.id = p.fact)""",
    "the latest evaluation of a check on {} is not the last one that is stored": f"""
        SELECT a.key FROM assets a JOIN (
            SELECT asset, check_name, max(id) AS fact FROM facts
            WHERE kind = {rows.CHECKED} GROUP BY asset, check_name
            EXCEPT SELECT asset, name, fact FROM checks
        ) odd ON odd.asset = a.id""",
    "a run is said to try partitions of {}, but is none that is under way or failed": f"""
        SELECT a.key FROM assets a JOIN partition_tries t ON t.asset = a.id
        LEFT JOIN runs r ON r.id = t.run AND r.gone = 0
        WHERE r.id IS NULL OR (t.ended IS NULL) <> (r.status IN ({_NUMBERS_UNDER_WAY}))
            OR (t.ended IS NOT NULL) <> (r.status = {rows.STATUS_NUMBERS[RunStatus.FAILURE]})""",
    "partitions of {} are in progress, but no run is to make them": """
        SELECT a.key FROM assets a JOIN partition_bits b ON b.asset = a.id AND b.owner > 0
        WHERE NOT EXISTS (SELECT 1 FROM partition_tries t
            WHERE t.asset = a.id AND t.run = b.owner AND t.ended IS NULL)""",
    "partitions of {} are said to have failed, but no run did": f"""
        SELECT a.key FROM assets a JOIN partition_rulers r ON r.asset = a.id AND r.stale = 0
        JOIN partition_bits b ON b.asset = a.id AND b.owner = {statuses.FAILED}
        WHERE NOT EXISTS (SELECT 1 FROM partition_tries t WHERE t.asset = a.id AND t.ended IS NOT NULL)""",
}


def faults_in(store: SqliteStore) -> list[str]:
    """Everything that is wrong with a store, one sentence each; empty when all is well."""
    damage = _damage(store)
    return damage or [*_faults_of_runs(store), *_faults_of_projections(store), *_faults_of_rows(store)]


def _damage(store: SqliteStore) -> list[str]:
    with store.database.read() as tx:
        found = [row[0] for row in tx.execute("PRAGMA quick_check(20)")]
        orphans = tx.execute("PRAGMA foreign_key_check").fetchall()
    faults = (
        [] if found == ["ok"] else [f"The file {store.database.path} is damaged: {line}" for line in found]
    )
    return [*faults, *(f"A row of {table} points nowhere." for table, *_ in orphans)]


def _faults_of_rows(store: SqliteStore) -> list[str]:
    with store.database.read() as tx:
        return [*faults_of_backfills(tx), *faults_of_pools(tx)]


def _faults_of_runs(store: SqliteStore) -> Iterator[str]:
    for record in _all_runs(store):
        log = store.read(EventQuery(run_id=record.run.run_id))
        faults = check_run(record, [entry.event for entry in log], [entry.seq for entry in log])
        yield from (f"Run {record.run.run_id}: {fault}" for fault in faults)


def _all_runs(store: SqliteStore) -> Iterator[RunRecord]:
    last: int | None = None
    while page := store.runs(RunsFilter(), limit=PAGE, before=last):
        yield from page
        last = page[-1].storage_id


def _faults_of_projections(store: SqliteStore) -> Iterator[str]:
    with store.database.read() as tx:
        for sentence, sql in _STALE_PROJECTIONS.items():
            for (key,) in tx.execute(sql).fetchall():
                yield f"Assets: {sentence.format(rows.asset_key(key).to_user_string())}."
        yield from _faults_of_bits(tx)
        yield from _faults_of_dynamic(tx)


def _faults_of_dynamic(tx: sqlite3.Connection) -> Iterator[str]:
    for (name,) in tx.execute("SELECT name FROM dynamic_sets").fetchall():
        stored = (
            "SELECT n.number FROM dynamic_partitions p"
            " LEFT JOIN dynamic_numbers n ON n.name = p.name AND n.part = p.part WHERE p.name = ?"
        )
        there = [row[0] for row in tx.execute(stored, (name,))]
        if None in there or numbering.members(tx, name) != bitmaps.chunks_of(there):
            yield f"Assets: the bits of the dynamic partitions {name!r} are not those of their keys."


def _faults_of_bits(tx: sqlite3.Connection) -> Iterator[str]:
    sql = "SELECT a.key, r.asset, r.stale FROM assets a JOIN partition_rulers r ON r.asset = a.id"
    for key, asset, is_stale in tx.execute(sql).fetchall():
        name = rows.asset_key(key).to_user_string()
        stored = "SELECT place, fact FROM partitions WHERE asset = ? AND place >= 0"
        facts = dict(tx.execute(stored, (asset,)).fetchall())
        if statuses.read_chunks(tx, asset, statuses.MADE) != bitmaps.chunks_of(facts):
            yield f"Assets: the bits of the materialized partitions of {name} are not those that are stored."
        last = tx.execute("SELECT max(began) FROM partition_tries WHERE asset = ?", (asset,)).fetchone()[0]
        failed = statuses.read_chunks(tx, asset, statuses.FAILED)
        made = bitmaps.chunks_of(place for place, fact in facts.items() if fact > (last or 0))
        if not is_stale and any(mask & made.get(chunk, 0) for chunk, mask in failed.items()):
            yield f"Assets: partitions of {name} that were made since are said to have failed."
