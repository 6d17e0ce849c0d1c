"""What the config and the tag of a step may say."""

from __future__ import annotations

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from penstock.config import bind
from penstock.errors import InvalidConfigError
from penstock.spi.executor import Wants
from penstock_ray import ray_executor
from penstock_ray.config import RayConfig
from penstock_ray.definition import RAY_CONFIG
from penstock_ray.feasibility import Node, misfit, processors
from penstock_ray.options import TAG, request_of, requests_of

NODES = (
    Node("a" * 56, "10.0.0.1", {"CPU": 4.0, "memory": 8.0 * 2**30, "node:10.0.0.1": 1.0}),
    Node("b" * 56, "10.0.0.2", {"CPU": 2.0, "GPU": 1.0, "tape": 2.0}),
)


def test_nothing_said_is_a_config():
    assert RayConfig.read(None) == RayConfig()


def test_every_fault_is_told_at_once():
    with pytest.raises(InvalidConfigError) as caught:
        RayConfig.read({"adress": "x", "num_cpus": -1, "window": 0, "fuse": "yes", "auth": "magic"})
    assert len(caught.value.faults) == 5
    assert "Did you mean 'address'?" in str(caught.value)


@pytest.mark.parametrize(
    "config", [{"resources": {"GPU": 1}}, {"num_cpus": 1.5}, {"grace": 0}, {"memory": True}]
)
def test_what_ray_would_refuse_is_refused_here(config):
    with pytest.raises(InvalidConfigError):
        RayConfig.read(config)


def test_what_belongs_to_the_engine_is_left_to_it():
    assert RayConfig.read({"retries": {"enabled": {}}, "tag_concurrency_limits": []}) == RayConfig()


def test_the_definition_knows_each_field():
    own = {one.name for one in fields(RayConfig)}
    assert own == RAY_CONFIG.keys() - {"retries", "tag_concurrency_limits"}


FAULTS = {
    "address": "",
    "num_cpus": -1,
    "num_gpus": 1.5,
    "memory": 0,
    "resources": {"GPU": 1},
    "scheduling_strategy": "FAR",
    "window": 0,
    "max_concurrent": -1,
    "heartbeat": 0,
    "auth": "magic",
}


def test_the_definition_finds_what_the_config_finds_and_what_is_of_another_kind():
    with pytest.raises(InvalidConfigError) as own:
        RayConfig.read(FAULTS)
    with pytest.raises(InvalidConfigError) as found:
        bind(ray_executor.config, {**FAULTS, "fuse": "yes", "unknown": 1, "retries": {"never": {}}}, env={})
    said = {fault.path: fault.wanted for fault in found.value.faults}
    assert said.keys() == {f"$.{name}" for name in (*FAULTS, "fuse", "unknown")} | {"$.retries.never"}
    for fault in own.value.faults:
        assert said[fault.path.replace("$.execution.config", "$")] == fault.wanted


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "num_cpus": st.sampled_from([0, 0.5, 1, 2, 1.5, -1]),
            "window": st.integers(-1, 1002),
            "memory": st.integers(-1, 2),
            "grace": st.floats(-1, 1),
            "resources": st.dictionaries(st.sampled_from(["tape", "CPU"]), st.integers(-1, 1)),
        },
    )
)
def test_the_definition_lets_pass_what_the_config_lets_pass(config):
    def is_right(read):
        try:
            read()
        except InvalidConfigError:
            return False
        return True

    assert is_right(lambda: RayConfig.read(config)) == is_right(
        lambda: bind(ray_executor.config, config, env={})
    )


def test_the_definition_names_the_plugin():
    assert ray_executor.target == "ray"
    assert ray_executor.configured({"address": "auto", "window": 20}).target == "ray"


def test_a_tag_counts_before_wants_before_config():
    config = RayConfig.read({"num_cpus": 1, "num_gpus": 1, "memory": 100, "resources": {"tape": 1}})
    wants = Wants(cpus=2, gpus=2, tags={TAG: {"num_cpus": 3, "resources": {"disk": 1}}})
    request = request_of(wants, config)
    assert (request.cpus, request.gpus, request.memory) == (3, 2, 100)
    assert request.resources == {"tape": 1, "disk": 1}


def test_a_tag_may_be_json_text():
    assert request_of(Wants(tags={TAG: '{"num_cpus": 0.5}'}), RayConfig()).cpus == 0.5


@given(st.one_of(st.text(), st.integers(), st.lists(st.integers()), st.dictionaries(st.text(), st.text())))
def test_any_tag_is_used_or_refused_clearly(tag):
    try:
        request_of(Wants(tags={TAG: tag}), RayConfig(), "step")
    except InvalidConfigError as error:
        said = str(error)
    else:
        return
    assert "tag 'penstock/ray' of step" in said


def test_one_processor_is_asked_for_when_nothing_is_said():
    assert request_of(Wants(), RayConfig()).options() == {"num_cpus": 1.0}


def test_options_say_only_what_was_asked():
    tag = {
        "num_gpus": 1,
        "memory": 5,
        "scheduling_strategy": "SPREAD",
        "runtime_env": {"env_vars": {"A": "b"}},
    }
    assert request_of(Wants(tags={TAG: tag}), RayConfig()).options() == {"num_cpus": 1.0, **tag}


def test_faults_of_the_tags_of_several_steps_are_told_together():
    wanted = [
        ("a", Wants(tags={TAG: {"num_cpu": 1, "memory": -1}})),
        ("b", Wants()),
        ("c", Wants(tags={TAG: "no"})),
    ]
    with pytest.raises(InvalidConfigError) as caught:
        requests_of(wanted, RayConfig())
    assert [one.path for one in caught.value.faults] == ["a: $.num_cpu", "a: $.memory", "c: $"]


def test_each_step_is_told_with_what_it_asks_for():
    assert [
        (name, one.cpus) for name, one in requests_of([("a", Wants(cpus=2)), ("b", Wants())], RayConfig())
    ] == [("a", 2), ("b", 1.0)]


def test_a_request_must_fit_on_one_node():
    assert misfit({"CPU": 2.0, "GPU": 1.0}, NODES) == ""
    assert misfit({"CPU": 4.0, "GPU": 1.0}, NODES)


def test_a_misfit_shows_what_the_nodes_have():
    told = misfit({"CPU": 8.0, "tape": 1.0}, NODES)
    assert "CPU 8, tape 1" in told
    assert "10.0.0.2 (bbbbbbbb): CPU 2, GPU 1, tape 2" in told
    assert "node:" not in told


@given(st.dictionaries(st.sampled_from(["CPU", "GPU", "tape"]), st.floats(0.1, 4), min_size=1))
def test_whatever_fits_on_a_node_is_no_misfit(amounts):
    fits = any(all(node.resources.get(k, 0) >= v for k, v in amounts.items()) for node in NODES)
    assert (misfit(amounts, NODES) == "") == fits


def test_processors_are_counted_over_nodes():
    assert processors(NODES) == 6
