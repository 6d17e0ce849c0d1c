"""What the backfill sweep makes: a year of days in several ways, weeks of them, and one number of all."""

from __future__ import annotations

from penstock import (
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
)

ZONE = "America/New_York"
DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01", timezone=ZONE)
WEEKS = WeeklyPartitionsDefinition("2013-01-06", end_date="2013-12-29", timezone=ZONE)


@asset(partitions_def=DAYS)
def hours(context: AssetExecutionContext) -> list[int]:
    window = context.partition_time_window
    return list(range(round((window.end.timestamp() - window.start.timestamp()) / 3600)))


@asset(partitions_def=DAYS)
def length(hours: list[int]) -> int:
    return len(hours)


@asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.multi_run(20))
def doubled(context: AssetExecutionContext, length: object) -> dict[str, int]:
    given = length if isinstance(length, dict) else {context.partition_key: length}
    return {key: 2 * given[key] for key in context.partition_keys}


@asset(
    partitions_def=DAYS,
    ins={"so_far": AssetIn(partition_mapping=TimeWindowPartitionMapping(start_offset=-1, end_offset=-1))},
)
def so_far(so_far: int | None, length: int) -> int:
    return (so_far or 0) + length


@asset(partitions_def=WEEKS)
def weeks(length: dict[str, int]) -> int:
    return sum(length.values())


@asset
def report(weeks: dict[str, int], doubled: dict[str, int]) -> dict[str, int]:
    return {"weeks": sum(weeks.values()), "doubled": sum(doubled.values())}
