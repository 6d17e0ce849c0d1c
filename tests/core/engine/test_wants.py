"""What a step asks of the place that runs it."""

from __future__ import annotations

import pytest

from penstock import asset, op
from penstock.define.executor import as_executor
from penstock.engine.wants import RAY_TAG, executor_key, executor_value, wants_of
from penstock.errors import InvalidDefinitionError


@op
def plain(): ...


@op
async def waiting(): ...


def test_a_step_that_says_nothing_wants_a_process_and_no_resources():
    wants = wants_of(plain, {}, None, None)
    assert (wants.lane, wants.cpus, wants.gpus, wants.memory, wants.timeout) == ("process", *[None] * 4)
    assert wants.executor is None


def test_an_async_function_wants_the_event_loop():
    assert wants_of(waiting, {}, None, None).lane == "async"


def test_what_is_said_for_the_asset_wins_over_tags_and_tags_over_the_function():
    assert wants_of(waiting, {"penstock/lane": "thread"}, None, None).lane == "thread"
    given = {"executor": None, "compute": {"lane": "process"}}
    assert wants_of(waiting, {"penstock/lane": "thread"}, given, None).lane == "process"


def test_a_lane_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(InvalidDefinitionError, match=r"'plain'.*'fibre'.*process, thread, async"):
        wants_of(plain, {"penstock/lane": "fibre"}, None, None)


def test_a_tag_for_ray_that_is_no_json_is_refused():
    compute = {"executor": None, "compute": {"resources": {"a": 1}}}
    with pytest.raises(InvalidDefinitionError, match=r"penstock/ray.*wants a mapping"):
        wants_of(plain, {"penstock/ray": "{bad"}, compute, None)


def test_plain_compute_is_understood_and_the_rest_is_passed_on():
    given = {"executor": "ray", "compute": {"num_cpus": 2, "memory": 10, "resources": {"tpu": 1}}}
    wants = wants_of(plain, {RAY_TAG: '{"max_calls": 1}'}, given, 3.0)
    assert (wants.executor, wants.cpus, wants.memory, wants.timeout) == ("ray", 2, 10, 3.0)
    assert wants.tags[RAY_TAG] == {"max_calls": 1, "resources": {"tpu": 1}}


def test_a_tag_may_name_the_executor_and_the_asset_says_it_better():
    tags = {"penstock/executor": "ray"}
    assert wants_of(plain, tags, None, None).executor == "ray"
    assert wants_of(plain, tags, "process", None).executor == "process"


def test_executors_given_by_value_are_told_apart():
    one, two = as_executor({"process": {}}), as_executor({"process": {"max_concurrent": 1}})
    assert executor_key(one) != executor_key(two)
    assert executor_key(one) == wants_of(plain, {}, one, None).executor
    assert executor_value({"executor": one, "compute": None}) is one
    assert executor_value(one) is one


def test_an_asset_carries_what_it_was_given():
    @asset(executor="process", compute={"num_cpus": 2})
    def made(): ...

    assert wants_of(plain, {}, made.executor, None).cpus == 2
