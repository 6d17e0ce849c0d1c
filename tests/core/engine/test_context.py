"""What code sees of its step while it runs."""

from __future__ import annotations

import pytest

from penstock import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    OpExecutionContext,
    Out,
    Output,
    asset,
    graph,
    job,
    materialize,
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
