"""The SQLite store keeps every promise of the contract, and its barriers hold against SQL by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from penstock.errors import Error
from penstock.events import values as v
from penstock.events.runs import LEGAL_TRANSITIONS, Run, RunsFilter, RunStatus
from penstock.keys import AssetKey
from penstock.spi.store import EventQuery
from penstock.store.memory import memory_store
from penstock.store.open import open_store, sqlite_url
from penstock.store.rows import STATUS_NUMBERS
from penstock.testing.conformance.store import A, StoreConformance, begun, finished_run, one_step


class TestFile(StoreConformance):
    __test__ = True

    @pytest.fixture
    def store(self, tmp_path):
        with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:
            yield store


class TestMemory(StoreConformance):
    __test__ = True

    @pytest.fixture
    def store(self):
        with closing(memory_store()) as store:
            yield store


@pytest.fixture
def place(tmp_path):
    return tmp_path / "penstock.db"


@pytest.fixture
def store(place):
    with closing(open_store(sqlite_url(place))) as store:
        yield store


@pytest.fixture
def by_hand(place, store):
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize("before", STATUS_NUMBERS)
@pytest.mark.parametrize("after", STATUS_NUMBERS)
def test_the_trigger_allows_exactly_the_legal_changes(store, by_hand, before, after):
    store.create_run(Run(run_id="r", job_name="j", status=before), [])
    change = ("UPDATE runs SET status = ?", (STATUS_NUMBERS[after],))
    if after in LEGAL_TRANSITIONS[before] or after is before:
        by_hand.execute(*change)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="illegal change"):
            by_hand.execute(*change)


@pytest.mark.parametrize("table", ["events", "facts"])
def test_the_log_cannot_be_changed_by_hand(store, by_hand, table):
    finished_run(store, "r")
    with pytest.raises(sqlite3.IntegrityError, match="never rewritten"):
        by_hand.execute(f"UPDATE {table} SET at = 0")
    with pytest.raises(sqlite3.IntegrityError, match="removed by"):
        by_hand.execute(f"DELETE FROM {table}")


def test_a_reopened_store_has_everything(place):
    with closing(open_store(sqlite_url(place))) as store:
        finished_run(store, "r", partition="p")
        store.dynamic_partitions("d", add=["x"])
        before = store.read(EventQuery())
    with closing(open_store(sqlite_url(place))) as store:
        assert store.read(EventQuery()) == before
        assert store.runs(RunsFilter())[0].run.status is RunStatus.SUCCESS
        assert list(store.partitions(A)) == ["p"]
        assert store.dynamic_partitions("d") == ["x"]


def test_two_memory_stores_share_nothing():
    with closing(memory_store()) as one, closing(memory_store()) as two:
        finished_run(one, "r")
        assert two.read(EventQuery()) == []


def test_names_made_in_a_refused_transaction_are_not_remembered(store):
    seq = store.create_run(Run(run_id="r", job_name="j"), begun())
    doomed = [*one_step("new step", AssetKey("new")), v.RunQueued(at=3.0)]
    with pytest.raises(Error):
        store.append("r", seq, doomed)
    with pytest.raises(Error, match="not Unicode"):  # fails at its last event, within the transaction
        store.append("r", seq, [*one_step("other", AssetKey("other")), v.StepStarted(at=1.0, step="\ud800")])
    seq = store.append("r", seq, one_step("new step", AssetKey("new")))
    store.append("r", seq, one_step("other", AssetKey("other")))
    assert {entry.event.step for entry in store.read(EventQuery(run_id="r", kinds=(v.StepStarted,)))} == {
        "new step", "other",
    }  # fmt: skip
    assert len(store.assets()) == 2


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(Error, match="is closed"):
        store.read(EventQuery())


def test_a_run_of_one_asset_takes_less_than_a_kilobyte_an_asset(place):
    count = 300
    with closing(open_store(sqlite_url(place))) as store:
        seq = store.create_run(Run(run_id="r", job_name="j"), begun())
    empty = place.stat().st_size
    with closing(open_store(sqlite_url(place))) as store:
        for number in range(count):
            name = f"an_asset_with_a_name_{number}"
            made = v.AssetMaterialization(
                name, metadata={"path": f"/home/me/.penstock/storage/{name}.parquet", "rows": number},
                tags={v.DATA_VERSION_TAG: "0" * 36, v.CODE_VERSION_TAG: "1"},
            )  # fmt: skip
            receipt = v.Receipt(
                uri=f"file:///home/me/.penstock/storage/{name}.parquet", bytes=1, checksum="0" * 64
            )
            seq = store.append("r", seq, [
                v.StepStarted(at=1.5, step=name), v.OutputProduced(at=1.5, step=name),
                v.OutputStored(at=1.5, step=name, receipt=receipt),
                v.AssetMaterialized(at=1.5, step=name, materialization=made),
                v.StepSucceeded(at=1.5, step=name, seconds=0.00012345678),
            ])  # fmt: skip
    assert (place.stat().st_size - empty) / count < 900
