from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import asset, job, op
from penstock.define.retry import Backoff, Failure, Jitter, RetryPolicy, RetryRequested
from penstock.errors import InvalidDefinitionError


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [(None, [2, 2, 2, 2]), (Backoff.LINEAR, [2, 4, 6, 8]), (Backoff.EXPONENTIAL, [2, 6, 14, 30])],
)
def test_delays_grow_as_the_backoff_says(backoff, delays):
    policy = RetryPolicy(max_retries=4, delay=2, backoff=backoff)
    assert [policy.calculate_delay(attempt) for attempt in (1, 2, 3, 4)] == delays


def test_without_delay_there_is_no_pause():
    assert RetryPolicy().calculate_delay(3) == 0


@given(st.floats(0, 1), st.integers(1, 10))
def test_jitter_stays_around_the_delay(chance, attempt):
    full = RetryPolicy(delay=2, backoff=Backoff.LINEAR, jitter=Jitter.FULL)
    around = RetryPolicy(delay=2, backoff=Backoff.LINEAR, jitter=Jitter.PLUS_MINUS)
    assert 0 <= full.calculate_delay(attempt, chance) <= 2 * attempt
    assert 2 * attempt - 2 <= around.calculate_delay(attempt, chance) <= 2 * attempt + 2


def test_policies_that_cannot_be_are_refused():
    with pytest.raises(InvalidDefinitionError, match="max_retries"):
        RetryPolicy(max_retries=-1)
    with pytest.raises(InvalidDefinitionError, match="delay"):
        RetryPolicy(jitter=Jitter.FULL)


def test_failures_carry_facts():
    failure = Failure("bad seed", {"rows": 0})
    assert (failure.description, failure.metadata["rows"].value, failure.allow_retries) == (
        "bad seed",
        0,
        True,
    )
    assert not Failure(allow_retries=False).allow_retries


def test_one_more_attempt_is_requested_by_default():
    requested = RetryRequested(seconds_to_wait=2)
    assert (requested.max_retries, requested.seconds_to_wait) == (1, 2)


@pytest.mark.parametrize("given", [0, -1, "5", True, float("inf"), float("nan")])
def test_a_timeout_that_is_no_time_is_refused_where_it_is_written(given):
    with pytest.raises(InvalidDefinitionError, match="timeout= takes seconds"):
        op(timeout=given)(print_nothing)
    with pytest.raises(InvalidDefinitionError, match="timeout= takes seconds"):
        asset(timeout=given)(print_nothing)
    with pytest.raises(InvalidDefinitionError, match="timeout= takes seconds"):
        job(timeout=given)(print_nothing)


@pytest.mark.parametrize("given", [5, "3", {"max_retries": 1}])
def test_what_is_no_retry_policy_is_refused_where_it_is_written(given):
    with pytest.raises(InvalidDefinitionError, match="retry_policy= takes RetryPolicy"):
        op(retry_policy=given)(print_nothing)
    with pytest.raises(InvalidDefinitionError, match="retry_policy= takes RetryPolicy"):
        asset(retry_policy=given)(print_nothing)


@pytest.mark.parametrize(
    "arguments",
    [{"max_retries": "3"}, {"max_retries": 1.5}, {"delay": "1"}, {"delay": -1}, {"delay": float("nan")}],
)
def test_numbers_of_a_policy_are_numbers(arguments):
    with pytest.raises(InvalidDefinitionError, match="RetryPolicy wants"):
        RetryPolicy(**arguments)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (RetryRequested(), "at most 1 in all"),
        (RetryRequested(3, 0.5), "at most 3 in all, the next one after 0.5 s"),
    ],
)
def test_a_request_says_in_words_what_it_asks_for(asked, said):
    assert str(asked) == said
    assert pickle.loads(pickle.dumps(asked)).max_retries == asked.max_retries


def print_nothing(): ...
