"""Run config is bound before anything runs, and says all that is wrong with it at once."""

from __future__ import annotations

import pytest

from penstock import (
    Config,
    Field,
    config_mapping,
    graph,
    job,
    op,
    resource,
)
from penstock.define.graph import FromGraphInput, GraphDefinition, Node
from penstock.define.job import JobDefinition
from penstock.errors import InvalidConfigError
from penstock.plan.run_config import bind_run_config, effective_config, input_names


@op(config_schema={"rows": int, "name": Field(str, default_value="x")})
def load(context):
    return context.op_config


@op
def add(x: int, y: int = 1):
    return x + y


@resource(config_schema={"url": str})
def database(context):
    return context.resource_config


@graph
def inside():
    load()


@job(resource_defs={"db": database})
def pipeline():
    load()
    inside()
    add()


GOOD = {
    "ops": {
        "load": {"config": {"rows": 1}},
        "inside": {"ops": {"load": {"config": {"rows": 2}}}},
        "add": {"inputs": {"x": 3}},
    },
    "resources": {"db": {"config": {"url": "here"}}},
}


def bound(raw, **options):
    return bind_run_config(pipeline, raw, env={}, **options)


def faults(raw):
    with pytest.raises(InvalidConfigError) as caught:
        bound(raw)
    return {fault.path for fault in caught.value.faults}


def test_each_op_gets_its_config_with_defaults():
    assert bound(GOOD).ops == {"load": {"rows": 1, "name": "x"}, "inside.load": {"rows": 2, "name": "x"}}


def test_inputs_and_resources_are_bound_too():
    found = bound(GOOD)
    assert found.inputs == {"add": {"x": 3}}
    assert found.resources == {"db": {"url": "here"}}


def test_only_resources_that_are_opened_need_config():
    assert bound({**GOOD, "resources": {}}, resource_keys=()).resources == {}


def test_every_fault_is_listed():
    assert faults(
        {
            "ops": {
                "load": {"config": {"rows": "many"}},
                "inside": {"ops": {"load": {"config": {"rows": 1, "nmae": "y"}}, "laod": {}}},
                "add": {"inputs": {"x": "three", "z": 1}, "what": 1},
            },
            "resources": {"db": {"config": {}}},
            "resorces": {},
        }
    ) == {
        "$.resorces",
        "$.ops.load.config.rows",
        "$.ops.inside.ops.load.config.nmae",
        "$.ops.inside.ops.laod",
        "$.ops.add.inputs.x",
        "$.ops.add.inputs.z",
        "$.ops.add.what",
        "$.resources.db.config.url",
    }


def test_a_missing_config_is_a_fault():
    assert faults({"ops": {"inside": {"ops": {"load": {"config": {"rows": 2}}}}}}) == {
        "$.ops.load.config.rows",
        "$.resources.db.config.url",
    }


def test_a_section_that_is_no_dict_is_a_fault():
    assert "$.ops" in faults({"ops": ["load"]})


def test_a_misspelt_section_is_told_what_was_meant():
    with pytest.raises(InvalidConfigError, match=r"Did you mean 'resources'"):
        bound({**GOOD, "resourcs": {}})


def test_environment_variables_are_an_argument():
    raw = {**GOOD, "resources": {"db": {"config": {"url": {"env": "DB_URL"}}}}}
    assert bind_run_config(pipeline, raw, env={"DB_URL": "there"}).resources == {"db": {"url": "there"}}


def test_execution_config_stands_under_config():
    raw = {**GOOD, "execution": {"config": {"retries": {"disabled": {}}}}}
    assert bound(raw).execution == {"retries": {"disabled": {}}}


def test_inputs_given_by_config_are_found_at_every_depth():
    raw = {
        "inputs": {"a": 1},
        "ops": {"add": {"inputs": {"x": 1}}, "g": {"inputs": {"b": 2}, "ops": {"h": {"inputs": {"c": 3}}}}},
    }
    assert input_names(raw) == {
        "": frozenset("a"),
        "add": frozenset("x"),
        "g": frozenset("b"),
        "g.h": frozenset("c"),
    }


def test_the_jobs_own_config_counts_when_none_is_given():
    made = JobDefinition(name="j", graph=pipeline.graph, config=GOOD)
    assert effective_config(made, None, {}) == GOOD
    assert effective_config(made, {"ops": {}}, {}) == {"ops": {}}


def test_a_mapping_turns_a_small_config_into_the_large_one():
    @config_mapping(config_schema={"size": int})
    def sized(given):
        return {"ops": {"load": {"config": {"rows": given["size"]}}}}

    made = JobDefinition(name="j", graph=inside, config=sized)
    assert effective_config(made, {"size": 3}, {}) == {"ops": {"load": {"config": {"rows": 3}}}}


class Size(Config):
    size: int


@config_mapping
def by_size(given: Size):
    return {"load": {"config": {"rows": given.size}}}


@graph(config=by_size)
def mapped():
    load()


@job
def two_mapped():
    mapped.alias("a")()
    mapped.alias("b")()


def test_a_graph_maps_its_config_to_its_ops():
    raw = {"ops": {"a": {"config": {"size": 1}}, "b": {"config": {"size": 2}}}}
    found = bind_run_config(two_mapped, raw, env={}).ops
    assert {key: value["rows"] for key, value in found.items()} == {"a.load": 1, "b.load": 2}


def test_faults_of_several_mapped_graphs_are_listed_together():
    with pytest.raises(InvalidConfigError) as caught:
        bind_run_config(two_mapped, {"ops": {"a": {"config": {}}, "b": {"config": {"size": "x"}}}}, env={})
    assert {"$.ops.a.config.size", "$.ops.b.config.size"} <= {fault.path for fault in caught.value.faults}


def test_config_may_stand_deeper_than_python_calls():
    found, raw = GraphDefinition(name="g", nodes={"load": Node(name="load", definition=load)}), {}
    raw = {"load": {"config": {"rows": 1}}}
    for _ in range(1_500):
        found = GraphDefinition(name="g", nodes={"g": Node(name="g", definition=found)})
        raw = {"g": {"ops": raw}}
    made = JobDefinition(name="j", graph=found)
    (value,) = bind_run_config(made, {"ops": raw}, env={}).ops.values()
    assert value["rows"] == 1


def test_an_input_of_the_outermost_graph_is_bound():
    @graph
    def shifted(start: int):
        return add(start)

    @job
    def unused():
        add()

    raw = {"inputs": {"start": 3}}
    made = JobDefinition(name="j", graph=shifted)
    assert bind_run_config(made, raw, env={}).graph_inputs == {"start": 3}


def test_a_type_that_config_cannot_give_is_a_fault():
    class Thing:
        pass

    @op
    def takes(x: Thing):
        return x

    made = JobDefinition(
        name="j",
        graph=GraphDefinition(
            name="g", nodes={"takes": Node(name="takes", definition=takes, inputs={"x": FromGraphInput("x")})}
        ),
    )
    with pytest.raises(InvalidConfigError, match="which config cannot give"):
        bind_run_config(made, {"ops": {"takes": {"inputs": {"x": 1}}}}, env={})
