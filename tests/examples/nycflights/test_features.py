"""What models learn from, on flights that can be counted by hand."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from nycflights import features


def at(time):
    return pd.Timestamp(f"2013-01-05 {time}", tz="UTC")


def flights(*rows):
    """Flights of (hour, minute, carrier, flight, dep_delay, arr_delay), all from Newark."""
    named = pd.DataFrame(rows, columns=["hour", "minute", "carrier", "flight", "dep_delay", "arr_delay"])
    times = pd.to_datetime([at(f"{hour:02}:00") for hour in named["hour"]]).as_unit("s")
    return named.assign(time_hour=times, month=1, day=5, origin="EWR", distance=100)


def weather(hour="00:00", **given):
    usual = {
        "temp": 40.0,
        "humid": 60.0,
        "wind_speed": 10.0,
        "precip": 0.0,
        "pressure": 1016.0,
        "visib": 10.0,
    }
    return pd.DataFrame([{"origin": "EWR", "time_hour": at(hour).as_unit("s"), **usual, **given}])


def test_a_flight_that_never_arrived_teaches_nothing():
    made = features.with_features(
        flights((1, 0, "UA", 1, 0, 5), (1, 0, "UA", 2, None, None)), weather("01:00")
    )
    assert made["flight"].tolist() == [1]
    assert made["crowd"].tolist() == [2]


def test_the_hour_is_when_a_flight_should_leave():
    made = features.with_features(flights((1, 30, "UA", 1, 0, 5)), weather("01:00"))
    assert made["hour"].tolist() == [1.5]
    assert made["weekend"].tolist() == [0.0]  # it is still Friday in New York


def test_the_weather_is_the_last_that_was_measured():
    measured = pd.concat(
        [weather("01:00", temp=50.0), weather("02:00", temp=None), weather("05:00", temp=1.0)]
    )
    made = features.with_features(flights((3, 0, "UA", 1, 0, 5)), measured)
    assert made["temp"].tolist() == [50.0]


def test_without_weather_of_three_hours_a_flight_is_left_out():
    assert features.with_features(flights((5, 0, "UA", 1, 0, 5)), weather("01:00")).empty


def test_a_wind_that_cannot_be_is_no_wind():
    measured = pd.concat([weather("01:00"), weather("02:00", wind_speed=1048.4)])
    made = features.with_features(flights((2, 0, "UA", 1, 0, 5)), measured)
    assert made["wind_speed"].tolist() == [10.0]


@pytest.mark.parametrize(
    ("minute", "known"),
    [(59, 0.0), (60, 20.0)],
    ids=["it is not yet known", "it is an hour ago"],
)
def test_an_airport_runs_as_late_as_it_did_an_hour_before(minute, known):
    hour, minute = divmod(60 + minute, 60)
    rows = flights((1, 0, "UA", 1, 20, 20), (hour, minute, "UA", 2, 500, 500))
    made = features.with_features(rows, weather("01:00"))
    assert made["airport_delay"].tolist() == [0.0, known]


def test_of_a_flight_that_is_still_there_only_an_hour_is_known():
    rows = flights((1, 0, "UA", 1, 300, 300), (1, 0, "UA", 2, 0, 0), (2, 0, "UA", 3, 0, 0))
    made = features.with_features(rows, weather("01:00"))
    assert made["airport_delay"].tolist() == [0.0, 0.0, 30.0]


def test_carriers_are_the_same_in_whatever_order_months_arrive():
    months = [
        pl.DataFrame({"time_hour": [2, 1], "carrier": ["UA", "B6"], "flight": [1, 1]}),
        pl.DataFrame({"time_hour": [3, 1], "carrier": ["B6", "UA"], "flight": [1, 1]}),
    ]
    there, back = features.by_carrier(months), features.by_carrier(months[::-1])
    assert list(there) == list(back) == ["B6", "UA"]
    assert all(there[carrier].equals(back[carrier]) for carrier in there)
    assert there["UA"]["time_hour"].to_list() == [1, 2]


def test_a_carrier_with_few_flights_is_left_out():
    month = pl.DataFrame({"time_hour": [1, 2, 3], "carrier": ["UA", "UA", "OO"], "flight": [1, 1, 1]})
    assert list(features.by_carrier([month], min_flights=2)) == ["UA"]
