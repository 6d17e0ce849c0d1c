"""The op job: the worst routes of all airports, straight from the archive, with no asset in it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from nycflights import tables
from nycflights.assets import Choice
from nycflights.report import Worst
from nycflights.resources import FlightArchive
from penstock import (
    Config,
    MetadataValue,
    OpExecutionContext,
    Out,
    Output,
    RunConfig,
    config_mapping,
    graph,
    job,
    op,
)


class Ranking(Config):
    """What ``rank_routes`` can be told, in one place.

    Args:
        carriers: codes of the carriers to look at; none means all.
        min_flights: routes with fewer flights in the year are left out.
        top: how many routes.
    """

    carriers: list[str] = []
    min_flights: int = 365
    top: int = 5


@op(out={"ewr": Out(pa.Table), "jfk": Out(pa.Table), "lga": Out(pa.Table)})
def flights_by_origin(archive: FlightArchive, config: Choice) -> tuple[pa.Table, ...]:
    """The flights of the chosen carriers, apart for each airport."""
    flights = tables.clean_flights(archive.read("flights"), config.carriers)
    return tuple(flights.filter(pc.equal(flights["origin"], origin)) for origin in ("EWR", "JFK", "LGA"))


@op
def measure_routes(flights: pa.Table) -> pa.Table:
    """Delays of each route from one airport."""
    return tables.with_rates(tables.measure(flights, ["origin", "dest"]))


@op
def worst_of_all(measured: list[pa.Table], config: Worst) -> pa.Table:
    """The worst routes, whatever their airport."""
    return tables.worst(pa.concat_tables(measured), config.top, config.min_flights)


@config_mapping
def to_each_op(ranking: Ranking) -> RunConfig:
    """Hand each op what it is about."""
    return RunConfig(
        ops={
            "flights_by_origin": Choice(carriers=ranking.carriers),
            "worst_of_all": Worst(min_flights=ranking.min_flights, top=ranking.top),
        }
    )


@graph(config=to_each_op)
def rank_routes():
    """Measure the three airports apart, and rank their routes together."""
    ewr, jfk, lga = flights_by_origin()
    return worst_of_all(
        [
            measure_routes.alias("measure_ewr")(ewr),
            measure_routes.alias("measure_jfk")(jfk),
            measure_routes.alias("measure_lga")(lga),
        ]
    )


@op
def announce(context: OpExecutionContext, worst: pa.Table) -> Output[str]:
    """Say it in the log, and keep it as a table of the run."""
    lines = [
        "{origin} → {dest}: {arrival_delay:5.1f} minutes late, {flights:,} flights".format(**row)
        for row in worst.to_pylist()
    ]
    for line in lines:
        context.log.info(line)
    page = "\n".join(f"1. {line}" for line in lines)
    return Output(page, metadata={"worst": MetadataValue.md(page)})


@job
def worst_routes() -> None:
    """The routes with the largest mean delay, from flights alone."""
    announce(rank_routes())
