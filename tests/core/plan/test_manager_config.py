"""Outputs and inputs give config to the managers that store and load them."""

from __future__ import annotations

import pytest

from penstock import (
    Field,
    In,
    InvalidConfigError,
    IOManager,
    ResourceDefinition,
    asset,
    input_manager,
    io_manager,
    job,
    materialize,
    op,
)


class Noting(IOManager):
    def __init__(self):
        self.seen = []

    def handle_output(self, context, obj):
        self.seen.append((context.step_key, context.name, context.config))

    def load_input(self, context):
        self.seen.append((context.step_key, context.name, context.upstream_output.config))
        return 3


def noting(manager, schema):
    @io_manager(output_config_schema=schema)
    def made():
        return manager

    return made


@op
def first():
    return 1


@op
def second(x):
    return x


def chain_with(manager):
    @job(resource_defs={"io_manager": manager})
    def chain():
        second(first())

    return chain


def test_an_output_gives_config_to_its_manager():
    manager = Noting()
    chain = chain_with(noting(manager, {"folder": Field(str, default_value="usual")}))
    given = {"ops": {"first": {"outputs": {"result": {"folder": "other"}}}}}
    assert chain.execute_in_process(run_config=given).success
    assert manager.seen == [
        ("first", "result", {"folder": "other"}),
        ("second", "x", {"folder": "other"}),
        ("second", "result", {"folder": "usual"}),
    ]


def test_an_asset_gives_config_to_its_manager():
    manager = Noting()

    @asset
    def rows():
        return 1

    given = {"ops": {"rows": {"outputs": {"result": {"folder": "other"}}}}}
    materialize([rows], resources={"io_manager": noting(manager, {"folder": str})}, run_config=given)
    assert manager.seen == [("rows", "result", {"folder": "other"})]


def test_faults_of_such_config_are_told_before_the_run():
    chain = chain_with(noting(Noting(), {"folder": str}))
    with pytest.raises(InvalidConfigError) as caught:
        chain.execute_in_process(run_config={"ops": {"first": {"outputs": {"result": {"folder": 3}}}}})
    assert "$.ops.first.outputs.result.folder" in str(caught.value)
    assert "$.ops.second.outputs.result.folder" in str(caught.value)
    with pytest.raises(InvalidConfigError, match=r"outputs\.rows.*one of the outputs"):
        chain.execute_in_process(run_config={"ops": {"first": {"outputs": {"rows": {}}}}})


def test_a_manager_that_takes_no_such_config_is_named():
    chain = chain_with(ResourceDefinition.hardcoded_resource(Noting()))
    with pytest.raises(InvalidConfigError, match="'io_manager' takes no config of single"):
        chain.execute_in_process(run_config={"ops": {"first": {"outputs": {"result": {"folder": "a"}}}}})


def test_an_input_gives_config_to_the_manager_that_loads_it():
    @input_manager(input_config_schema={"n": Field(int, default_value=1)}, required_resource_keys={"base"})
    def counting(context):
        return context.resources.base + context.config["n"]

    @op(ins={"n": In(input_manager_key="counting")})
    def take(n):
        return n

    @job(resource_defs={"counting": counting, "base": 10})
    def taking():
        take()

    assert taking.execute_in_process().output_for_node("take") == 11
    given = {"ops": {"take": {"inputs": {"n": {"n": 5}}}}}
    assert taking.execute_in_process(run_config=given).output_for_node("take") == 15
    with pytest.raises(InvalidConfigError, match="Int"):
        taking.execute_in_process(run_config={"ops": {"take": {"inputs": {"n": {"n": "x"}}}}})
