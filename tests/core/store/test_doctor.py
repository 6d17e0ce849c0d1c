"""The doctor finds nothing in a sound store, and each thing that is wrong in another."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from penstock.events import values as v
from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url
from penstock.store.retention import RetentionPolicy, retain
from penstock.testing.conformance.store import A, B, begun, evaluated, finished_run


@pytest.fixture
def path(tmp_path):
    return tmp_path / "penstock.db"


@pytest.fixture
def store(path):
    with closing(open_store(sqlite_url(path))) as store:
        finished_run(store, "1", partition="p")
        finished_run(store, "2", partition="p")
        finished_run(store, "3", B)
        observed = v.AssetObserved(at=1.0, observation=v.AssetObservation(A))
        store.append("", 0, [evaluated(A, "c", passed=True), observed])
        _try_partitions(store)
        store.dynamic_partitions("names", add=["x", "y"])
        assert store.partition_book.members("names") == {0: 0b11}
        yield store


def _try_partitions(store):
    """A run that is to make the partitions 0 to 2 of A, of which somebody else makes one meanwhile."""
    tags = {RANGE_START_TAG: "p", RANGE_END_TAG: "r"}
    places = PartitionPlaces("ruler", range(3))
    store.create_run(
        Run(run_id="4", job_name="job", tags=tags, asset_selection=frozenset({A}), places=places), begun()
    )
    made = v.AssetMaterialization(A, partition="q")
    store.append("", 0, [v.AssetMaterialized(at=1.0, materialization=made, place=PartitionPlace("ruler", 1))])


def test_a_sound_store_has_no_faults(store):
    assert faults_in(store) == []
    store.delete_run("2")
    store.wipe(B)
    store.wipe(A, ["p"])
    retain(store, RetentionPolicy(older_than=0.0, keep_history=False), 1e9)
    assert faults_in(store) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DROP TRIGGER runs_move_legally; UPDATE runs SET status = 6 WHERE id = 1", "stored as FAILURE"),
        ("UPDATE runs SET last_seq = 9 WHERE id = 2", "Run 2: The run counts 9 events"),
        ("DROP TRIGGER events_stay; DELETE FROM events WHERE seq = 3 AND run = 1", "Run 1"),
        ("UPDATE assets SET materialized = 1 WHERE id = 1", "the latest materialization of a"),
        ("UPDATE assets SET observed = NULL", "the latest observation of a"),
        ("DELETE FROM partitions", "the materialized partitions of a"),
        ("UPDATE partitions SET fact = 999", "a materialized partition of a has no event"),
        ("UPDATE partition_bits SET bits = x'000004' WHERE owner = 0", "the bits of the materialized"),
        ("UPDATE partition_bits SET owner = -1 WHERE owner = 4", "of a are said to have failed, but no run"),
        ("DELETE FROM partition_tries", "partitions of a are in progress, but no run is to make them"),
        ("UPDATE partition_tries SET ended = 9", "a run is said to try partitions of a, but"),
        ("DELETE FROM dynamic_bits", "the bits of the dynamic partitions 'names'"),
        ("DELETE FROM dynamic_numbers", "the bits of the dynamic partitions 'names'"),
        ("DELETE FROM checks", "the latest evaluation of a check on a"),
        ("INSERT INTO run_tags VALUES ('k', 'v', 999)", "A row of run_tags points nowhere"),
    ],
)  # fmt: skip
def test_each_fault_is_told(store, path, harm, said):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(harm)
    assert any(said in fault for fault in faults_in(store)), faults_in(store)
