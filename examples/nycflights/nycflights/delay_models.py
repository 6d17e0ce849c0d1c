"""The parallel job: a delay model for each carrier, from months that are cleaned side by side.

Steps meet as Arrow, and each asks for the library it likes: the archive gives Arrow, months are cleaned
in pandas, carriers are parted in polars, models are trained on Arrow with NumPy. Every step gives the same
table wherever and whenever it runs, so every executor gives the same models.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from nycflights import features, training
from nycflights.report import markdown_table
from nycflights.resources import FlightArchive
from penstock import (
    AssetMaterialization,
    Config,
    DynamicOut,
    DynamicOutput,
    Failure,
    MetadataValue,
    OpExecutionContext,
    Output,
    job,
    op,
)


class Enough(Config):
    """Which carriers get a model.

    Args:
        min_flights: carriers with fewer flights in the year are left out.
    """

    min_flights: int = 100


class Training(Config):
    """How models are trained.

    Args:
        held_out: the share of days that only the test sees.
        resamples: how often the days are drawn anew to see how far coefficients move.
        seed: of all that is drawn; each carrier draws apart from the others.
    """

    held_out: float = 0.2
    resamples: int = 10_000
    seed: int = 2013


@op(out=DynamicOut(pa.Table))
def flights_by_month(archive: FlightArchive) -> Iterator[DynamicOutput[pa.Table]]:
    """The flights as published, apart for each month."""
    flights = archive.read("flights")
    for month in sorted(pc.unique(flights["month"]).to_pylist()):
        yield DynamicOutput(flights.filter(pc.equal(flights["month"], month)), mapping_key=f"{month:02}")


@op
def published_weather(archive: FlightArchive) -> pa.Table:
    """The weather as published, for all months."""
    return archive.read("weather")


@op
def clean_month(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """The flights of a month that arrived, with what was known when they should have left."""
    return features.with_features(flights, weather)


@op(out=DynamicOut(pl.DataFrame))
def flights_by_carrier(
    context: OpExecutionContext, months: list[pl.DataFrame], config: Enough
) -> Iterator[DynamicOutput[pl.DataFrame]]:
    """The flights of the year, apart for each carrier that has enough of them."""
    carriers = features.by_carrier(months, config.min_flights)
    if not carriers:
        raise Failure(f"No carrier has {config.min_flights:,} flights that arrived: ask for fewer.")
    context.log.info("%d carriers: %s", len(carriers), ", ".join(carriers))
    for carrier, flights in carriers.items():
        yield DynamicOutput(flights, mapping_key=carrier)


@op
def train_model(flights: pa.Table, config: Training) -> pa.Table:
    """What delays a carrier, and how well that can be foretold: one row."""
    carrier = flights["carrier"][0].as_py()
    recipe = training.Recipe(
        held_out=config.held_out, resamples=config.resamples, seed=(config.seed, *carrier.encode())
    )
    found = training.train(flights, recipe)
    return pa.Table.from_pylist([{"carrier": carrier, "flights": flights.num_rows, **found}])


@op
def compare_models(context: OpExecutionContext, models: list[pd.DataFrame]) -> Output[pd.DataFrame]:
    """The models of all carriers in one table, the carrier with the most flights first."""
    table = pd.concat(models).sort_values(["flights", "carrier"], ascending=[False, True], ignore_index=True)
    page = MetadataValue.md(as_page(table))
    facts = {"carriers": len(table), "flights": sum(table["flights"].tolist()), "models": page}
    # The table belongs to the run; this makes its facts those of an asset, which outlives runs.
    context.log_event(AssetMaterialization("delay_models", metadata=facts))
    return Output(table, metadata=facts)


def as_page(table: pd.DataFrame) -> str:
    """The models in Markdown: how good each is, and what two features add, with their intervals."""
    shown = {
        "carrier": table["carrier"],
        "flights": table["flights"],
        "R²": table["r2"].map("{:.2f}".format),
        "minutes off": table["mae"].map("{:.1f}".format),
        "the mean is off": table["mae_of_mean"].map("{:.1f}".format),
        "a late airport": _with_interval(table, "airport_delay", "{:.1f} ({:.1f} to {:.1f})"),
        "an inch of rain": _with_interval(table, "precip", "{:.0f} ({:.0f} to {:.0f})"),
    }
    return markdown_table(pd.DataFrame(shown), {title: title for title in shown})


def _with_interval(table: pd.DataFrame, name: str, form: str) -> list[str]:
    columns = (table[column] for column in (name, f"{name}_low", f"{name}_high"))
    return [form.format(*found) for found in zip(*columns, strict=True)]


@job
def delay_models() -> None:
    """A linear model of the delay on arrival for each carrier, with its error on days it never saw."""
    weather = published_weather()
    months = flights_by_month().map(lambda month: clean_month(month, weather))
    models = flights_by_carrier(months.collect()).map(train_model)
    compare_models(models.collect())
