"""Targets of schedules and sensors: jobs in any spelling, and assets that become one."""

from __future__ import annotations

import pytest

from penstock import AssetKey, AssetSelection, InvalidDefinitionError, asset, define_asset_job, graph, job, op
from penstock.define.targets import read_targets


@asset
def rain(): ...


@asset
def sun(): ...


@job
def nightly(): ...


def target(given):
    (found,) = read_targets("early", "schedule", target=given)
    return found


@pytest.mark.parametrize(
    "given", [rain, [rain, sun], "rain", ["rain"], AssetKey("rain"), AssetSelection.assets("rain")]
)
def test_assets_in_any_spelling_become_a_job_named_after_who_targets_them(given):
    found = target(given)
    assert (found.job_name, found.is_anonymous) == ("__anonymous_asset_job_early", True)
    assert found.job.name == found.job_name


def test_definitions_among_targeted_assets_are_brought_along():
    assert target([rain, "sun"]).assets_defs == (rain,)
    assert target(rain).assets_defs == (rain,)
    assert target(AssetSelection.assets(rain)).assets_defs == ()


def test_a_job_of_any_kind_is_a_target():
    @op
    def work(): ...

    @graph
    def whole():
        work()

    for one in (nightly, whole, define_asset_job("refill")):
        assert (target(one).job, target(one).job_name) == (one, one.name)


def test_a_name_alone_is_a_target_without_a_job():
    (found,) = read_targets("early", "sensor", job_name="nightly")
    assert (found.job_name, found.has_job_def) == ("nightly", False)


def test_several_jobs_are_several_targets():
    found = read_targets("early", "sensor", jobs=[nightly, define_asset_job("refill")])
    assert [one.job_name for one in found] == ["nightly", "refill"]


def test_nothing_given_is_no_target():
    assert read_targets("early", "sensor", jobs=[]) == ()


def test_two_spellings_at_once_are_refused():
    with pytest.raises(InvalidDefinitionError, match=r"'early' has job= and target="):
        read_targets("early", "schedule", job=nightly, target=rain)


def test_what_is_neither_job_nor_asset_is_refused():
    with pytest.raises(InvalidDefinitionError, match="target=3"):
        target(3)
    with pytest.raises(InvalidDefinitionError, match="Assets go into target="):
        read_targets("early", "schedule", job=rain)


def test_a_target_of_assets_needs_a_name():
    with pytest.raises(InvalidDefinitionError, match="needs a name"):
        read_targets("", "schedule", target=rain)
