from __future__ import annotations

import pytest

from penstock.config import bind
from penstock.define.executor import (
    executor,
    in_process_executor,
    multi_or_in_process_executor,
    multiprocess_executor,
)
from penstock.errors import InvalidConfigError


def test_ready_made_executors_name_their_plugin():
    named = [in_process_executor, multiprocess_executor, multi_or_in_process_executor]
    assert [one.target for one in named] == ["in_process", "multiprocess", "multi_or_in_process"]


def test_config_has_defaults():
    assert bind(in_process_executor.config, env={})["retries"] == {"enabled": {}}
    assert bind(multiprocess_executor.config, env={})["max_concurrent"] is None
    assert list(bind(multi_or_in_process_executor.config, env={})) == ["multiprocess"]


def test_config_is_checked():
    given = {"max_concurrent": 2, "retries": {"disabled": {}}}
    assert bind(multiprocess_executor.config, given, env={})["max_concurrent"] == 2
    with pytest.raises(InvalidConfigError, match="max_concurrent"):
        bind(multiprocess_executor.config, {"max_concurrent": "two"}, env={})


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
