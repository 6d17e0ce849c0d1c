"""An asset job can be cut down to some of its assets."""

from __future__ import annotations

import pytest

from penstock import AssetKey, asset, job, op
from penstock.define.asset_job import build_asset_job
from penstock.errors import InvalidSubsetError
from penstock.plan.asset_subset import subset_asset_job


@asset
def raw():
    return 1


@asset
def clean(raw):
    return raw


@asset
def other():
    return 2


WHOLE = build_asset_job("whole", [raw, clean, other], ["raw", "clean"])


def test_what_is_left_is_what_was_selected():
    assert subset_asset_job(WHOLE, ["clean"]).assets.selected == {AssetKey("clean")}


def test_name_and_tags_stay():
    tagged = build_asset_job("tagged", [raw, clean], tags={"team": "a"})
    cut = subset_asset_job(tagged, "raw")
    assert (cut.name, cut.tags) == ("tagged", {"team": "a"})


def test_an_asset_outside_of_the_job_is_refused():
    with pytest.raises(InvalidSubsetError, match="does not make other"):
        subset_asset_job(WHOLE, ["other"])


def test_a_job_of_ops_has_no_assets_to_select():
    @op
    def one():
        return 1

    @job
    def ops():
        one()

    with pytest.raises(InvalidSubsetError, match="op_selection"):
        subset_asset_job(ops, ["raw"])
