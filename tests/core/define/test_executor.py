from __future__ import annotations

import pytest

from penstock.config import bind
from penstock.define.executor import (
    as_executor,
    executor,
    in_process_executor,
    multi_or_in_process_executor,
    multiprocess_executor,
)
from penstock.errors import InvalidConfigError, InvalidDefinitionError


def test_ready_made_executors_name_their_plugin():
    named = [in_process_executor, multiprocess_executor, multi_or_in_process_executor]
    assert [one.target for one in named] == ["in_process", "multiprocess", "multi_or_in_process"]


def test_a_definition_is_shown_by_its_name():
    assert repr(multiprocess_executor.configured({"max_concurrent": 1})) == "<executor 'multiprocess'>"


def test_config_has_defaults():
    assert bind(in_process_executor.config, env={})["retries"] == {"enabled": {}}
    assert bind(multiprocess_executor.config, env={})["max_concurrent"] is None
    assert list(bind(multi_or_in_process_executor.config, env={})) == ["multiprocess"]


def test_config_is_checked():
    given = {"max_concurrent": 2, "retries": {"disabled": {}}}
    assert bind(multiprocess_executor.config, given, env={})["max_concurrent"] == 2
    with pytest.raises(InvalidConfigError, match="max_concurrent"):
        bind(multiprocess_executor.config, {"max_concurrent": "two"}, env={})


@pytest.mark.parametrize(
    "given",
    [
        {"max_concurrent": 0, "max_threads": 1, "max_worker_memory": 1, "max_step_memory": 1},
        {"max_concurrent": {"env": "N"}},
        {"start_method": "spawn"},
        {"start_method": {"forkserver": {"preload_modules": ["json"]}}},
        {"tag_concurrency_limits": [{"key": "db", "limit": 1, "value": {"applyLimitPerUniqueValue": True}}]},
    ],
)
def test_what_the_pool_takes_is_right_in_a_run_config(given):
    assert (
        bind(multiprocess_executor.config, given, env={"N": "2"}).items()
        >= {"retries": {"enabled": {}}}.items()
    )


def test_a_number_from_the_environment_is_looked_at_as_well():
    with pytest.raises(InvalidConfigError, match="whole number, or 0"):
        bind(multiprocess_executor.config, {"max_concurrent": {"env": "N"}}, env={"N": "-2"})


def test_configured_settles_config():
    one = multiprocess_executor.configured({"max_concurrent": 1}, name="one_by_one")
    assert (one.name, one.target) == ("one_by_one", "multiprocess")
    assert bind(one.config, env={})["max_concurrent"] == 1


def test_a_function_makes_an_executor():
    @executor(name="mine", config_schema={"n": int}, requirements=["store"])
    def made(init_context):
        """Mine."""

    @executor
    def bare(init_context): ...

    assert (made.name, made.requirements, made.description, made.target) == ("mine", ["store"], "Mine.", None)
    assert (bare.name, bare.executor_creation_fn("c")) == ("bare", None)


@pytest.mark.parametrize(
    "name",
    ["in_process", "inline", "multiprocess", "process", "multiprocess_executor", "in_process_executor"],
)
def test_names_of_penstock_stand_for_its_definitions(name):
    assert as_executor(name) in (in_process_executor, multiprocess_executor)


def test_another_name_is_left_to_plugins():
    found = as_executor("ray")
    assert (found.name, found.target) == ("ray", "ray")
    assert bind(found.config, {"anything": 1}, env={}) == {"anything": 1}


def test_a_name_with_config_is_settled():
    found = as_executor({"process": {"max_concurrent": 3}})
    assert bind(found.config, env={})["max_concurrent"] == 3
    assert found.target == "multiprocess"


def test_an_executor_itself_is_given_out_as_it_is():
    class Mine:
        def submit(self): ...
        def collect(self): ...

    mine = Mine()
    assert as_executor(mine).executor_creation_fn("context") is mine
    assert as_executor(as_executor(mine)).name == "Mine"
    assert as_executor(None) is None


@pytest.mark.parametrize(
    "given", [3, {"process": {}, "ray": {}}, object()], ids=lambda one: type(one).__name__
)
def test_everything_else_is_refused_with_what_there_is(given):
    with pytest.raises(InvalidDefinitionError, match="takes a name such as 'process'"):
        as_executor(given)
