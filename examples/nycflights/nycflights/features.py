"""What a delay may depend on: pure functions from published flights to numbers, with no trace of Penstock."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import polars as pl

WEATHER = ("temp", "humid", "wind_speed", "precip", "pressure", "visib")

FEATURES = ("hour", "distance", "from_jfk", "from_lga", "weekend", "crowd", "airport_delay", *WEATHER)
"""The columns that a model sees, in its order.

``hour`` of the day and ``distance`` in miles, as they were scheduled; 1 for each airport but Newark and for
Saturday and Sunday; ``crowd``: flights that should leave the airport within that hour; ``airport_delay``: how
late it runs, in minutes; the weather in the units of the archive.
"""

KEY = ("time_hour", "carrier", "flight")
"""What tells one flight from all others: tables sorted by it are the same whoever made them first."""

FASTEST_WIND = 100.0
"""Miles an hour; one sensor reported 1,048."""

AN_HOUR = timedelta(hours=1)
LAST_SEEN = timedelta(hours=3)

MOMENT = "datetime64[us, UTC]"


def with_features(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Flights that arrived, with what was known when they should have left.

    Args:
        flights: as published, of any period.
        weather: as published, of at least that period.

    Returns:
        One row a flight: the key, ``day``, ``arr_delay`` in minutes and the columns of ``FEATURES``.
    """
    timed = flights.assign(departs=flights["time_hour"] + flights["minute"] * timedelta(minutes=1))
    timed = timed.astype({"departs": MOMENT}).sort_values(["departs", *KEY[1:]])
    timed["airport_delay"] = airport_delays(timed)
    timed["crowd"] = timed.groupby(["origin", "time_hour"])["flight"].transform("size").astype(float)
    arrived = timed[timed["arr_delay"].notna()]
    known = pd.merge_asof(
        arrived, measured_weather(weather), on="departs", by="origin", tolerance=LAST_SEEN
    ).dropna(subset=list(WEATHER))
    known["day"] = known["month"] * 100 + known["day"]
    known["weekend"] = (known["departs"].dt.tz_convert("America/New_York").dt.day_of_week >= 5).astype(float)
    known["from_jfk"] = (known["origin"] == "JFK").astype(float)
    known["from_lga"] = (known["origin"] == "LGA").astype(float)
    known["hour"] = known["hour"] + known["minute"] / 60
    return known.loc[:, [*KEY, "day", "arr_delay", *FEATURES]].reset_index(drop=True)


def airport_delays(timed: pd.DataFrame) -> pd.Series:
    """How late the airport runs: the mean delay of three hours of departures, up to an hour before.

    A delay counts as an hour at most: of a flight that has not left an hour later, no more is known.

    Args:
        timed: flights with ``departs``, sorted by it.

    Returns:
        Minutes, in the order of the flights; 0 where none had left.
    """
    left = timed.loc[timed["dep_delay"].notna(), ["departs", "origin", "dep_delay"]]
    known = left.assign(dep_delay=left["dep_delay"].clip(upper=60)).set_index("departs")
    seen = known.groupby("origin")["dep_delay"].rolling(LAST_SEEN).mean()
    seen = seen.groupby(level=["origin", "departs"]).last().reset_index(name="airport_delay")
    seen["departs"] = (seen["departs"] + AN_HOUR).astype(MOMENT)
    asked = timed[["departs", "origin"]]
    found = pd.merge_asof(asked, seen.sort_values("departs"), on="departs", by="origin", tolerance=LAST_SEEN)
    return pd.Series(found["airport_delay"].fillna(0.0).to_numpy(), index=timed.index)


def measured_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """The weather by hour, without impossible winds; what was not measured is what it was before."""
    known = weather.loc[:, ["origin", "time_hour", *WEATHER]].sort_values(["time_hour", "origin"])
    known["wind_speed"] = known["wind_speed"].where(known["wind_speed"] <= FASTEST_WIND)
    known[list(WEATHER)] = known.groupby("origin")[list(WEATHER)].ffill()
    return known.assign(departs=known.pop("time_hour").astype(MOMENT))


def by_carrier(months: list[pl.DataFrame], min_flights: int = 0) -> dict[str, pl.DataFrame]:
    """The flights of all months, apart for each carrier.

    Args:
        months: tables with the same columns, in any order.
        min_flights: leave out carriers with fewer flights.
    """
    flights = pl.concat(months).sort(KEY)
    apart = flights.partition_by("carrier", as_dict=True, maintain_order=True)
    enough = {str(key[0]): table for key, table in apart.items() if table.height >= min_flights}
    return dict(sorted(enough.items()))
