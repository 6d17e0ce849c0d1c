"""When a failed attempt is followed by another, and after how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import Backoff, Failure, Jitter, RetryPolicy, RetryRequested, job, op
from penstock.engine.decide import Retry, retry_after
from penstock.events.view import EventType


def failing(times, error=ValueError, **options):
    """An op that fails so many times before it succeeds."""
    calls = []

    @op(**options)
    def work():
        calls.append(len(calls))
        if len(calls) <= times:
            raise error
        return len(calls)

    return work


def job_of(one, **options):
    @job(**options)
    def alone():
        one()

    return alone


def test_without_a_policy_a_failure_is_final(run):
    result, slept = run(job_of(failing(1)))
    assert (result.success, slept) == (False, [])


def test_a_policy_gives_that_many_further_attempts(run):
    result, _ = run(job_of(failing(2, retry_policy=RetryPolicy(max_retries=2))))
    assert result.success
    assert result.retry_attempts_for_node("work") == 2
    assert result.output_for_node("work") == 3


def test_attempts_end_with_the_policy(run):
    result, _ = run(job_of(failing(3, retry_policy=RetryPolicy(max_retries=2))))
    assert not result.success
    assert len(result.events_of_type(EventType.STEP_UP_FOR_RETRY)) == 2


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [(None, [2, 2, 2]), (Backoff.LINEAR, [2, 4, 6]), (Backoff.EXPONENTIAL, [2, 6, 14])],
)
def test_pauses_grow_as_the_backoff_says(run, backoff, pauses):
    _, slept = run(job_of(failing(3, retry_policy=RetryPolicy(3, delay=2, backoff=backoff))))
    assert slept == pauses


def test_full_jitter_takes_a_part_of_the_delay(run):
    policy = RetryPolicy(2, delay=8, backoff=Backoff.LINEAR, jitter=Jitter.FULL)
    _, slept = run(job_of(failing(2, retry_policy=policy)), chance=0.25)
    assert slept == [2, 4]


def test_plus_minus_jitter_goes_both_ways(run):
    policy = RetryPolicy(1, delay=8, jitter=Jitter.PLUS_MINUS)
    assert sum(run(job_of(failing(1, retry_policy=policy)), chance=0.0)[1]) == 0
    assert run(job_of(failing(1, retry_policy=policy)), chance=1.0)[1] == [16]


def test_the_policy_of_the_job_counts_where_the_op_has_none(run):
    result, _ = run(job_of(failing(1), op_retry_policy=RetryPolicy(1)))
    assert result.success


def test_the_policy_of_the_op_goes_before_that_of_the_job(run):
    result, _ = run(job_of(failing(2, retry_policy=RetryPolicy(1)), op_retry_policy=RetryPolicy(5)))
    assert not result.success


def test_the_policy_of_a_use_goes_before_that_of_the_op(run):
    work = failing(2, retry_policy=RetryPolicy(1))
    result, _ = run(job_of(work.with_retry_policy(RetryPolicy(2))))
    assert result.success


def test_a_requested_retry_needs_no_policy(run):
    result, slept = run(job_of(failing(2, RetryRequested(max_retries=2, seconds_to_wait=3))))
    assert (result.success, slept) == (True, [3, 3])


def test_a_requested_retry_wins_over_the_policy(run):
    result, _ = run(job_of(failing(3, RetryRequested(max_retries=1), retry_policy=RetryPolicy(9))))
    assert not result.success


def test_a_failure_may_forbid_retries(run):
    result, _ = run(job_of(failing(1, Failure("no", allow_retries=False), retry_policy=RetryPolicy(3))))
    assert not result.success
    assert result.retry_attempts_for_node("work") == 0


def test_a_failure_is_retried_otherwise(run):
    result, _ = run(job_of(failing(1, Failure("no"), retry_policy=RetryPolicy(1))))
    assert result.success


@pytest.mark.parametrize(
    "execution",
    [
        {"retries": {"disabled": {}}},
        {"in_process": {"retries": {"disabled": {}}}},
        {"multiprocess": {"retries": {"disabled": {}}}},
    ],
)
def test_run_config_can_disable_retries(run, execution):
    work = job_of(failing(1, retry_policy=RetryPolicy(3)))
    result, _ = run(work, run_config={"execution": {"config": execution}})
    assert not result.success


def test_run_config_can_enable_retries(run):
    work = job_of(failing(1, retry_policy=RetryPolicy(3)))
    config = {"execution": {"config": {"in_process": {"retries": {"enabled": {}}}}}}
    assert run(work, run_config=config)[0].success


def test_other_steps_go_on_while_one_waits(run):
    ended = []

    @op
    def other():
        ended.append("other")

    work = failing(1, retry_policy=RetryPolicy(1, delay=60))

    @job
    def both():
        work()
        other()

    result, slept = run(both)
    order = [event.step_key for event in result.get_step_success_events()]
    assert (order, slept) == (["other", "work"], [60])


def test_the_last_error_is_kept_when_attempts_are_used_up(run):
    result, _ = run(job_of(failing(9, KeyError("x"), retry_policy=RetryPolicy(1))))
    data = result.failure_data_for_node("work")
    assert data.error.cls_name == "KeyError"


def test_what_the_user_said_of_a_failure_is_recorded(run):
    result, _ = run(job_of(failing(1, Failure("bad rows", metadata={"rows": 3}))))
    said = result.failure_data_for_node("work").user_failure_data
    assert said.description == "bad rows"
    assert said.metadata["rows"].value == 3


policies = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 5),
    delay=st.floats(0, 100),
    backoff=st.sampled_from([None, *Backoff]),
    jitter=st.sampled_from([None, *Jitter]),
)


@given(policies, st.integers(1, 8), st.floats(0, 1))
def test_no_pause_is_negative_and_no_attempt_is_too_many(policy, attempt, chance):
    found = retry_after(ValueError(), attempt, policy, chance=chance, enabled=True)
    assert (found is not None) == (attempt <= policy.max_retries)
    assert found is None or found.wait >= 0


@given(policies, st.integers(1, 8))
def test_nothing_is_retried_when_that_is_disabled(policy, attempt):
    assert retry_after(RetryRequested(9), attempt, policy, chance=0.5, enabled=False) is None


@given(policies, st.integers(1, 8))
def test_a_request_counts_its_own_attempts(policy, attempt):
    found = retry_after(RetryRequested(4, 1.5), attempt, policy, chance=0.5, enabled=True)
    assert found == (Retry(1.5) if attempt <= 4 else None)
