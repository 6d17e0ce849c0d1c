"""Checks that builders made, when they run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from penstock import (
    AssetCheckSeverity,
    AssetMaterialization,
    AssetObservation,
    AssetSelection,
    AssetSpec,
    DailyPartitionsDefinition,
    Definitions,
    InvalidInvocationError,
    MaterializeResult,
    MetadataValue,
    StaticPartitionsDefinition,
    TableColumn,
    TableSchema,
    asset,
    build_column_schema_change_checks,
    build_last_update_freshness_checks,
    build_metadata_bounds_checks,
    build_time_partition_freshness_checks,
    define_asset_job,
    materialize,
)
from penstock.host.clock import now

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = DailyPartitionsDefinition("2024-01-01")
YEARLY = "0 0 1 1 *"


@asset
def table(): ...


@asset
def other(): ...


def verdicts(instance, checks, assets=(table, other), raise_on_error=True):
    """Run the checks alone; asset and verdict of each."""
    job = define_asset_job("checks", selection=AssetSelection.all_asset_checks())
    defs = Definitions(assets=assets, asset_checks=checks, jobs=[job])
    result = defs.resolve_job_def("checks").execute_in_process(
        instance=instance, raise_on_error=raise_on_error
    )
    return {one.asset_key.to_user_string(): one.passed for one in result.get_asset_check_evaluations()}


def of_updates(assets, **options):
    return build_last_update_freshness_checks(assets=assets, **{"lower_bound_delta": HOUR, **options})


def test_assets_are_judged_by_their_last_update(instance):
    materialize([table], instance=instance)
    assert verdicts(instance, of_updates([table, other])) == {"table": True, "other": False}


def test_an_update_before_the_last_deadline_is_too_old(instance):
    materialize([table], instance=instance)
    assert verdicts(instance, of_updates([table], lower_bound_delta=timedelta(0))) == {"table": False}


def test_an_observation_counts_as_of_the_moment_that_it_says(instance):
    checks, assets = of_updates(["source"]), [AssetSpec("source")]
    seen = now().timestamp()

    def observed(**metadata):
        instance.report_runless_asset_event(AssetObservation("source", metadata=metadata))
        return verdicts(instance, checks, assets)["source"]

    assert not observed()
    assert observed(**{"penstock/last_updated_timestamp": MetadataValue.timestamp(seen)})
    assert not observed(**{"penstock/last_updated_timestamp": MetadataValue.timestamp(seen - 7200)})


def test_checks_run_with_the_assets_of_a_run_alone(instance):
    result = materialize([table, *of_updates([table, other])], instance=instance)
    found = [(one.asset_key.to_user_string(), one.passed) for one in result.get_asset_check_evaluations()]
    assert found == [("table", True)]


def test_a_blocking_check_of_severity_error_stops_what_is_downstream(instance):
    @asset(deps=[table])
    def after(): ...

    checks = of_updates(
        [table], lower_bound_delta=timedelta(0), blocking=True, severity=AssetCheckSeverity.ERROR
    )
    result = materialize([table, after, *checks], instance=instance, raise_on_error=False)
    made = [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]
    assert (result.success, made) == (False, ["table"])


def test_the_partition_that_is_due_is_awaited(instance):
    @asset(partitions_def=DAYS)
    def daily(): ...

    checks = build_time_partition_freshness_checks(assets=[daily], deadline_cron=YEARLY)
    assert verdicts(instance, checks, [daily]) == {"daily": False}
    due = now().replace(month=1, day=1).date() - DAY
    materialize([daily], partition_key=(due - DAY).isoformat(), instance=instance)
    assert verdicts(instance, checks, [daily]) == {"daily": False}
    materialize([daily], partition_key=due.isoformat(), instance=instance)
    assert verdicts(instance, checks, [daily]) == {"daily": True}


@pytest.mark.parametrize("partitions", [None, StaticPartitionsDefinition(["a"])])
def test_other_partitions_than_windows_of_time_are_refused(instance, partitions):
    checks = build_time_partition_freshness_checks(assets=["odd"], deadline_cron=YEARLY)
    odd = AssetSpec("odd", partitions_def=partitions)
    with pytest.raises(InvalidInvocationError, match="windows of time"):
        verdicts(instance, checks, [odd])


def test_columns_are_compared_with_those_before(instance):
    checks = build_column_schema_change_checks(assets=[table])

    def made(*columns):
        schema = TableSchema([TableColumn(name) for name in columns])
        fact = AssetMaterialization("table", metadata={"penstock/column_schema": schema})
        instance.report_runless_asset_event(fact)
        return verdicts(instance, checks)["table"]

    assert [made("x"), made("x"), made("x", "y"), made("y", "x")] == [True, True, False, True]


def test_a_number_of_the_latest_materialization_is_judged(instance):
    rows = [5, 50]

    @asset
    def counted():
        return MaterializeResult(metadata={"rows": rows.pop(0)})

    checks = build_metadata_bounds_checks(assets=[counted], metadata_key="rows", max_value=10)
    assert verdicts(instance, checks, [counted]) == {"counted": False}
    materialize([counted], instance=instance)
    assert verdicts(instance, checks, [counted]) == {"counted": True}
    materialize([counted], instance=instance)
    assert verdicts(instance, checks, [counted]) == {"counted": False}


def test_checks_of_assets_that_nobody_defines_run_too(instance):
    assert verdicts(instance, of_updates(["nowhere"])) == {"nowhere": False}
