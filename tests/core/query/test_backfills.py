"""How far a backfill is, from its rows alone."""

from __future__ import annotations

import pytest

from penstock.query.backfills import BackfillSummary, bad_chunks, list_backfills
from penstock.spi.backfills import (
    Backfill,
    BackfillChange,
    BackfillChunk,
    BackfillPart,
    BackfillStatus,
    ChunkStatus,
)
from penstock.store.open import open_store


def part(name, place=0, **counts):
    return BackfillPart(place=place, name=name, counts=counts)


def summary(*parts, **more):
    made = Backfill(**{"backfill_id": "b", "created": 1.0, "updated": 3.5, **more})
    return BackfillSummary(backfill=made, parts=parts)


def test_what_is_left_is_what_is_in_no_other_set():
    found = summary(
        part("a", target=10, done=3, skipped=1), part("b", 1, target=5, failed=1, blocked=2, removed=1)
    )
    assert (found.made, found.left, found.seconds) == (4, 7, 2.5)


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        ({"title": "a year"}, "a year"),
        ({"job": "nightly"}, "job nightly"),
        ({}, "a, b, c and 1 more"),
    ],
)
def test_a_backfill_is_called_by_its_title_job_or_first_assets(more, subject):
    parts = [part(name, place) for place, name in enumerate("abcd")]
    assert summary(*parts, **more).subject == subject


def test_the_plain_form_tells_each_asset():
    plain = summary(part("a", target=2, done=2)).to_plain()
    assert plain["counts"]["done"] == plain["assets"][0]["counts"]["done"] == 2
    assert plain["status"] == "REQUESTED"


def test_backfills_and_their_bad_chunks_are_read_from_rows():
    store = open_store("memory:")
    store.backfills.add(Backfill(backfill_id="b", created=1.0, updated=1.0), [part("a", target=3)])
    new = [
        BackfillChunk(number=n, run_id=f"00000000-0000-5000-8000-00000000000{n}", parts=(0,), first="k",
                      last="k", count=1)
        for n in (1, 2, 3)
    ]  # fmt: skip
    settled = {1: ChunkStatus.SUCCEEDED, 2: ChunkStatus.FAILED, 3: ChunkStatus.LOST}
    store.backfills.change("b", 1, BackfillChange(chunks=tuple(new), settled=settled), 2.0)
    (found,) = list_backfills(store, statuses=[BackfillStatus.REQUESTED])
    assert found.left == 3
    assert [one.number for one in bad_chunks(store, "b")] == [2, 3]
    assert len(bad_chunks(store, "b", limit=1)) == 1
    store.close()
