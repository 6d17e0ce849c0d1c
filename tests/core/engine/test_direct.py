"""Ops, assets, checks, hooks and resources can be called directly, with contexts made by hand."""

from __future__ import annotations

import asyncio

import pytest

from penstock import (
    AssetCheckResult,
    AssetKey,
    AssetMaterialization,
    Config,
    Failure,
    Output,
    RetryPolicy,
    asset,
    asset_check,
    build_asset_check_context,
    build_asset_context,
    build_hook_context,
    build_init_resource_context,
    build_op_context,
    op,
    resource,
    success_hook,
)
from penstock.errors import (
    InvalidConfigError,
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
)


@op(config_schema={"rows": int})
def configured(context):
    return context.op_config["rows"]


def test_an_op_is_called_with_its_inputs():
    @op
    def add(x, y):
        return x + y

    assert add(1, y=2) == 3


def test_config_is_bound():
    assert configured(build_op_context(op_config={"rows": 3})) == 3


def test_config_that_does_not_fit_is_refused():
    with pytest.raises(InvalidConfigError, match="rows"):
        configured(build_op_context(op_config={"rows": "x"}))


def test_a_config_object_may_be_passed():
    class Size(Config):
        rows: int = 1

    @op
    def sized(config: Size):
        return config.rows

    assert (sized(Size(rows=4)), sized(config=Size(rows=5))) == (4, 5)


def test_resources_are_opened_for_the_context():
    @op(required_resource_keys={"db"})
    def uses(context):
        return context.resources.db

    opened = resource(lambda _context: "open")
    assert uses(build_op_context(resources={"db": opened})) == "open"


def test_a_missing_resource_is_named():
    @op(required_resource_keys={"db"})
    def uses(context):
        return context.resources.db

    with pytest.raises(InvalidInvocationError, match="requires the resources db"):
        uses(build_op_context())


def test_a_failure_is_raised_and_not_retried():
    calls = []

    @op(retry_policy=RetryPolicy(3))
    def fails():
        calls.append(1)
        raise Failure("no")

    with pytest.raises(Failure):
        fails()
    assert len(calls) == 1


def test_an_async_op_gives_its_coroutine():
    @op
    async def waits():
        return 3

    assert asyncio.run(waits()) == 3


def test_a_generator_gives_its_items():
    @op
    def yields():
        yield Output(3)

    (item,) = yields()
    assert item.value == 3


def test_partitions_are_pretended():
    @asset
    def parted(context):
        return context.partition_key

    assert parted(build_asset_context(partition_key="2024-01-01")) == "2024-01-01"


def test_several_partitions_have_no_single_key():
    context = build_op_context(partition_keys=("a", "b"))
    assert (context.has_partition_key, context.partition_keys) == (False, ("a", "b"))
    with pytest.raises(InvariantViolationError, match="2 partitions"):
        _ = context.partition_key


def test_what_was_said_can_be_looked_at():
    @op
    def talks(context):
        context.log_event(AssetMaterialization("made"))
        context.add_output_metadata({"rows": 3})
        context.log.info("hello")
        return 1

    context = build_op_context()
    talks(context)
    (event,) = context.get_events()
    assert event.asset_key == AssetKey("made")


def test_metadata_of_outputs_can_be_looked_at():
    @op
    def talks(context):
        context.add_output_metadata({"rows": 3})
        return context.get_output_metadata()["rows"]

    assert talks(build_op_context()) == 3


def test_tags_and_mapping_key_are_pretended():
    context = build_op_context(run_tags={"team": "a"}, mapping_key="m")
    assert (context.get_tag("team"), context.has_tag("b"), context.get_mapping_key()) == ("a", False, "m")


def test_an_unknown_argument_is_refused():
    with pytest.raises(InvalidInvocationError, match="colour"):
        build_op_context(colour="red")


def test_a_check_is_called_with_its_value():
    @asset
    def orders():
        return 1

    @asset_check(asset=orders)
    def positive(context, orders):
        return AssetCheckResult(passed=orders > 0)

    assert positive(build_asset_check_context(), 1).passed


def test_a_hook_sees_what_is_pretended():
    @success_hook(required_resource_keys={"phone"})
    def call(context):
        return context.resources.phone, context.run_id, context.job_name, context.op_exception

    seen = []

    @success_hook(required_resource_keys={"phone"})
    def noted(context):
        seen.append((context.resources.phone, context.run_id, context.job_name, context.op_exception))

    error = ValueError("x")
    noted(
        build_hook_context(
            resources={"phone": "ringing"}, op=configured, run_id="r", job_name="j", op_exception=error
        )
    )
    assert seen == [("ringing", "r", "j", error)]


def test_a_resource_function_is_called_with_its_config():
    @resource(config_schema={"url": str}, required_resource_keys={"base"})
    def database(context):
        return context.resource_config["url"], context.resources.base, context.run_id

    context = build_init_resource_context(config={"url": "here"}, resources={"base": "b"})
    assert database(context) == ("here", "b", None)


def test_a_context_made_by_hand_has_an_instance():
    @op
    def recorded(context):
        context.instance.report_runless_asset_event(AssetMaterialization("seen"))
        return context.instance.get_latest_materialization_event(AssetKey("seen")) is not None

    with build_op_context() as context:
        assert recorded(context)


def test_none_stands_for_an_empty_context():
    @op
    def who(context, x):
        return context.run_id, x

    assert who(None, 1) == ("EPHEMERAL", 1)


def test_a_context_of_a_hook_closes_its_resources():
    log = []

    @resource
    def lamp(_context):
        log.append("on")
        yield "light"
        log.append("off")

    @success_hook(required_resource_keys={"lamp"})
    def watch(context):
        log.append(context.resources.lamp)

    with build_hook_context(resources={"lamp": lamp}) as context:
        watch(context)
    assert log == ["on", "light", "off"]


def test_a_hook_without_its_resource_is_refused():
    @success_hook(required_resource_keys={"lamp"})
    def watch(context):
        raise AssertionError(context)

    with pytest.raises(InvalidDefinitionError, match="lamp"):
        watch(build_hook_context())


def test_an_op_without_its_resource_is_a_fault_of_the_definition_and_of_the_call():
    @op(required_resource_keys={"lamp"})
    def read(context):
        raise AssertionError(context)

    for fault in (InvalidDefinitionError, InvalidInvocationError):
        with pytest.raises(fault, match="lamp"):
            read(build_op_context())
