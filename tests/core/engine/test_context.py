"""What code sees of its step while it runs."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from penstock import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    DataVersion,
    FilesystemIOManager,
    OpExecutionContext,
    Out,
    Output,
    StaticPartitionsDefinition,
    asset,
    graph,
    job,
    materialize,
    mem_io_manager,
    op,
)
from penstock.errors import InvariantViolationError


def test_a_context_is_found_without_being_passed():
    @asset
    def found():
        context = AssetExecutionContext.get()
        return context.asset_key.to_user_string(), OpExecutionContext.get().op.name

    assert materialize([found]).asset_value("found") == ("found", "found")
    with pytest.raises(InvariantViolationError, match="no step is running"):
        OpExecutionContext.get()


def test_the_handle_of_a_node_knows_its_path():
    seen = []

    @op
    def leaf(context):
        seen.append(context.op_handle)

    @graph
    def branch():
        leaf()

    @job
    def tree():
        branch()

    assert tree.execute_in_process().success
    (handle,) = seen
    assert (str(handle), handle.name, handle.parent.name) == ("branch.leaf", "leaf", "branch")


def test_the_op_behind_an_asset_knows_its_asset():
    @asset
    def behind(context):
        return context.op_execution_context.asset_key

    assert materialize([behind]).asset_value("behind") == AssetKey("behind")


def test_metadata_of_an_output_is_told_as_it_was_given():
    seen = []

    @op(out=Out())
    def told(context):
        context.add_output_metadata({"rows": 3})
        seen.append(context.get_output_metadata("result"))
        return 1

    @job
    def telling():
        told()

    assert telling.execute_in_process().success
    assert seen == [{"rows": 3}]


def test_metadata_of_an_output_that_came_already_is_refused():
    @op
    def late(context):
        yield Output(1)
        context.add_output_metadata({"rows": 3})

    @op
    def astray(context):
        context.add_output_metadata({"rows": 3}, output_name="nowhere")

    @job
    def too_late():
        late()

    @job
    def too_far():
        astray()

    with pytest.raises(InvariantViolationError, match="given already"):
        too_late.execute_in_process()
    with pytest.raises(InvariantViolationError, match="no output 'nowhere'"):
        too_far.execute_in_process()


def test_observations_of_a_node_are_found():
    @asset
    def looked(context):
        context.log_event(AssetObservation("elsewhere", metadata={"n": 1}))

    (seen,) = materialize([looked]).asset_observations_for_node("looked")
    assert seen.asset_key == AssetKey("elsewhere")


@pytest.mark.parametrize("files", [True, False])
def test_a_stored_value_is_loaded_without_being_an_input(tmp_path, files):
    @asset
    def orders() -> list[int]:
        return [1, 2]

    @asset(deps=[orders])
    def total(context: AssetExecutionContext) -> int:
        return sum(context.load_asset_value("orders"))

    manager = FilesystemIOManager(base_dir=str(tmp_path)) if files else mem_io_manager
    result = materialize([orders, total], resources={"io_manager": manager})
    assert result.asset_value("total") == 3


def test_a_stored_value_is_loaded_by_partition_and_type(tmp_path):
    days = StaticPartitionsDefinition(["mon", "tue"])

    @asset(partitions_def=days)
    def orders(context: AssetExecutionContext) -> pd.DataFrame:
        return pd.DataFrame({"day": [context.partition_key]})

    @asset(deps=[orders])
    def report(context: AssetExecutionContext) -> list[str]:
        return context.load_asset_value(AssetKey("orders"), python_type=pl.DataFrame, partition_key="tue")[
            "day"
        ].to_list()

    resources = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}
    assert materialize([orders], partition_key="tue", resources=resources).success
    result = materialize([orders, report], selection=[report], resources=resources)
    assert result.asset_value("report") == ["tue"]


def test_an_asset_that_nobody_knows_is_named():
    @asset
    def orders() -> int:
        return 1

    @asset(deps=[orders])
    def total(context: AssetExecutionContext) -> int:
        return context.load_asset_value("oders")

    result = materialize([orders, total], raise_on_error=False)
    (failed,) = result.get_step_failure_events()
    assert "There is no asset 'oders'. Did you mean 'orders'?" in str(failed.step_failure_data.error)


def test_a_step_may_say_the_data_version_of_its_asset():
    @asset
    def orders(context: AssetExecutionContext) -> int:
        context.set_data_version("orders", DataVersion("v7"))
        return 1

    (event,) = materialize([orders]).asset_materializations_for_node("orders")
    assert event.tags["penstock/data_version"] == "v7"
