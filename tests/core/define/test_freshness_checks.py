"""Checks that builders make: which there are, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from penstock import (
    AssetKey,
    AssetSpec,
    InvalidDefinitionError,
    SourceAsset,
    asset,
    build_column_schema_change_checks,
    build_last_update_freshness_checks,
    build_metadata_bounds_checks,
    build_time_partition_freshness_checks,
    multi_asset,
)

HOUR = timedelta(hours=1)


@asset
def one(): ...


@multi_asset(specs=[AssetSpec("m1"), AssetSpec("m2")])
def several(): ...


def of_updates(assets, **options):
    return build_last_update_freshness_checks(assets=assets, **{"lower_bound_delta": HOUR, **options})


def of_partitions(assets, **options):
    return build_time_partition_freshness_checks(assets=assets, **{"deadline_cron": "0 9 * * *", **options})


def of_columns(assets, **options):
    return build_column_schema_change_checks(assets=assets, **options)


def of_bounds(assets, **options):
    return build_metadata_bounds_checks(assets=assets, **{"metadata_key": "rows", "min_value": 1, **options})


BUILDERS = pytest.mark.parametrize(
    ("build", "name"),
    [
        (of_updates, "freshness_check"),
        (of_partitions, "freshness_check"),
        (of_columns, "column_schema_change"),
        (of_bounds, "rows_bounds_check"),
    ],
)


@BUILDERS
def test_each_asset_has_its_check_in_one_definition(build, name):
    assets = [
        one,
        "text",
        AssetKey(["x", "y"]),
        ["q", "r"],
        several,
        SourceAsset("source"),
        AssetSpec("spec"),
    ]
    (found,) = build(assets)
    names = ["one", "text", "x/y", "q/r", "m1", "m2", "source", "spec"]
    assert [spec.key.to_user_string() for spec in found.check_specs] == [f"{key}:{name}" for key in names]
    assert not any(spec.blocking for spec in found.check_specs)


@BUILDERS
def test_the_checks_can_be_chosen_one_by_one(build, name):
    assert build([one, "two"])[0].can_subset


@BUILDERS
def test_steps_over_other_assets_have_other_names(build, name):
    assert build([one])[0].name == build(["one"])[0].name
    assert build([one])[0].name != build(["two"])[0].name
    assert build(["one", "two"])[0].name == build(["two", "one"])[0].name


@BUILDERS
def test_no_assets_make_no_checks(build, name):
    assert [list(made.check_specs) for made in build([])] == [[]]


@BUILDERS
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"assets": "one"}, "a list of assets"),
        ({"assets": one}, "a list of assets"),
        ({"assets": [5]}, "An asset was wanted"),
        ({"assets": [one], "severity": "WARN"}, "AssetCheckSeverity"),
    ],
)
def test_what_is_no_list_or_severity_is_refused(build, name, options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        build(**options)


@pytest.mark.parametrize("build", [of_updates, of_partitions])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"assets": [one, "one"]}, "'one' twice"),
        ({"assets": [one], "deadline_cron": "0 9 * *"}, "no cron schedule"),
        ({"assets": [one], "deadline_cron": 5}, "deadline_cron wants a text"),
        ({"assets": [one], "timezone": "Europe/Berln"}, "Europe/Berlin"),
    ],
)
def test_deadlines_that_are_none_are_refused(build, options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        build(**options)


@pytest.mark.parametrize("delta", [5, None, -HOUR])
def test_what_is_no_length_of_time_is_refused(delta):
    with pytest.raises(InvalidDefinitionError, match="a length of time"):
        of_updates([one], lower_bound_delta=delta)


@pytest.mark.parametrize("build", [of_updates, of_partitions])
def test_freshness_checks_may_block(build):
    assert [spec.blocking for spec in build([one], blocking=True)[0].check_specs] == [True]


def test_what_a_check_was_told_stands_in_its_metadata():
    (found,) = of_updates([one], deadline_cron="0 1 * * *", timezone="Europe/Berlin")
    (spec,) = found.check_specs
    told = {"timezone": "Europe/Berlin", "lower_bound_delta_seconds": 3600.0, "deadline_cron": "0 1 * * *"}
    assert spec.metadata["penstock/freshness_params"].value == told


@pytest.mark.parametrize("build", [of_columns, of_bounds])
def test_an_asset_that_stands_twice_has_one_check_of_metadata(build):
    assert len(build([one, "one"])[0].check_specs) == 1


def test_the_name_of_a_fact_becomes_the_name_of_its_check():
    (found,) = of_bounds([one], metadata_key="a/b c-é")
    assert [spec.name for spec in found.check_specs] == ["a_b_c___bounds_check"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_value": None}, "There is no bound"),
        ({"min_value": 3, "max_value": 2}, "greater than max_value"),
        ({"min_value": "3"}, "min_value wants a number"),
        ({"max_value": True}, "max_value wants a number"),
        ({"metadata_key": ""}, "the name of a fact"),
        ({"maximum": 3}, "max"),
    ],
)
def test_bounds_that_are_none_are_refused(options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        of_bounds([one], **options)
