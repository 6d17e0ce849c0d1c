"""From delays to something that people read: tables in pandas, a chart, a page of Markdown."""

from __future__ import annotations

import base64

import pandas as pd
import pyarrow as pa

from nycflights import chart, tables
from nycflights.resources import ReportFolder
from penstock import Config, MaterializeResult, MetadataValue, asset

CHART, REPORT = "delays.png", "delays.md"
FEW = 100


class Worst(Config):
    """Which routes the report names.

    Args:
        min_flights: routes with fewer flights in the year are left out.
        top: how many routes.
    """

    min_flights: int = 365
    top: int = 10


@asset(group_name="report")
def hourly_delays(route_delays: pa.Table) -> pd.DataFrame:
    """Mean departure delay in minutes: one row an hour, one column an origin; no mean of a few flights."""
    by_hour = tables.with_rates(tables.add_up(route_delays, ["hour", "origin"])).to_pandas()
    return by_hour[by_hour["departed"] >= FEW].pivot_table(
        index="hour", columns="origin", values="departure_delay"
    )


@asset(group_name="report")
def late_routes(route_delays: pa.Table, airports: pd.DataFrame, config: Worst) -> pd.DataFrame:
    """The routes with the largest mean delay on arrival, worst first, with names for people."""
    routes = tables.with_rates(tables.add_up(route_delays, ["origin", "dest"]))
    found = tables.worst(routes, config.top, config.min_flights).to_pandas()
    found["route"] = found["origin"] + " → " + found["dest"]
    names = airports.set_index("faa")["name"]
    found["destination"] = found["dest"].map(names).fillna("not in the list of airports")
    return found


@asset(group_name="report")
def delay_chart(
    hourly_delays: pd.DataFrame, late_routes: pd.DataFrame, reports: ReportFolder
) -> MaterializeResult[bytes]:
    """Both as a picture."""
    picture = chart.draw(hourly_delays, late_routes)
    path = reports.write(CHART, picture)
    encoded = base64.b64encode(picture).decode()
    facts = {
        "chart": MetadataValue.path(path),
        "preview": MetadataValue.md(f"![delays](data:image/png;base64,{encoded})"),
    }
    return MaterializeResult(value=picture, metadata=facts)


@asset(group_name="report", deps=[delay_chart])
def delay_report(
    late_routes: pd.DataFrame,
    carrier_delays: pd.DataFrame,
    rain_delays: pd.DataFrame,
    airlines: pd.DataFrame,
    reports: ReportFolder,
) -> MaterializeResult[str]:
    """A page of Markdown with the chart."""
    carriers = carrier_delays.merge(airlines, on="carrier").sort_values("arrival_delay", ascending=False)
    routes = markdown_table(late_routes, {"route": "route", "destination": "to", **_RATES})
    page = "\n\n".join(
        [
            "# Delays out of New York, 2013",
            f"![Delays by hour and route]({CHART})",
            "## The worst routes",
            routes,
            "## Carriers",
            markdown_table(carriers, {"name": "carrier", **_RATES}),
            "## Rain",
            markdown_table(rain_delays.sort_values("departure_delay"), {"rain": "hour was", **_RATES}),
        ]
    )
    path = reports.write(REPORT, f"{page}\n".encode())
    facts = {
        "worst_route": str(late_routes["route"].iloc[0]) if len(late_routes) else "none",
        "routes": MetadataValue.md(routes),
        "page": MetadataValue.path(path),
    }
    return MaterializeResult(value=page, metadata=facts)


_RATES = {
    "flights": "flights",
    "arrival_delay": "minutes late",
    "late_share": "late",
    "canceled_share": "canceled",
}


def markdown_table(table: pd.DataFrame, titles: dict[str, str]) -> str:
    """A table in Markdown.

    Args:
        table: any table.
        titles: the columns to show, with the title of each.
    """
    lines = [f"| {' | '.join(titles.values())} |", f"|{'---|' * len(titles)}"]
    for row in table[list(titles)].itertuples(index=False):
        cells = (_cell(name, value) for name, value in zip(titles, row, strict=True))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: object) -> str:
    if name.endswith("_share"):
        return f"{value:.1%}"
    if name.endswith("_delay"):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
