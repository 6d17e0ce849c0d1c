"""The year day by day: partitions of time, a weekly roll-up, and carriers times days.

These assets stand apart from those of ``definitions``, because a run of them says which partitions it makes:
``penstock materialize -m nycflights.daily --select daily_flights --partition 2013-03-10``.

Days are those of New York. Two of the 365 are not 24 hours long: on March 10th the clocks skipped the hour
from two to three, on November 3rd the hour from one to two came twice.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from nycflights import tables
from nycflights.assets import raw_flights, raw_weather
from nycflights.resources import FlightArchive
from penstock import (
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
)

NEW_YORK = "America/New_York"
DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01", timezone=NEW_YORK)
# Weeks begin on Sunday. The first and the last one reach over the year, and only some of their days exist.
WEEKS = WeeklyPartitionsDefinition("2012-12-30", end_date="2014-01-05", timezone=NEW_YORK)
CARRIERS = StaticPartitionsDefinition(
    ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]
)
CARRIER_DAYS = MultiPartitionsDefinition({"carrier": CARRIERS, "day": DAYS})
WHATEVER_EXISTS = TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)

# The archive is one file: reading it once for all days that are wanted makes the year cheap.
AT_ONCE = BackfillPolicy.single_run()
# What functions of such assets take and return: a table a day.
Tables = dict[str, pa.Table]


@asset(group_name="daily", partitions_def=DAYS, backfill_policy=AT_ONCE)
def daily_flights(context: AssetExecutionContext, raw_flights: pa.Table) -> Tables:
    """The flights of a day, cleaned."""
    return split(context, tables.clean_flights(raw_flights))


@asset(group_name="daily", partitions_def=DAYS, backfill_policy=AT_ONCE)
def daily_weather(context: AssetExecutionContext, raw_weather: pa.Table) -> Tables:
    """The weather of a day at the three airports, hour by hour."""
    return split(context, tables.clean_weather(raw_weather))


@asset(group_name="daily", partitions_def=DAYS, backfill_policy=AT_ONCE)
def daily_delays(context: AssetExecutionContext, daily_flights: Tables, daily_weather: Tables) -> Tables:
    """Delays by airport and rain, of each day."""
    return {day: rain_delays(daily_flights[day], daily_weather[day]) for day in context.partition_keys}


@asset(
    group_name="daily", partitions_def=WEEKS, ins={"daily_delays": AssetIn(partition_mapping=WHATEVER_EXISTS)}
)
def weekly_delays(daily_delays: Tables) -> pa.Table:
    """Delays by airport and rain, of each week: the sums of its days."""
    return tables.add_up(pa.concat_tables(daily_delays.values()), ["origin", "rain"])


@asset(group_name="daily", partitions_def=CARRIER_DAYS, backfill_policy=AT_ONCE)
def carrier_days(context: AssetExecutionContext, daily_flights: Tables) -> Tables:
    """Delays of a carrier on a day, by route."""
    made: Tables = {}
    for key in context.partition_keys:
        assert isinstance(key, MultiPartitionKey)
        parts = key.keys_by_dimension
        own = daily_flights[parts["day"]]
        own = own.filter(pc.equal(own["carrier"], parts["carrier"]))
        made[key] = tables.measure(own, ["origin", "dest"])
    return made


def rain_delays(flights: pa.Table, weather: pa.Table) -> pa.Table:
    """Delays by airport and rain: sums, which can be added up further."""
    joined = flights.join(weather, ["origin", "time_hour"], use_threads=False)
    return tables.measure(tables.with_rain(joined), ["origin", "rain"])


def split(context: AssetExecutionContext, table: pa.Table) -> Tables:
    """The rows of each partition of a run, by the windows of time that the partitions are."""
    windows = {key: DAYS.time_window_for_partition_key(key) for key in context.partition_keys}
    return tables.split_by_time(table, "time_hour", windows)


defs = Definitions(
    assets=[
        raw_flights,
        raw_weather,
        daily_flights,
        daily_weather,
        daily_delays,
        weekly_delays,
        carrier_days,
    ],
    resources={"archive": FlightArchive()},
)
