"""Config mappings and configured definitions."""

from __future__ import annotations

import attrs
import pytest

from penstock.config import (
    Config,
    ConfigMapping,
    EnvVar,
    Field,
    RunConfig,
    bind,
    config_mapping,
    configured,
    configured_field,
)
from penstock.errors import ConfigMappingFunctionError, InvalidConfigError, InvalidDefinitionError


class Simple(Config):
    who: str
    loud: bool = False


class Full(Config):
    text: str


def test_a_mapping_turns_a_small_config_into_the_large_one():
    @config_mapping(config_schema={"name": str})
    def by_name(value):
        return {"ops": {"read": {"config": {"path": f"data/{value['name']}.csv"}}}}

    assert by_name.apply({"name": "birds"}, env={}) == {
        "ops": {"read": {"config": {"path": "data/birds.csv"}}}
    }
    with pytest.raises(InvalidConfigError, match=r"\$\.name"):
        by_name.apply({}, env={})


def test_a_bare_mapping_takes_the_schema_from_the_annotation():
    @config_mapping
    def simplified(config: Simple) -> RunConfig:
        return RunConfig(ops={"say": Full(text=f"hello {config.who}")})

    assert simplified.apply({"who": "ann"}, env={})["ops"] == {"say": {"config": {"text": "hello ann"}}}
    with pytest.raises(InvalidConfigError, match="who"):
        simplified.apply(env={})
    assert simplified(Simple(who="bo")).to_config_dict()["ops"]["say"]["config"]["text"] == "hello bo"


def test_a_mapping_that_raises_is_named_and_chained():
    def broken(value):
        raise KeyError("ouch")

    with pytest.raises(ConfigMappingFunctionError, match="'broken' raised KeyError") as caught:
        ConfigMapping(config_fn=broken).apply({}, env={})
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.user_exception is caught.value.__cause__


def test_a_mapping_may_get_its_config_unprocessed():
    seen = []
    mapping = ConfigMapping(
        lambda value: seen.append(value) or {}, {"word": str}, receive_processed_config_values=False
    )
    mapping.apply({"word": {"env": "WORD"}}, env={"WORD": "w"})
    assert seen == [{"word": {"env": "WORD"}}]


def test_checking_a_mapping_does_not_run_it():
    mapping = ConfigMapping(lambda value: 1 / 0, {"n": int})
    mapping.check({"n": EnvVar.int("N")})
    with pytest.raises(InvalidConfigError, match=r"\$\.n"):
        mapping.check({"n": "x"})


def test_configured_by_a_dict_leaves_nothing_to_give():
    field = configured_field({"name": str, "times": Field(int, default_value=3)}, {"name": "x"})
    assert bind(field, env={}) == {"name": "x", "times": 3}
    with pytest.raises(InvalidConfigError, match="name"):
        bind(field, {"name": "y"}, env={})


def test_configured_by_a_function_takes_what_is_left():
    field = configured_field(
        {"name": str, "times": int}, lambda config: {"name": "y", **config}, {"times": int}
    )
    assert bind(field, {"times": 2}, env={}) == {"name": "y", "times": 2}
    with pytest.raises(InvalidConfigError, match=r"\$\.times"):
        bind(field, env={})


def test_configured_functions_chain():
    inner = configured_field({"n": int}, lambda tens: {"n": tens * 10}, int)
    outer = configured_field(inner, 4)
    assert bind(outer, env={}) == {"n": 40}


def test_a_config_that_configured_made_wrongly_says_so():
    field = configured_field({"n": int}, {"n": "x"})
    with pytest.raises(InvalidConfigError, match=r"\$\.ops\.five\.config\.n: .*`configured`"):
        bind(field, env={}, path="$.ops.five.config")


def test_variables_in_a_settled_config_are_looked_up_when_it_is_bound():
    field = configured_field({"n": int}, {"n": {"env": "N"}})
    assert bind(field, env={"N": "5"}) == {"n": 5}


def test_a_settled_function_takes_its_schema_from_the_annotation():
    def loud(config: Simple) -> dict:
        return {"text": config.who.upper()}

    assert bind(configured_field(Full, loud), {"who": "ann"}, env={}) == Full(text="ANN")


@attrs.frozen
class Definition:
    name: str
    settled: object = None

    def configured(self, config_or_fn, config_schema=None, name=None, description=None):
        return Definition(name, (config_or_fn, config_schema, description))


def test_configured_calls_the_definition_with_the_functions_name():
    definition = Definition("repeat")
    assert configured(definition, name="five", description="d")({"n": 5}) == Definition(
        "five", ({"n": 5}, None, "d")
    )

    @configured(definition, config_schema=int)
    def repeat_y(config):
        return config

    assert repeat_y.name == "repeat_y"


def test_what_cannot_be_configured_is_refused():
    with pytest.raises(InvalidDefinitionError, match="found 5"):
        configured(5)
