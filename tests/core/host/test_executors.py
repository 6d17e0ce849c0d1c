"""What the config of an executor means for the engine, wherever it was said."""

from __future__ import annotations

import pytest

from penstock import (
    RetryPolicy,
    executor,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
)
from penstock.host.executors import choose, limits_of
from penstock.host.instance import Instance
from penstock.host.prepare import Launch, prepare

ONE = [{"key": "database", "value": "prod", "limit": 1}]
NO_RETRIES = {"retries": {"disabled": {}}}


@op(tags={"database": "prod"}, retry_policy=RetryPolicy(max_retries=1))
def failing():
    raise ValueError("no")


def job_with(executor_def):
    @job(executor_def=executor_def)
    def made():
        failing()

    return made


def limits(executor_def):
    with Instance.ephemeral() as instance:
        program = prepare(job_with(executor_def), Launch(), instance).program
        return limits_of(choose(program, None, runs_here=False), program, instance.settings)


@pytest.mark.parametrize(
    "executor_def",
    [
        multiprocess_executor.configured({"tag_concurrency_limits": ONE}),
        {"process": {"tag_concurrency_limits": ONE}},
        {"thread": {"tag_concurrency_limits": ONE}},
    ],
    ids=["configured", "process", "thread"],
)
def test_limits_with_which_an_executor_was_configured_hold(executor_def):
    found = limits(executor_def)
    assert found.counters({"database": "prod"}, None) == ("tag database=prod",)


@pytest.mark.parametrize(
    "executor_def",
    [in_process_executor.configured(NO_RETRIES), multiprocess_executor.configured(NO_RETRIES)],
    ids=["in_process", "multiprocess"],
)
def test_an_executor_that_was_configured_without_retries_has_none(executor_def):
    result = job_with(executor_def).execute_in_process(raise_on_error=False)
    assert not [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]


def test_config_that_an_executor_misses_harms_no_run_without_it():
    @executor(config_schema={"address": str})
    def far_away(context):
        raise AssertionError(context)

    result = job_with(far_away).execute_in_process(raise_on_error=False)
    assert [event.step_key for event in result.all_events if event.is_step_failure] == ["failing"]
