"""Migrations: asked for, whole or not at all, after a copy was laid aside; old databases open for ever."""

from __future__ import annotations

import gzip
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.errors import StoreError
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, RunsFilter
from penstock.keys import AssetKey
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.query.partitions import partition_statuses
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in
from penstock.store.migrate import Migration, known_migrations, make_database, migrate_file
from penstock.store.open import migrate, open_store, sqlite_url
from penstock.testing.conformance.store import A, faults_of, finished_run

GOLDEN = sorted((Path(__file__).parent / "golden").glob("schema-*.db.gz"))

NOW = known_migrations()[-1].version
FUTURE = Migration(NOW + 1, "CREATE TABLE future (x); INSERT INTO future VALUES (1);")


@pytest.fixture
def filled(tmp_path):
    path = tmp_path / "penstock.db"
    with closing(open_store(sqlite_url(path))) as store:
        finished_run(store, "r")
    return path


def test_steps_are_numbered_from_one_without_gaps():
    assert [step.version for step in known_migrations()] == list(range(1, len(known_migrations()) + 1))


def test_a_current_database_needs_nothing(filled):
    report = migrate(sqlite_url(filled))
    assert (report.before, report.after, report.backup) == (NOW, NOW, None)
    assert migrate("memory:").backup is None


def test_a_migration_lays_a_copy_aside_and_keeps_the_content(filled):
    report = migrate_file(str(filled), [*known_migrations(), FUTURE])
    assert (report.before, report.after) == (NOW, NOW + 1)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT x FROM future").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
        assert connection.execute("PRAGMA user_version").fetchone() == (NOW + 1,)
    assert Path(report.backup).name.startswith(f"penstock.db.backup-v{NOW}-")
    with closing(open_store(sqlite_url(report.backup))) as store:
        assert faults_of(store, "r") == []


def test_no_file_stays_open(tmp_path):
    path = tmp_path / "penstock.db"
    make_database(str(path), known_migrations())
    migrate_file(str(path), [*known_migrations(), FUTURE])
    assert [one for one in open_files() if one.startswith(str(path))] == []


def open_files():
    """Of this process, by their paths."""
    return [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]


def test_a_step_that_fails_changes_nothing(filled):
    broken = FUTURE._replace(sql="CREATE TABLE future (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StoreError, match="no such table"):
        migrate_file(str(filled), [*known_migrations(), broken])
    with closing(open_store(sqlite_url(filled))) as store:
        assert faults_of(store, "r") == []
        assert store.info().schema_version == NOW


def test_a_newer_database_is_refused(filled):
    migrate_file(str(filled), [*known_migrations(), FUTURE])
    with pytest.raises(StoreError, match=f"schema {NOW + 1}"):
        migrate(sqlite_url(filled))


def test_nothing_to_migrate_is_said(tmp_path):
    with pytest.raises(StoreError, match="no database"):
        migrate(sqlite_url(tmp_path / "penstock.db"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_a_database_of_every_release_can_be_read_and_written(golden, tmp_path):
    path = tmp_path / "penstock.db"
    path.write_bytes(gzip.decompress(golden.read_bytes()))
    migrate(sqlite_url(path))
    with closing(open_store(sqlite_url(path))) as store:
        runs = store.runs(RunsFilter())
        assert len(runs) == 3
        assert [faults_of(store, record.run.run_id) for record in runs] == [[]] * 3
        assert store.count_runs(RunsFilter(tags={"team": "x"})) == 1
        assert sorted(store.partitions(A)) == ["p", "q"]
        assert store.dynamic_partitions("d") == ["x", "y"]
        last = store.read(EventQuery())[-1].id
        finished_run(store, "new", partition="n")
        assert sorted(store.partitions(A)) == ["n", "p", "q"]
        assert len(store.read(EventQuery(after=last))) == 7


def test_tries_of_an_older_database_are_known_after_the_migration(tmp_path):
    path = str(tmp_path / "penstock.db")
    make_database(path, known_migrations()[:1])
    day, days = {PARTITION_TAG: "2024-01-01"}, {RANGE_START_TAG: "2024-01-02", RANGE_END_TAG: "2024-01-03"}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_OLD_RUNS)
    migrate_file(path)
    with closing(open_store(sqlite_url(path))) as store:
        tries = store.partition_book.backlog(AssetKey(["é", "b"]), None).tries
        assert [(one.tags, one.began, one.ended) for one in tries] == [(day, 0, 2), (days, 2, None)]
        found = partition_statuses(store, AssetKey(["é", "b"]), DAYS, now=datetime(2024, 1, 5, tzinfo=UTC))
        assert list(found.failed) == ["2024-01-01"]
        assert list(found.in_progress) == ["2024-01-02", "2024-01-03"]
        assert list(found.missing) == ["2024-01-04"]
        assert [fault for fault in faults_in(store) if fault.startswith("Assets")] == []


DAYS = DailyPartitionsDefinition("2024-01-01")
_OLD_RUNS = """
    INSERT INTO assets VALUES (1, '["é","b"]', NULL, NULL, 2);
    INSERT INTO runs VALUES
    (1, 'failed', 'j', 6, 2, 1.0, 2.0, 1.0, 2.0, 0, CAST('{"penstock/partition":"2024-01-01"}' AS BLOB),
        CAST('{"assets":[["é","b"]]}' AS BLOB)),
    (2, 'started', 'j', 3, 1, 1.0, 2.0, 1.0, NULL, 0, CAST(
        '{"penstock/asset_partition_range_start":"2024-01-02","penstock/asset_partition_range_end":"2024-01-03"}'
        AS BLOB), CAST('{"assets":[["é","b"]],"checks":[]}' AS BLOB)),
    (3, 'plain', 'j', 3, 1, 1.0, 2.0, 1.0, NULL, 0, x'', x'');
    INSERT INTO run_tags VALUES ('penstock/partition', '2024-01-01', 1),
        ('penstock/asset_partition_range_start', '2024-01-02', 2),
        ('penstock/asset_partition_range_end', '2024-01-03', 2);
    INSERT INTO events VALUES (1, 1, 1, 3, 1.0, NULL, x''), (2, 1, 2, 5, 2.0, NULL, x''),
        (3, 2, 1, 3, 1.0, NULL, x''), (4, 3, 1, 3, 1.0, NULL, x'');
    UPDATE log_head SET last_id = 4;
"""
