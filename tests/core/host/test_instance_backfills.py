"""What an instance answers about backfills."""

from __future__ import annotations

import pytest

from penstock import AssetKey, Instance
from penstock.spi.backfills import Backfill, BackfillStatus


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        for number, status in enumerate([BackfillStatus.COMPLETED_SUCCESS, BackfillStatus.PAUSED]):
            made.store.backfills.add(
                Backfill(
                    backfill_id=f"b{number}", status=status, created=1.0, updated=1.0, assets=(AssetKey("a"),)
                ),
                [],
            )
        yield made


def test_backfills_come_newest_first(instance):
    assert [one.backfill_id for one in instance.get_backfills()] == ["b1", "b0"]
    assert [one.backfill_id for one in instance.get_backfills(limit=1)] == ["b1"]
    assert [one.backfill_id for one in instance.get_backfills(cursor="b1")] == ["b0"]


def test_backfills_are_found_by_state(instance):
    class Filter:
        statuses = ("PAUSED",)

    assert [one.backfill_id for one in instance.get_backfills(Filter())] == ["b1"]
    found = instance.get_backfills(status=BackfillStatus.COMPLETED_SUCCESS)
    assert [one.backfill_id for one in found] == ["b0"]


def test_one_backfill_is_found_by_its_id(instance):
    found = instance.get_backfill("b0")
    assert (found.asset_selection, found.is_asset_backfill, found.backfill_timestamp) == (
        (AssetKey("a"),), True, 1.0,
    )  # fmt: skip
    assert instance.get_backfill("b9") is None
