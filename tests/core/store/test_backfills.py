"""Rows of backfills: changed all or nothing, by whoever knows the last version."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from penstock.errors import InvariantViolationError, StoreError, TransitionRejected
from penstock.keys import AssetKey
from penstock.spi.backfills import (
    Backfill,
    BackfillChange,
    BackfillChunk,
    BackfillPart,
    BackfillStatus,
    ChunkStatus,
)
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url

RUNS = [f"00000000-0000-5000-8000-00000000000{number}" for number in range(6)]


@pytest.fixture(params=["file", "memory"])
def rows(request, tmp_path):
    store = open_store("memory:" if request.param == "memory" else sqlite_url(tmp_path / "penstock.db"))
    yield store.backfills
    store.close()


def backfill(backfill_id="b", **more):
    return Backfill(**{"backfill_id": backfill_id, "created": 1.0, "updated": 1.0, **more})


def part(place=0, **more):
    return BackfillPart(**{"place": place, "name": f"a{place}", "asset": AssetKey(["a", str(place)]), **more})


def chunk(number, **more):
    fields = {
        "run_id": RUNS[number],
        "parts": (0, 1),
        "first": f"k{number}",
        "last": f"k{number}",
        "count": 1,
    }
    return BackfillChunk(number=number, **{**fields, **more})


def test_what_is_added_is_found_again(rows):
    full = backfill(
        title="a year", assets=(AssetKey("a"),), location="shop", newest_first=True, max_runs=3,
        run_config={"ops": {}}, tags={"team": "x"}, message="why",
    )  # fmt: skip
    parts = [
        part(0, texts={"target": "t"}, counts={"target": 5}, shown="k0...k4"),
        part(1, asset=None, keys=("a",)),
    ]
    rows.add(full, parts)
    assert rows.find() == [full]
    assert rows.parts("b") == parts


def test_an_id_is_taken_once(rows):
    rows.add(backfill(), [])
    with pytest.raises(InvariantViolationError, match="exists already"):
        rows.add(backfill(), [])


def test_the_newest_come_first_and_pages_follow(rows):
    for name in "abcd":
        rows.add(
            backfill(name, status=BackfillStatus.PAUSED if name == "b" else BackfillStatus.REQUESTED), []
        )
    assert [one.backfill_id for one in rows.find()] == list("dcba")
    assert [one.backfill_id for one in rows.find(before="c", limit=1)] == ["b"]
    assert [one.backfill_id for one in rows.find(statuses=[BackfillStatus.PAUSED])] == ["b"]
    assert [one.backfill_id for one in rows.find(["a", "d", "x"])] == ["d", "a"]


def test_a_change_is_one_step(rows):
    rows.add(backfill(), [part(0), part(1)])
    change = BackfillChange(
        status=BackfillStatus.IN_PROGRESS, parts=(part(1, counts={"done": 1}),), chunks=(chunk(1), chunk(2)),
        message="on its way",
    )  # fmt: skip
    assert rows.change("b", 1, change, 2.0) == 2
    (found,) = rows.find()
    assert (found.status, found.version, found.updated, found.message) == (
        BackfillStatus.IN_PROGRESS, 2, 2.0, "on its way",
    )  # fmt: skip
    assert [one.counts for one in rows.parts("b")] == [{}, {"done": 1}]
    assert rows.chunks("b") == [chunk(1), chunk(2)]
    assert rows.last_chunk("b") == 2


def test_whoever_comes_second_is_refused_and_changes_nothing(rows):
    rows.add(backfill(), [part(0)])
    rows.change("b", 1, BackfillChange(chunks=(chunk(1),)), 2.0)
    with pytest.raises(TransitionRejected):
        rows.change("b", 1, BackfillChange(chunks=(chunk(2),), parts=(part(0, counts={"done": 9}),)), 3.0)
    assert rows.chunks("b") == [chunk(1)]
    assert rows.parts("b") == [part(0)]


def test_an_end_has_a_time_which_a_resumption_takes_back(rows):
    rows.add(backfill(), [])
    rows.change("b", 1, BackfillChange(status=BackfillStatus.COMPLETED_FAILED), 5.0)
    assert rows.find()[0].ended == 5.0
    rows.change("b", 2, BackfillChange(message="more"), 6.0)
    assert rows.find()[0].ended == 5.0
    rows.change("b", 3, BackfillChange(status=BackfillStatus.IN_PROGRESS), 7.0)
    assert rows.find()[0].ended is None


def test_chunks_are_found_by_state_first_key_and_number(rows):
    rows.add(backfill(), [])
    new = [chunk(1), chunk(2, first=None, last=None), chunk(3, last="k9", count=7, owner="me"), chunk(4)]
    rows.change("b", 1, BackfillChange(chunks=tuple(new)), 2.0)
    rows.change("b", 2, BackfillChange(settled={1: ChunkStatus.LOST}, owners={4: "other"}), 3.0)
    assert [one.number for one in rows.chunks("b", statuses=[ChunkStatus.REQUESTED])] == [2, 3, 4]
    assert [one.number for one in rows.chunks("b", statuses=[ChunkStatus.LOST], first="k1")] == [1]
    assert rows.chunks("b", after=2, limit=1) == [new[2]]
    assert rows.chunks("b", after=3)[0].owner == "other"


def test_a_settled_chunk_never_changes(rows):
    rows.add(backfill(), [])
    rows.change("b", 1, BackfillChange(chunks=(chunk(1),)), 2.0)
    rows.change("b", 2, BackfillChange(settled={1: ChunkStatus.SUCCEEDED}), 3.0)
    with pytest.raises((StoreError, InvariantViolationError, sqlite3.Error)):
        rows.change("b", 3, BackfillChange(settled={1: ChunkStatus.FAILED}), 4.0)
    assert rows.chunks("b")[0].status is ChunkStatus.SUCCEEDED
    assert rows.find()[0].version == 3


def test_a_forgotten_backfill_leaves_nothing(rows):
    for name in "ab":
        rows.add(backfill(name), [part(0)])
        rows.change(name, 1, BackfillChange(chunks=(chunk(1),)), 2.0)
    rows.forget("a")
    rows.forget("never there")
    assert [one.backfill_id for one in rows.find()] == ["b"]
    assert (rows.parts("a"), rows.chunks("a")) == ([], [])
    assert len(rows.chunks("b")) == 1


def test_of_what_is_not_there_nothing_is_found(rows):
    assert (rows.parts("x"), rows.chunks("x"), rows.last_chunk("x")) == ([], [], 0)
    with pytest.raises(TransitionRejected):
        rows.change("x", 1, BackfillChange(), 1.0)


@pytest.fixture
def store(tmp_path):
    with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:
        store.backfills.add(backfill(), [part(0, counts={"target": 2})])
        change = BackfillChange(
            status=BackfillStatus.COMPLETED_SUCCESS, parts=(part(0, counts={"target": 2, "done": 2}),),
            chunks=(chunk(1), chunk(2)), settled={1: ChunkStatus.SUCCEEDED, 2: ChunkStatus.SUCCEEDED},
        )  # fmt: skip
        store.backfills.change("b", 1, change, 2.0)
        yield store


def test_the_doctor_finds_nothing_in_sound_rows(store):
    assert faults_in(store) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM backfill_chunks WHERE number = 1", "without gaps"),
        (
            "UPDATE backfill_chunks SET run_id = (SELECT run_id FROM backfill_chunks WHERE number = 1)",
            "Two chunks",
        ),
        (
            """INSERT INTO backfill_chunks SELECT backfill, 3, 1, x'00', parts, first, last, count, owner
               FROM backfill_chunks WHERE number = 1""",
            "is open",
        ),
        (
            """UPDATE backfill_parts SET progress = '{"texts": {}, "counts": {"target": 2, "done": 3}}'""",
            "counts 3",
        ),
        (
            """UPDATE backfill_parts SET progress = '{"texts": {}, "counts": {"target": 2, "done": 1}}'""",
            "counts 1",
        ),
    ],
)
def test_the_doctor_finds_what_is_wrong_with_rows(store, sql, said):
    with store.database.write(full=False) as tx:
        tx.execute(sql)
    assert any(said in fault for fault in faults_in(store))
