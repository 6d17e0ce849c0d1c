"""Whole runs on Ray, through the front door."""

from __future__ import annotations

import os

import polars as pl
import pytest

from penstock import (
    DynamicOut,
    DynamicOutput,
    Instance,
    RetryPolicy,
    asset,
    graph_asset,
    materialize,
    op,
)
from penstock.errors import UserError
from penstock_ray import RayObjectIOManager, ray_executor

pytestmark = pytest.mark.usefixtures("cluster")


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path / "instance")) as made:
        yield made


@asset
def numbers() -> pl.DataFrame:
    return pl.DataFrame({"n": range(100)})


@asset
def total(numbers: pl.DataFrame) -> int:
    return int(numbers["n"].sum())


@asset
def process() -> int:
    return os.getpid()


def test_assets_are_made_on_ray_and_read_here(instance):
    result = materialize([numbers, total, process], executor="ray", instance=instance)
    assert result.success
    assert result.output_for_node("total") == 4950
    assert result.output_for_node("process") != os.getpid()


@op(out=DynamicOut(int))
def parts():
    for number in range(5):
        yield DynamicOutput(number, mapping_key=f"p{number}")


@op
def doubled(number: int) -> int:
    return 2 * number


@op
def added(numbers: list) -> int:
    return sum(numbers)


@graph_asset
def fan():
    return added(parts().map(doubled).collect())


def test_a_fan_out_is_as_wide_as_it_turns_out(instance):
    result = materialize([fan], executor={"ray": {"num_cpus": 0.5}}, instance=instance)
    assert result.output_for_node("fan.added") == 20


def test_the_definition_may_be_given_itself(instance):
    assert materialize([numbers], executor=ray_executor.configured({"window": 16}), instance=instance).success


def test_a_worker_that_dies_is_tried_again_by_the_policy_alone(instance, tmp_path):
    @asset(retry_policy=RetryPolicy(max_retries=2))
    def third_time(context) -> int:
        with (tmp_path / "attempts").open("a") as file:
            file.write("x")
        if context.retry_number < 2:
            os._exit(3)
        return context.retry_number

    result = materialize([third_time], executor="ray", instance=instance)
    assert result.output_for_node("third_time") == 2
    assert (tmp_path / "attempts").read_text() == "xxx"


def test_values_in_the_object_store_outlive_their_run(instance):
    kept = {"io_manager": RayObjectIOManager(name="outlive")}
    assert materialize([numbers], executor="ray", instance=instance, resources=kept).success
    both = [numbers, total]
    result = materialize(both, selection=[total], executor="ray", instance=instance, resources=kept)
    assert result.success


def test_a_wrong_tag_fails_before_anything_runs(instance, tmp_path):
    @asset(op_tags={"penstock/ray": '{"num_cpu": 1}'})
    def tagged():
        (tmp_path / "ran").touch()

    with pytest.raises(UserError, match="Did you mean 'num_cpus'"):
        materialize([tagged], executor="ray", instance=instance)
    assert not (tmp_path / "ran").exists()
