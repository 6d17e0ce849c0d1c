"""Run configs as objects and dicts."""

from __future__ import annotations

import pydantic
import pytest

from penstock.config import Config, EnvVar, RunConfig, as_run_config_dict
from penstock.errors import InvalidConfigError


class Bake(Config):
    minutes: int


class Model(pydantic.BaseModel):
    n: int


def test_objects_say_the_same_as_a_nested_dict():
    run_config = RunConfig(ops={"bake": Bake(minutes=9)}, resources={"model": Model(n=1)})
    assert run_config.to_config_dict() == {
        "ops": {"bake": {"config": {"minutes": 9}}},
        "resources": {"model": {"config": {"n": 1}}},
        "loggers": {},
        "execution": {},
    }


def test_graphs_nest_in_run_configs():
    run_config = RunConfig(ops={"outer": {"ops": {"inner": {"ops": {"bake": Bake(minutes=1)}}}}})
    assert run_config.to_config_dict()["ops"] == {
        "outer": {"ops": {"inner": {"ops": {"bake": {"config": {"minutes": 1}}}}}}
    }


def test_objects_may_stand_in_a_dict():
    given = {
        "ops": {"bake": Bake(minutes=1), "other": {"config": Bake(minutes=2), "inputs": {"x": 3}}},
        "execution": {"config": {"max_concurrent": 1}},
    }
    assert as_run_config_dict(given) == {
        "ops": {
            "bake": {"config": {"minutes": 1}},
            "other": {"config": {"minutes": 2}, "inputs": {"x": 3}},
        },
        "execution": {"config": {"max_concurrent": 1}},
    }


def test_references_stay_references():
    assert as_run_config_dict({"ops": {"x": {"config": {"user": EnvVar("USER")}}}}) == {
        "ops": {"x": {"config": {"user": {"env": "USER"}}}}
    }


def test_nothing_is_an_empty_run_config():
    assert as_run_config_dict(None) == {}
    assert RunConfig(ops=None).to_config_dict()["ops"] == {}
    assert RunConfig({"bake": {"config": 1}}).to_config_dict()["ops"] == {"bake": {"config": 1}}


def test_what_is_wrong_is_left_for_the_schema_to_name():
    given = {"phantom_section": {}, "ops": None}
    assert as_run_config_dict(given) == given


def test_what_is_no_run_config_is_refused():
    with pytest.raises(InvalidConfigError, match="found 5"):
        as_run_config_dict(5)
