"""Run config and tags follow from a partition, and what goes wrong in that is told."""

from __future__ import annotations

import pytest

from penstock import Config, PartitionedConfig, RunConfig, StaticPartitionsDefinition
from penstock.errors import ConfigMappingFunctionError, InvalidDefinitionError

LETTERS = StaticPartitionsDefinition(["x", "y"])


class Word(Config):
    word: str


def test_config_follows_from_the_key():
    config = PartitionedConfig(LETTERS, run_config_for_partition_key_fn=lambda key: {"ops": {key: {}}})
    assert config.get_run_config_for_partition_key("x") == {"ops": {"x": {}}}
    assert list(config.get_partition_keys()) == ["x", "y"]


def test_a_run_config_becomes_plain():
    config = PartitionedConfig(
        LETTERS, run_config_for_partition_key_fn=lambda key: RunConfig(ops={"say": Word(word=key)})
    )
    assert config.get_run_config_for_partition_key("x")["ops"] == {"say": {"config": {"word": "x"}}}


def test_tags_hold_the_partition_and_what_the_function_says():
    config = PartitionedConfig(
        LETTERS,
        run_config_for_partition_key_fn=lambda _key: {},
        tags_for_partition_key_fn=lambda key: {"letter": key, "penstock/partition": "never"},
    )
    assert config.get_tags_for_partition_key("x") == {"letter": "x", "penstock/partition": "x"}


def test_calling_it_calls_what_was_decorated():
    config = PartitionedConfig(
        LETTERS, run_config_for_partition_key_fn=lambda _key: {}, decorated_fn=lambda a, b: a + b
    )
    assert config(1, 2) == 3


def test_a_function_that_raises_is_named():
    def broken(_key):
        raise ValueError("no")

    config = PartitionedConfig(LETTERS, run_config_for_partition_key_fn=broken)
    with pytest.raises(ConfigMappingFunctionError, match="'broken' raised for the config of partition 'x'"):
        config.get_run_config_for_partition_key("x")


def test_something_else_than_config_is_refused():
    config = PartitionedConfig(LETTERS, run_config_for_partition_key_fn=lambda key: [key])
    with pytest.raises(ConfigMappingFunctionError, match="Return a dict or a RunConfig"):
        config.get_run_config_for_partition_key("x")


def test_what_cannot_be_called_is_refused():
    config: object = {"ops": {}}
    with pytest.raises(InvalidDefinitionError, match="wants a function"):
        PartitionedConfig(LETTERS, run_config_for_partition_key_fn=config)
