"""The real pipeline, from 336,776 flights to the report."""

from __future__ import annotations

import polars as pl
import pyarrow.compute as pc
from nycflights.definitions import defs

from penstock import AssetKey, Definitions


def test_the_definitions_have_no_fault():
    Definitions.validate_loadable(defs)


def test_the_whole_run_succeeds(flown):
    assert flown.result.success
    assert len(flown.result.get_asset_materialization_events()) == 15


def test_every_published_flight_comes_in(flown):
    raw = flown.table("raw_flights")
    assert (raw.num_rows, raw.num_columns) == (336_776, 19)
    assert flown.table("raw_weather").num_rows == 26_115
    assert flown.table("planes").num_rows == 3_322
    assert flown.table("airports").num_rows == 1_458
    assert flown.table("airlines").num_rows == 16


def test_cleaning_finds_the_canceled_flights(flown):
    flights = flown.table("flights")
    assert flights.num_rows == 336_776
    assert pc.sum(flights["canceled"]).as_py() == 8_255
    assert flights["arr_delay"].null_count == 9_430


def test_joins_keep_each_flight_once(flown):
    joined = flown.table("flight_conditions")
    assert joined.num_rows == 336_776
    assert joined["precip"].null_count == 1_556


def test_delays_by_route_and_hour_add_up_to_all_flights(flown):
    delays = flown.table("route_delays")
    assert pc.sum(delays["flights"]).as_py() == 336_776
    assert (
        pc.count_distinct(pc.binary_join_element_wise(delays["origin"], delays["dest"], "-")).as_py() == 224
    )
    assert pc.sum(delays["arrived"]).as_py() == 336_776 - 9_430


def test_richmond_is_the_worst_route(flown):
    routes = flown.table("late_routes")
    assert list(routes["route"][:2]) == ["EWR → RIC", "EWR → MKE"]
    assert len(routes) == 10


def test_flights_are_later_in_the_rain(flown):
    delays = dict(
        zip(*flown.table("rain_delays").select(["rain", "departure_delay"]).to_pydict().values(), strict=True)
    )
    assert delays["dry"] < delays["light rain"] < delays["heavy rain"]


def test_only_the_check_of_destinations_fails_and_stops_nothing(flown):
    passed = {name: one.passed for name, one in flown.checks().items()}
    assert passed == {
        "archive_is_complete": True,
        "keys_are_known": True,
        "few_delays_are_unknown": True,
        "hours_are_unique": True,
        "no_flight_is_lost_or_doubled": True,
        "destinations_are_airports": False,
    }
    assert flown.checks()["destinations_are_airports"].metadata["unknown"].value == [
        "BQN",
        "PSE",
        "SJU",
        "STT",
    ]


def test_what_was_stored_can_be_read_back(flown):
    read = defs.load_asset_value("route_delays", instance=flown.instance, python_type=pl.DataFrame)
    assert read["flights"].sum() == 336_776


def test_every_asset_is_recorded(flown):
    known = {AssetKey(name) for name in ("raw_flights", "flights", "route_delays", "delay_report", "planes")}
    assert known <= set(flown.instance.all_asset_keys())
