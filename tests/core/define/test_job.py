from __future__ import annotations

import pytest

from penstock.config import Config, ConfigMapping, RunConfig
from penstock.define.executor import (
    in_process_executor,
    multi_or_in_process_executor,
    multiprocess_executor,
)
from penstock.define.graph_decorator import graph
from penstock.define.hook import failure_hook, success_hook
from penstock.define.inout import In
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.errors import InvalidDefinitionError
from penstock.types import Nothing


@op
def one():
    return 1


@op
def show(context, value):
    return value


def test_a_function_becomes_a_job():
    @job(tags={"a": 1}, owners=["team:ann"], executor_def=in_process_executor, timeout=3.0)
    def made():
        """Made for a test."""
        one()

    assert (made.name, made.description, made.tags, made.run_tags) == (
        "made",
        "Made for a test.",
        {"a": "1"},
        None,
    )
    assert (made.owners, made.executor_def, made.timeout) == (("team:ann",), in_process_executor, 3.0)
    assert [node.name for node in made.nodes] == ["one"]


def test_nodes_are_found_by_name():
    @job
    def made():
        one()

    assert made.has_node_named("one")
    assert made.get_node_named("one").definition is one
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'one'"):
        made.get_node_named("ones")


def test_config_is_brought_into_one_form():
    class Rows(Config):
        n: int

    mapping = ConfigMapping(lambda given: {}, {"n": int})

    def made(config):
        return job(name="made", config=config)(lambda: one() and None).config

    assert made(None) is None
    assert made(mapping) is mapping
    assert made(RunConfig(ops={"one": Rows(n=1)}))["ops"] == {"one": {"config": {"n": 1}}}
    assert made({"ops": {"one": {"config": Rows(n=1)}}}) == {"ops": {"one": {"config": {"n": 1}}}}


def test_a_partitioned_config_brings_its_partitions():
    class Partitioned:
        partitions_def = "days"

    config = Partitioned()
    made = job(name="made", config=config)(lambda: one() and None)
    assert (made.config, made.partitions_def) == (config, "days")
    with pytest.raises(InvalidDefinitionError, match="two partitions definitions"):
        job(name="made", config=config, partitions_def="weeks")(lambda: one() and None)


def test_copies_differ_in_one_thing():
    @success_hook
    def cheer(context): ...

    @failure_hook
    def mourn(context): ...

    @job(hooks={cheer}, resource_defs={"own": 1})
    def made():
        one()

    assert made.with_hooks({mourn}).hooks == {cheer, mourn}
    assert made.hooks == made.hook_defs == {cheer}
    assert made.with_executor_def(multiprocess_executor).executor_def is multiprocess_executor
    assert made.with_top_level_resources({"own": 2, "other": 3}).resource_defs == {"own": 1, "other": 3}


def test_a_job_is_not_called():
    @job
    def made():
        one()

    with pytest.raises(InvalidDefinitionError, match="execute_in_process"):
        made()


def test_parameters_of_the_body_are_inputs_of_the_run():
    @job(input_values={"n": 3})
    def made(n):
        show(n)

    assert made.execute_in_process().output_for_node("show") == 3
    assert made.execute_in_process(input_values={"n": 4}).output_for_node("show") == 4


def test_input_values_belong_to_inputs():
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'number'"):

        @job(input_values={"numbr": 3})
        def made(number):
            show(number)


def test_inputs_that_nothing_can_fill_are_refused():
    class Grain: ...

    @op
    def bake(grain: Grain): ...

    @graph
    def bakery(grain):
        bake(grain)

    with pytest.raises(InvalidDefinitionError, match=r"'grain' of 'bakery\.bake'"):

        @job
        def made():
            bakery()

    @job
    def given_at_launch(grain):
        bakery(grain)

    assert list(given_at_launch.graph.ins) == ["grain"]


@pytest.mark.parametrize(
    "said", [In(Nothing), In(default_value=1), In(asset_key="a"), In(input_manager_key="m")]
)
def test_inputs_that_something_else_fills_are_accepted(said):
    class Grain: ...

    @op(ins={"grain": said})
    def bake(**grain: Grain): ...

    made = job(name="made")(lambda: bake() and None)
    assert made.has_node_named("bake")


def test_two_definitions_do_not_share_a_name():
    @op(name="one")
    def other(): ...

    @graph
    def inner():
        other()

    with pytest.raises(InvalidDefinitionError, match="'one'"):

        @job
        def made():
            one()
            inner()


def test_one_definition_has_many_uses():
    @job
    def made():
        one()
        one()
        one.alias("third")()

    assert [node.name for node in made.nodes] == ["one", "one_2", "third"]


def test_metadata_of_a_job_can_be_shown():
    @job(metadata={"tier": 1})
    def told(): ...

    assert told.metadata["tier"].value == 1


def test_owners_of_a_job_are_people_or_teams():
    with pytest.raises(InvalidDefinitionError, match="'nobody' cannot own job 'alone'"):

        @job(owners=["nobody"])
        def alone():
            pass


def test_a_value_given_at_launch_for_no_input_is_refused():
    @op
    def show(x):
        return x

    @job
    def showing(x):
        show(x)

    assert showing.execute_in_process(input_values={"x": 1}).output_for_node("show") == 1
    with pytest.raises(InvalidDefinitionError, match="'y'"):
        showing.execute_in_process(input_values={"y": 1})


def test_a_use_of_a_graph_becomes_a_job_with_its_tags_and_hooks():
    seen = []

    @success_hook
    def watch(context):
        seen.append(context.step_key)

    @op
    def emit():
        return 1

    @graph
    def emitting():
        return emit()

    used = emitting.with_hooks({watch}).tag({"team": "x"})
    made = used.to_job(tags={"more": "y"})
    assert (made.name, made.tags) == ("emitting", {"team": "x", "more": "y"})
    assert made.execute_in_process().success
    assert used.execute_in_process().output_value() == 1
    assert seen == ["emit", "emit"]
    with pytest.raises(InvalidDefinitionError, match="op"):
        emit.alias("other").to_job()


def test_a_job_without_an_executor_runs_in_processes_or_here():
    @job
    def alone():
        pass

    assert alone.executor_def is multi_or_in_process_executor
    assert alone.own_executor is None
