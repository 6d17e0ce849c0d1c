"""The pure part on tables small enough to count by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest
from nycflights import tables


def raw(**columns):
    rows = len(next(iter(columns.values())))
    usual = {
        "time_hour": [None] * rows,
        "hour": [5] * rows,
        "origin": ["EWR"] * rows,
        "dest": ["IAH"] * rows,
        "carrier": ["UA"] * rows,
        "flight": [1] * rows,
        "tailnum": ["N1"] * rows,
        "dep_time": [517] * rows,
        "dep_delay": [0] * rows,
        "arr_delay": [0] * rows,
        "distance": [1400] * rows,
    }
    return pa.table({**usual, **columns})


def test_a_flight_that_never_left_is_canceled():
    cleaned = tables.clean_flights(raw(dep_time=[517, None]))
    assert cleaned["canceled"].to_pylist() == [False, True]


def test_a_flight_is_late_from_fifteen_minutes_on():
    cleaned = tables.clean_flights(raw(arr_delay=[14, 15, None]))
    assert cleaned["late"].to_pylist() == [False, True, None]


def test_other_carriers_are_left_out():
    cleaned = tables.clean_flights(raw(carrier=["UA", "DL", "AA"]), ["DL", "AA"])
    assert cleaned["carrier"].to_pylist() == ["DL", "AA"]


def test_sums_of_groups_add_up():
    flights = tables.clean_flights(raw(hour=[5, 6, 6], dep_delay=[1, 2, None], arr_delay=[10, 20, None]))
    by_hour = tables.measure(flights, ["dest", "hour"])
    together = tables.measure(flights, ["dest"])
    assert tables.add_up(by_hour, ["dest"]).to_pylist() == together.to_pylist()
    assert together["arrived"].to_pylist() == [2]


def test_means_are_of_flights_that_arrived():
    flights = tables.clean_flights(
        raw(dep_time=[1, 1, None], dep_delay=[0, 0, None], arr_delay=[10, 20, None])
    )
    (row,) = tables.with_rates(tables.measure(flights, ["dest"])).to_pylist()
    assert row["arrival_delay"] == 15
    assert row["late_share"] == 0.5
    assert row["canceled_share"] == pytest.approx(1 / 3)


def test_routes_with_few_flights_are_not_the_worst():
    rated = pa.table({"dest": ["A", "B", "C"], "flights": [1, 9, 9], "arrival_delay": [99.0, 5.0, 7.0]})
    assert tables.worst(rated, top=5, min_flights=2)["dest"].to_pylist() == ["C", "B"]


def test_rain_has_four_names():
    conditions = pa.table({"precip": [0.0, 0.05, 0.5, None]})
    named = tables.with_rain(conditions)["rain"].to_pylist()
    assert named == ["dry", "light rain", "heavy rain", "not measured"]
