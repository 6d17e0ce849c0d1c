from __future__ import annotations

import pytest

from penstock.config import ConfigMapping
from penstock.define.graph_decorator import graph
from penstock.define.hook import success_hook
from penstock.define.inout import In
from penstock.define.op import op
from penstock.errors import InvalidDefinitionError, InvariantViolationError


@op
def one():
    """Gives one."""
    return 1


@op(config_schema={"n": int})
def emit(context):
    return context.op_config["n"]


def test_a_graph_knows_its_nodes_and_outputs():
    @graph(tags={"a": 1})
    def made():
        """Makes."""
        return one.alias("first")()

    assert (made.name, made.__name__, made.description, made.tags) == ("made", "made", "Makes.", {"a": "1"})
    assert made.node_names == ["first"]
    assert made.has_node_named("first")
    assert not made.has_node_named("one")
    assert made.output_named("result").type.is_any


def test_a_graph_is_not_called_outside_of_one():
    @graph
    def made():
        return one()

    with pytest.raises(InvariantViolationError, match=r"made\.execute_in_process"):
        made()


def test_declared_inputs_need_a_parameter():
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'rows'"):

        @graph(ins={"row": In()})
        def made(rows):
            one()


def test_to_job_adds_what_a_run_needs():
    @success_hook
    def cheer(context): ...

    @graph(tags={"a": "1"}, hooks={cheer})
    def made():
        one()

    job = made.to_job(
        "other", description="d", tags={"b": "2"}, run_tags={"c": 3}, metadata={"m": 1}, owners=["team:o"]
    )
    assert (job.name, job.description, job.tags, job.run_tags) == (
        "other",
        "d",
        {"a": "1", "b": "2"},
        {"c": "3"},
    )
    assert (job.hooks, job.owners, job.graph) == ({cheer}, ("team:o",), made)
    assert job.metadata["m"].value == 1


def test_a_graph_runs_on_its_own():
    @op
    def twice(n: int):
        return 2 * n

    @graph
    def made(n):
        return twice(n)

    assert made.execute_in_process(input_values={"n": 4}).output_value() == 8


def test_fixed_config_of_a_graph():
    @graph(config={"emit": {"config": {"n": 5}}})
    def made():
        return emit()

    assert made.execute_in_process().output_value() == 5


def test_a_configured_graph_takes_less_config():
    mapping = ConfigMapping(
        lambda given: {"emit": {"config": {"n": given["a"] + given["b"]}}}, {"a": int, "b": int}
    )

    @graph(config=mapping)
    def made():
        return emit()

    fixed = made.configured({"a": 1, "b": 2}, name="fixed")
    half = made.configured(lambda given: {"a": given, "b": 10}, name="half", config_schema=int)

    @graph
    def outer():
        return {"x": fixed(), "y": half()}

    result = outer.execute_in_process(run_config={"ops": {"half": {"config": 7}}})
    assert (result.output_value("x"), result.output_value("y")) == (3, 17)


def test_the_outermost_graph_takes_its_config_under_ops():
    @graph(config=ConfigMapping(lambda n: {"emit": {"config": {"n": n}}}, int))
    def made():
        return emit()

    assert made.execute_in_process(run_config={"ops": {"config": 4}}).output_value() == 4


def test_only_a_graph_with_config_is_configured():
    @graph
    def made():
        one()

    with pytest.raises(InvalidDefinitionError, match="no config of its own"):
        made.configured({}, name="other")


def test_a_graph_names_its_inputs_outputs_and_definitions():
    @op
    def step(x):
        return x

    @graph
    def twice(start):
        return step(step(start))

    assert [one.name for one in twice.input_defs] == ["start"]
    assert [one.name for one in twice.output_defs] == ["result"]
    assert twice.node_defs == [step]
