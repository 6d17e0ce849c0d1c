"""From the archive to delays by route and hour: what is made, and of what."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from nycflights import tables
from nycflights.resources import FlightArchive
from penstock import AssetOut, Config, MaterializeResult, Output, asset, multi_asset


class Choice(Config):
    """Which flights are looked at.

    Args:
        carriers: codes such as ``UA``; none means all.
    """

    carriers: list[str] = []


@asset(group_name="archive")
def raw_flights(archive: FlightArchive) -> pa.Table:
    """Every flight that left New York in 2013, as published."""
    return archive.read("flights")


@asset(group_name="archive")
def raw_weather(archive: FlightArchive) -> pa.Table:
    """The weather at the three airports, hour by hour, as published."""
    return archive.read("weather")


@multi_asset(
    group_name="archive",
    outs={
        "airlines": AssetOut(description="Codes and names of carriers."),
        "airports": AssetOut(description="Codes, names and places of airports."),
        "planes": AssetOut(description="What is known about each plane, by tail number."),
    },
)
def reference_tables(archive: FlightArchive) -> Iterator[Output[pa.Table]]:
    """The small tables, read together."""
    for name in ("airlines", "airports", "planes"):
        yield Output(archive.read(name), output_name=name)


@asset(group_name="clean")
def flights(raw_flights: pa.Table, config: Choice) -> MaterializeResult[pa.Table]:
    """Flights of the chosen carriers, in small types."""
    cleaned = tables.clean_flights(raw_flights, config.carriers)
    facts = {
        "flights": cleaned.num_rows,
        "canceled": pc.sum(cleaned["canceled"]).as_py() or 0,
        "carriers": ", ".join(config.carriers) or "all",
    }
    return MaterializeResult(value=cleaned, metadata=facts)


@asset(group_name="clean")
def weather(raw_weather: pa.Table) -> pa.Table:
    """What may delay a flight, by hour and airport."""
    return tables.clean_weather(raw_weather)


@asset(group_name="delays")
def flight_conditions(flights: pa.Table, weather: pa.Table, planes: pa.Table) -> pa.Table:
    """Each flight with the weather at its departure, and its plane."""
    return tables.join_conditions(flights, weather, planes)


@asset(group_name="delays")
def route_delays(flight_conditions: pa.Table) -> pa.Table:
    """Delays by route and hour of departure."""
    return tables.measure(flight_conditions, ["origin", "dest", "hour"])


@asset(group_name="delays")
def carrier_delays(flight_conditions: pa.Table) -> pa.Table:
    """Delays by carrier."""
    return tables.with_rates(tables.measure(flight_conditions, ["carrier"]))


@asset(group_name="delays")
def rain_delays(flight_conditions: pa.Table) -> pa.Table:
    """Delays by how hard it rained."""
    return tables.with_rates(tables.measure(tables.with_rain(flight_conditions), ["rain"]))
