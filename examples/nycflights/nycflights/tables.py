"""What is done with tables: pure functions from Arrow to Arrow, with no trace of Penstock.

A *measured* table holds sums for each group, so that groups can be added up further; ``with_rates``
turns sums into what people read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LATE_MINUTES = 15
"""From so many minutes on the authorities call a flight late."""

SUMS = ("flights", "canceled", "departed", "arrived", "late", "departure_minutes", "arrival_minutes")


def clean_flights(raw: pa.Table, carriers: Sequence[str] = ()) -> pa.Table:
    """Flights in small types, with what follows from the published columns.

    Args:
        raw: as published, 19 columns.
        carriers: codes of the carriers to keep; none keeps all.

    Returns:
        One row a flight: 12 columns; ``canceled`` where it never left, ``late`` where it arrived late.
    """
    if carriers:
        raw = raw.filter(pc.is_in(raw["carrier"], pa.array(carriers, pa.string())))
    return pa.table(
        {
            "time_hour": raw["time_hour"],
            "hour": raw["hour"].cast(pa.int8()),
            "origin": raw["origin"],
            "dest": raw["dest"],
            "carrier": raw["carrier"],
            "flight": raw["flight"].cast(pa.int32()),
            "tailnum": raw["tailnum"],
            "dep_delay": raw["dep_delay"].cast(pa.int16()),
            "arr_delay": raw["arr_delay"].cast(pa.int16()),
            "distance": raw["distance"].cast(pa.int16()),
            "canceled": pc.is_null(raw["dep_time"]),
            "late": pc.greater_equal(raw["arr_delay"], LATE_MINUTES),
        }
    )


def clean_weather(raw: pa.Table) -> pa.Table:
    """The hour, the airport and what may delay a flight there."""
    return raw.select(["time_hour", "origin", "temp", "wind_speed", "precip", "visib"])


def join_conditions(flights: pa.Table, weather: pa.Table, planes: pa.Table) -> pa.Table:
    """Each flight with the weather when it should have left, and its plane.

    Returns:
        As many rows as there are flights; null where nobody measured or the plane is unknown.
    """
    planes = planes.select(["tailnum", "year", "seats"]).rename_columns(["tailnum", "built", "seats"])
    # With threads the order of the rows would be another each time, and so would the file.
    with_weather = flights.join(weather, ["origin", "time_hour"], use_threads=False)
    return with_weather.join(planes, "tailnum", use_threads=False)


def split_by_time(
    table: pa.Table, column: str, windows: Mapping[str, tuple[datetime, datetime]]
) -> dict[str, pa.Table]:
    """The rows within each window of time.

    Args:
        table: as it is.
        column: a moment in UTC.
        windows: from the first moment up to but without the second, by name.
    """
    ordered = table.sort_by(column)
    moments = ordered[column].cast(pa.int64()).to_numpy()
    found: dict[str, pa.Table] = {}
    for name, window in windows.items():
        first, end = np.searchsorted(moments, [moment.timestamp() for moment in window])
        found[name] = ordered.slice(first, end - first)
    return found


def measure(flights: pa.Table, by: Sequence[str]) -> pa.Table:
    """Count and sum the flights of each group.

    Args:
        flights: cleaned flights.
        by: the columns that make a group.

    Returns:
        A measured table, sorted by group.
    """
    asked = [
        ([], "count_all"),
        ("canceled", "sum"),
        ("dep_delay", "count"),
        ("arr_delay", "count"),
        ("late", "sum"),
        ("dep_delay", "sum"),
        ("arr_delay", "sum"),
    ]
    grouped = flights.group_by(list(by)).aggregate(asked)
    return _sorted(grouped.rename_columns([*by, *SUMS]), by)


def add_up(measured: pa.Table, by: Sequence[str]) -> pa.Table:
    """A measured table with fewer, larger groups."""
    grouped = measured.group_by(list(by)).aggregate([(name, "sum") for name in SUMS])
    return _sorted(grouped.rename_columns([*by, *SUMS]), by)


def with_rates(measured: pa.Table) -> pa.Table:
    """Add what people read: mean delays in minutes, shares of late and canceled flights."""
    ratios = {
        "departure_delay": ("departure_minutes", "departed"),
        "arrival_delay": ("arrival_minutes", "arrived"),
        "late_share": ("late", "arrived"),
        "canceled_share": ("canceled", "flights"),
    }
    for name, (above, below) in ratios.items():
        ratio = pc.divide(measured[above].cast(pa.float64()), measured[below].cast(pa.float64()))
        measured = measured.append_column(name, ratio)
    return measured


def worst(rated: pa.Table, top: int, min_flights: int = 0) -> pa.Table:
    """The groups with the largest mean delay on arrival, worst first.

    Args:
        rated: a table with rates.
        top: how many groups.
        min_flights: leave out groups with fewer flights.
    """
    enough = rated.filter(pc.greater_equal(rated["flights"], min_flights))
    return enough.sort_by([("arrival_delay", "descending")]).slice(0, top)


def with_rain(conditions: pa.Table) -> pa.Table:
    """Add ``rain``: how wet the hour was, by inches of rain."""
    inches = conditions["precip"]
    wet = pc.if_else(pc.less(inches, 0.1), "light rain", "heavy rain")
    rain = pc.if_else(pc.equal(inches, 0), "dry", wet)
    return conditions.append_column("rain", pc.fill_null(rain, "not measured"))


def _sorted(table: pa.Table, by: Sequence[str]) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in by])
