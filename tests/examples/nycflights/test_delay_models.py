"""The parallel job: as many models as carriers, and the same ones however it is run."""

from __future__ import annotations

from typing import ClassVar

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from nycflights.definitions import defs
from nycflights.delay_models import Enough, Training, compare_models, flights_by_carrier, train_model

from penstock import AssetKey, Failure, FilesystemIOManager, Instance, build_op_context

QUICK = {"ops": {"train_model": {"config": {"resamples": 50}}}}


class ReadBack(FilesystemIOManager):
    """Files that every step reads, instead of being handed what the step before returned."""

    passes_through: ClassVar[bool] = False


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The job, run once with quick models: its result, its instance and the folder of its files."""
    folder = tmp_path_factory.mktemp("trained")
    with Instance.local_temp(str(folder)) as instance:
        yield run(FilesystemIOManager(base_dir=str(folder / "files")), instance), instance, folder / "files"


def run(files, instance=None):
    result = defs.resolve_job_def("delay_models").execute_in_process(
        run_config=QUICK, resources={**defs.resources, "io_manager": files}, instance=instance
    )
    assert result.success
    return result


def table_of(result):
    return result.output_for_node("compare_models")


def test_each_month_is_cleaned_and_each_carrier_trained_apart(trained):
    result, _, _ = trained
    months, models = result.output_for_node("clean_month"), result.output_for_node("train_model")
    assert sorted(months) == [f"{month:02}" for month in range(1, 13)]
    assert len(models) == 15
    assert "OO" not in models  # 29 flights are too few


def test_every_flight_that_arrived_is_learned_from_or_tested_with(trained):
    result, _, _ = trained
    table = table_of(result)
    assert table["flights"].sum() == 326_492
    assert (table["trained_on"] + table["tested_on"] == table["flights"]).all()
    assert table["carrier"].tolist()[:3] == ["UA", "B6", "EV"]


def test_models_of_large_carriers_are_better_than_the_mean_on_days_they_never_saw(trained):
    result, _, _ = trained
    large = table_of(result).query("flights > 10_000")
    assert len(large) == 9
    assert (large["mae"] < large["mae_of_mean"]).all()
    assert large["r2"].between(0.05, 0.5).all()
    assert (large["airport_delay_low"] > 0).all()


def test_steps_ask_for_different_libraries(trained):
    result, _, _ = trained
    assert isinstance(result.output_for_node("clean_month")["01"], pd.DataFrame)
    assert isinstance(result.output_for_node("flights_by_carrier")["UA"], pl.DataFrame)
    assert isinstance(table_of(result), pd.DataFrame)


def test_the_table_is_a_file_of_the_run(trained):
    result, _, folder = trained
    (place,) = (folder / result.run_id).glob("compare_models*")
    pd.testing.assert_frame_equal(pq.read_table(place).to_pandas(), table_of(result))


def test_the_models_are_known_as_an_asset(trained):
    _, instance, _ = trained
    event = instance.get_latest_materialization_event(AssetKey("delay_models"))
    metadata = event.asset_materialization.metadata
    assert metadata["carriers"].value == 15
    assert metadata["models"].value.startswith("| carrier | flights | R² |")
    assert "| HA | 341 | -0.04 | 37.0 | 38.0 | " in metadata["models"].value


def test_models_are_the_same_when_every_table_comes_from_a_file(trained, tmp_path):
    result, _, _ = trained
    again = run(ReadBack(base_dir=str(tmp_path)))
    pd.testing.assert_frame_equal(table_of(again), table_of(result), check_exact=True)


def test_models_are_the_same_in_whatever_order_they_arrive(trained):
    result, _, _ = trained
    models = [one.to_pandas() for one in result.output_for_node("train_model").values()]
    with Instance.ephemeral() as instance:
        context = build_op_context(instance=instance)
        there = compare_models(context, models).value
        back = compare_models(context, models[::-1]).value
    pd.testing.assert_frame_equal(there, back, check_exact=True)
    pd.testing.assert_frame_equal(there, table_of(result), check_exact=True)


def test_a_carrier_draws_apart_from_the_others(trained):
    result, _, _ = trained
    flights = result.output_for_node("flights_by_carrier")["HA"].to_arrow()
    alone = train_model(flights, config=Training(resamples=50))
    (together,) = result.output_for_node("train_model")["HA"].to_pylist()
    assert alone.to_pylist() == [together]


def test_too_few_flights_everywhere_is_said():
    month = pl.DataFrame({"time_hour": [1], "carrier": ["OO"], "flight": [1]})
    with pytest.raises(Failure, match="No carrier has 1,000 flights"):
        list(flights_by_carrier(build_op_context(), [month], config=Enough(min_flights=1000)))
