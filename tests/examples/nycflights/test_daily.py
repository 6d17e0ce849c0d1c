"""The year day by day comes to the same as the year at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from nycflights import daily, tables
from nycflights.assets import raw_flights, raw_weather
from nycflights.resources import FlightArchive

from penstock import AssetKey, Definitions, Instance, materialize
from penstock.query.partitions import partition_statuses

RESOURCES = {"archive": FlightArchive()}
BY_DAY = [daily.daily_flights, daily.daily_weather, daily.daily_delays]
EVERYTHING = [raw_flights, raw_weather, *BY_DAY, daily.weekly_delays, daily.carrier_days]
TAGS = "penstock/asset_partition_range_start", "penstock/asset_partition_range_end"


def ends(first, last):
    return dict(zip(TAGS, (first, last), strict=True))


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """An instance on which the whole year was made, each asset in one run."""
    with Instance.local_temp(str(tmp_path_factory.mktemp("home"))) as instance:
        given = {"instance": instance, "resources": RESOURCES}
        materialize([raw_flights, raw_weather], **given)
        tags = ends("2013-01-01", "2013-12-31")
        assert materialize(EVERYTHING, selection=BY_DAY, tags=tags, **given).success
        yield instance


@pytest.fixture(scope="module")
def values(year):
    """A function that reads a partition of an asset."""
    definitions = Definitions(assets=EVERYTHING, resources=RESOURCES)

    def read(asset, key=None):
        return definitions.load_asset_value(asset, instance=year, partition_key=key)

    return read


def days():
    return daily.DAYS.get_partition_keys()


def made(instance, name, definition):
    found = partition_statuses(
        instance.store, AssetKey(name), definition, now=datetime(2026, 1, 1, tzinfo=UTC), dynamic=instance
    )
    return len(found.materialized), len(found.missing)


def test_the_definitions_have_no_fault():
    Definitions.validate_loadable(daily.defs)


def test_a_year_has_365_days_53_weeks_and_16_times_as_many_carrier_days():
    counts = [one.get_num_partitions() for one in (daily.DAYS, daily.WEEKS, daily.CARRIER_DAYS)]
    assert counts == [365, 53, 16 * 365]


def test_one_run_makes_every_day(year):
    assert made(year, "daily_delays", daily.DAYS) == (365, 0)


def test_the_days_add_up_to_the_year(values):
    flights = pa.concat_tables(values("daily_flights", day) for day in days())
    whole = tables.clean_flights(values("raw_flights")).sort_by("time_hour")
    by = [
        ("time_hour", "ascending"),
        ("carrier", "ascending"),
        ("flight", "ascending"),
        ("tailnum", "ascending"),
    ]
    assert flights.num_rows == 336_776
    assert flights.sort_by(by).equals(whole.sort_by(by))


def test_the_weather_of_the_days_adds_up_to_the_year(values):
    found = pa.concat_tables(values("daily_weather", day) for day in days())
    by = [("time_hour", "ascending"), ("origin", "ascending")]
    assert found.num_rows == 26_115
    assert found.sort_by(by).equals(tables.clean_weather(values("raw_weather")).sort_by(by))


def test_the_delays_of_the_days_add_up_to_the_year(values):
    by_day = pa.concat_tables(values("daily_delays", day) for day in days())
    whole = daily.rain_delays(
        tables.clean_flights(values("raw_flights")), tables.clean_weather(values("raw_weather"))
    )
    found = tables.add_up(by_day, ["origin", "rain"])
    assert found.to_pydict() == whole.to_pydict()
    assert pc.sum(found["flights"]).as_py() == 336_776


def hours(table):
    """How many hours the weather of each airport has."""
    counted = table.group_by("origin").aggregate([("time_hour", "count_distinct")])
    return set(counted["time_hour_count_distinct"].to_pylist())


def test_the_day_on_which_an_hour_was_skipped_has_23_of_them(values):
    weather = values("daily_weather", "2013-03-10")
    assert hours(weather) == {23}
    start, end = daily.DAYS.time_window_for_partition_key("2013-03-10")
    assert (end.timestamp() - start.timestamp()) / 3600 == 23


def test_the_day_on_which_an_hour_came_twice_has_both(values):
    weather = values("daily_weather", "2013-11-03")
    start, end = daily.DAYS.time_window_for_partition_key("2013-11-03")
    assert (end.timestamp() - start.timestamp()) / 3600 == 25
    assert hours(weather) == {24}  # of 25: the archive lacks the hour from midnight to one
    local = weather["time_hour"].cast(pa.timestamp("s", daily.NEW_YORK))
    assert pc.sum(pc.equal(pc.hour(local), 1)).as_py() == 2 * 3
    assert pc.sum(pc.equal(pc.hour(local), 0)).as_py() == 0


def test_every_row_is_within_the_window_of_its_day(values):
    for day in ("2013-03-09", "2013-03-10", "2013-03-11", "2013-11-02", "2013-11-03", "2013-11-04"):
        start, end = daily.DAYS.time_window_for_partition_key(day)
        moments = values("daily_weather", day)["time_hour"]
        assert start <= pc.min(moments).as_py() <= pc.max(moments).as_py() < end


def test_a_week_is_the_sum_of_its_days(year, values):
    given = {"instance": year, "resources": RESOURCES, "selection": [daily.weekly_delays]}
    for week, of in {
        "2012-12-30": ["2013-01-01", "2013-01-05"],  # two of its days were in the year before
        "2013-03-10": ["2013-03-10", "2013-03-16"],
        "2013-12-29": ["2013-12-29", "2013-12-31"],
    }.items():
        assert materialize(EVERYTHING, partition_key=week, **given).success
        first, last = (days().index(day) for day in of)
        parts = pa.concat_tables(values("daily_delays", day) for day in days()[first : last + 1])
        found = values("weekly_delays", week)
        assert found.to_pydict() == tables.add_up(parts, ["origin", "rain"]).to_pydict()


def test_the_carriers_of_a_day_add_up_to_the_day(year, values):
    given = {"instance": year, "resources": RESOURCES, "selection": [daily.carrier_days]}
    assert materialize(EVERYTHING, tags=ends("9E|2013-07-04", "YV|2013-07-04"), **given).success
    parts = [
        values("carrier_days", f"{carrier}|2013-07-04") for carrier in daily.CARRIERS.get_partition_keys()
    ]
    assert sum(pc.sum(part["flights"]).as_py() or 0 for part in parts) == 737
    assert values("daily_flights", "2013-07-04").num_rows == 737


def test_one_partition_is_made_like_a_range(year, values):
    given = {"instance": year, "resources": RESOURCES, "selection": [daily.carrier_days]}
    assert materialize(EVERYTHING, partition_key="UA|2013-11-03", **given).success
    flown = values("daily_flights", "2013-11-03")
    assert pc.sum(values("carrier_days", "UA|2013-11-03")["flights"]).as_py() == (
        flown.filter(pc.equal(flown["carrier"], "UA")).num_rows
    )
