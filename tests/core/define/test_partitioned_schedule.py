"""Schedules that follow the partitions of their job."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType

import pytest

from penstock import (
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    InvalidDefinitionError,
    MonthlyPartitionsDefinition,
    MultiPartitionsDefinition,
    ScheduleDefinition,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
    asset,
    build_schedule_context,
    build_schedule_from_partitioned_job,
    define_asset_job,
    job,
    load_definitions_from_modules,
    repository,
)

DAYS = DailyPartitionsDefinition("2024-01-01")
COLORS = StaticPartitionsDefinition(["red", "blue"])


def of(partitions, **options):
    @job(partitions_def=partitions)
    def made(): ...

    return build_schedule_from_partitioned_job(made, **options)


def asked(made, at, **given):
    data = made.evaluate_tick(build_schedule_context(scheduled_execution_time=at, **given))
    return [(one.partition_key, one.run_key) for one in data.run_requests]


@pytest.mark.parametrize(
    ("partitions", "options", "line"),
    [
        (DAYS, {}, "0 0 * * *"),
        (DAYS, {"hour_of_day": 5, "minute_of_hour": 20}, "20 5 * * *"),
        (DAYS, {"hour_of_day": 0}, "0 0 * * *"),
        (DailyPartitionsDefinition("2024-01-01", hour_offset=2), {"minute_of_hour": 5}, "5 2 * * *"),
        (HourlyPartitionsDefinition("2024-01-01-00:00"), {"minute_of_hour": 20}, "20 * * * *"),
        (WeeklyPartitionsDefinition("2024-01-01"), {"day_of_week": 2, "hour_of_day": 3}, "0 3 * * 2"),
        (MonthlyPartitionsDefinition("2024-01-01"), {"day_of_month": 3}, "0 0 3 * *"),
        (MultiPartitionsDefinition({"day": DAYS, "color": COLORS}), {"hour_of_day": 4}, "0 4 * * *"),
    ],
)
def test_it_ticks_when_windows_end_or_as_much_later_as_said(partitions, options, line):
    assert of(partitions, **options).cron_schedule == line


def test_what_is_said_of_the_schedule_is_kept():
    made = of(
        DailyPartitionsDefinition("2024-01-01", timezone="Asia/Tokyo"),
        name="early",
        description="Every night.",
        metadata={"rows": 1},
        owners=["team:sun"],
    )
    assert (made.name, made.execution_timezone, made.description) == ("early", "Asia/Tokyo", "Every night.")
    assert (made.metadata["rows"].value, made.owners) == (1, ("team:sun",))
    assert of(DAYS).name == "made_schedule"


def test_a_tick_asks_for_the_window_that_has_just_ended():
    made = of(DAYS, tags={"team": "red"})
    at = datetime(2024, 1, 5, tzinfo=UTC)
    assert asked(made, at) == [("2024-01-04", "2024-01-04")]
    (request,) = made.evaluate_tick(build_schedule_context(scheduled_execution_time=at)).run_requests
    assert request.tags == {
        "team": "red",
        "penstock/partition": "2024-01-04",
        "penstock/schedule_name": "made_schedule",
    }


def test_before_the_first_window_is_over_a_tick_is_skipped():
    data = of(DAYS).evaluate_tick(
        build_schedule_context(scheduled_execution_time=datetime(2024, 1, 1, tzinfo=UTC))
    )
    assert (list(data.run_requests), data.skip_message) == ([], "The job 'made' has no partition yet.")


def test_all_partitions_of_the_newest_window_run_when_there_are_other_dimensions():
    made = of(MultiPartitionsDefinition({"day": DAYS, "color": COLORS}))
    found = {key for key, _ in asked(made, datetime(2024, 1, 5, tzinfo=UTC))}
    assert found == {"red|2024-01-04", "blue|2024-01-04"}


def test_all_static_partitions_run_at_the_times_that_are_given():
    made = of(COLORS, cron_schedule="0 3 * * *", execution_timezone="Asia/Tokyo")
    assert (made.cron_schedule, made.execution_timezone) == ("0 3 * * *", "Asia/Tokyo")
    assert asked(made, datetime(2024, 1, 5, tzinfo=UTC)) == [("red", "red"), ("blue", "blue")]


def test_a_window_that_is_left_out_is_skipped():
    made = of(DailyPartitionsDefinition("2024-01-01", exclusions=["0 0 * * 6"]))  # no Saturdays
    for day, keys in ((6, ["2024-01-05"]), (7, []), (8, ["2024-01-07"])):
        assert [key for key, _ in asked(made, datetime(2024, 1, day, tzinfo=UTC))] == keys


@pytest.mark.parametrize(
    ("partitions", "options", "said"),
    [
        (None, {}, "found no partitions"),
        (DynamicPartitionsDefinition(name="files"), {}, "wanted windows of time"),
        (MultiPartitionsDefinition({"a": COLORS, "b": COLORS}), {}, "wanted windows of time"),
        (COLORS, {}, "needs cron_schedule="),
        (COLORS, {"hour_of_day": 3}, "needs cron_schedule="),
        (DAYS, {"cron_schedule": "0 3 * * *"}, "follows their own"),
        (DAYS, {"cron_schedule": "0 3 * * *", "hour_of_day": 3}, "and times besides"),
        (DAYS, {"day_of_week": 1, "day_of_month": 1}, "day_of_week= and day_of_month="),
        (DAYS, {"day_of_week": 1}, "moved by hour_of_day=, minute_of_hour="),
        (HourlyPartitionsDefinition("2024-01-01-00:00"), {"hour_of_day": 3}, "hour_of_day="),
        (DAYS, {"hour_of_day": 25}, "no cron schedule"),
    ],
)
def test_what_cannot_be_followed_is_refused(partitions, options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        of(partitions, **options)


# ---- asset jobs -------------------------------------------------------------------------------------


@asset(partitions_def=DAYS)
def rain(): ...


def test_a_schedule_of_an_asset_job_is_made_when_its_assets_are_known():
    refill = define_asset_job("refill", selection="rain")
    made = build_schedule_from_partitioned_job(refill, hour_of_day=3)
    assert (made.name, made.job_name) == ("refill_schedule", "refill")
    defs = Definitions(assets=[rain], schedules=[made])
    Definitions.validate_loadable(defs)
    whole = defs.get_schedule_def("refill_schedule")
    assert isinstance(whole, ScheduleDefinition)
    assert (whole.cron_schedule, whole.execution_timezone, whole.job) == ("0 3 * * *", "UTC", refill)
    assert asked(whole, datetime(2024, 1, 5, tzinfo=UTC), definitions=defs) == [("2024-01-04", "2024-01-04")]
    assert defs.get_repository_def().schedule_defs == [whole]


def test_an_asset_job_that_says_its_partitions_has_its_schedule_at_once():
    refill = define_asset_job("refill", selection="rain", partitions_def=DAYS)
    made = build_schedule_from_partitioned_job(refill)
    assert isinstance(made, ScheduleDefinition)
    assert asked(made, datetime(2024, 1, 5, tzinfo=UTC)) == [("2024-01-04", "2024-01-04")]


def test_an_asset_job_without_partitions_is_the_fault_of_its_schedule():
    made = build_schedule_from_partitioned_job(define_asset_job("refill"))
    with pytest.raises(InvalidDefinitionError, match=r"'refill_schedule' cannot follow the job 'refill'"):
        Definitions.validate_loadable(Definitions(assets=[asset(name="a")(lambda: 1)], schedules=[made]))


def test_an_asset_job_of_static_partitions_ticks_at_the_times_that_are_given():
    colored = asset(name="colored", partitions_def=COLORS)(lambda: 1)
    made = build_schedule_from_partitioned_job(define_asset_job("paint"), cron_schedule="0 3 * * *")
    whole = Definitions(assets=[colored], schedules=[made]).get_schedule_def("paint_schedule")
    assert whole.cron_schedule == "0 3 * * *"
    assert [key for key, _ in asked(whole, datetime(2024, 1, 5, tzinfo=UTC))] == ["red", "blue"]
    late = build_schedule_from_partitioned_job(define_asset_job("late"), cron_schedule="0 3 * * *")
    with pytest.raises(InvalidDefinitionError, match="follows their own"):
        Definitions.validate_loadable(Definitions(assets=[rain], schedules=[late]))


def test_schedules_at_the_top_of_a_module_are_found():
    module = ModuleType("daily_sales")
    module.rain = rain
    module.by_day = build_schedule_from_partitioned_job(define_asset_job("by_day", selection="rain"))
    module.early = ScheduleDefinition(name="early", target=rain, cron_schedule="@daily")
    found = load_definitions_from_modules([module])
    Definitions.validate_loadable(found)
    assert {one.name for one in found.get_repository_def().schedule_defs} == {"by_day_schedule", "early"}


def test_a_repository_takes_them_as_well():
    @repository
    def shop():
        return [build_schedule_from_partitioned_job(define_asset_job("by_day", selection="rain")), rain]

    assert shop.get_schedule_def("by_day_schedule").cron_schedule == "0 0 * * *"
    assert shop.has_schedule_def("by_day_schedule")
