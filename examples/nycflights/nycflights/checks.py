"""What must hold of the tables; a blocking check stops what would be built on bad data."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from nycflights.assets import flight_conditions, flights, raw_flights, route_delays, weather
from penstock import AssetCheckResult, AssetCheckSeverity, AssetIn, asset_check

ROWS, COLUMNS = 336_776, 19
KEYS = ("time_hour", "hour", "origin", "dest", "carrier", "canceled")
MOST_UNKNOWN = 0.05


@asset_check(asset=raw_flights, blocking=True)
def archive_is_complete(raw_flights: pa.Table) -> AssetCheckResult:
    """The archive holds what its authors published."""
    found = (raw_flights.num_rows, raw_flights.num_columns)
    return AssetCheckResult(
        passed=found == (ROWS, COLUMNS),
        description=f"{found[0]:,} rows × {found[1]} columns, expected {ROWS:,} × {COLUMNS}",
        metadata={"rows": found[0], "columns": found[1]},
    )


@asset_check(asset=flights, blocking=True)
def keys_are_known(flights: pa.Table) -> AssetCheckResult:
    """What flights are grouped and joined by is never null."""
    nulls = {name: flights[name].null_count for name in KEYS if flights[name].null_count}
    return AssetCheckResult(passed=not nulls, metadata={"nulls": nulls})


@asset_check(asset=flights)
def few_delays_are_unknown(flights: pa.Table) -> AssetCheckResult:
    """A flight without a delay was canceled or diverted; that is rare."""
    share = flights["arr_delay"].null_count / max(flights.num_rows, 1)
    return AssetCheckResult(passed=share <= MOST_UNKNOWN, metadata={"share": round(share, 4)})


@asset_check(asset=weather)
def hours_are_unique(weather: pa.Table) -> AssetCheckResult:
    """An hour has one weather; more would double the flights of that hour."""
    hours = weather.group_by(["origin", "time_hour"]).aggregate([])
    return AssetCheckResult(passed=hours.num_rows == weather.num_rows)


@asset_check(asset=flight_conditions, additional_ins={"flights": AssetIn("flights")}, blocking=True)
def no_flight_is_lost_or_doubled(flight_conditions: pa.Table, flights: pa.Table) -> AssetCheckResult:
    """The joins keep each flight exactly once."""
    before, after = flights.num_rows, flight_conditions.num_rows
    return AssetCheckResult(passed=before == after, metadata={"before": before, "after": after})


@asset_check(asset=route_delays, additional_ins={"airports": AssetIn("airports")})
def destinations_are_airports(route_delays: pa.Table, airports: pa.Table) -> AssetCheckResult:
    """Each destination is in the list of airports; four are not, and nobody should be stopped by that."""
    known = pc.is_in(route_delays["dest"], airports["faa"])
    unknown = sorted(pc.unique(route_delays["dest"].filter(pc.invert(known))).to_pylist())
    return AssetCheckResult(
        passed=not unknown,
        severity=AssetCheckSeverity.WARN,
        description=f"not in the list of airports: {', '.join(unknown)}" if unknown else "all are known",
        metadata={"unknown": unknown},
    )
