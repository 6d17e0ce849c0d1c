"""Lost tasks: whether an attempt counts, what follows it, and who has to run again."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import courier
from courier import Courier
from far_jobs import KEPT, OPS, RAN, Shelf

from penstock import Instance, RetryPolicy, job
from penstock.define.executor import as_executor
from penstock.engine.losses import MOST_FREE
from penstock.events import values as v
from penstock.host.launch import Launch, launch

TWICE = RetryPolicy(max_retries=1)
AGAIN = {"penstock/recompute": "true"}


def step(name, policy=None, tags=None, kind="plain"):
    made = OPS[kind].alias(name)
    made = made.tag(tags) if tags else made
    return made.with_retry_policy(policy) if policy else made


def pair(policy=None, tags=None, resources=None):
    """A job of two steps, ``b`` reads ``a``."""

    @job(resource_defs=resources or {})
    def made():
        step("b", policy)([step("a", policy, tags)([])])

    return made


def dooming(fates):
    """The fate of each task, by its key; those that are left out go well."""
    return lambda key: fates.get(key, courier.FINE)


@pytest.fixture
def carry_out():
    """Runs a job by a courier; gives the result and the courier."""

    def run(definition, **options):
        RAN.clear()
        KEPT.clear()
        far = Courier(**options)
        definition = attrs.evolve(definition, executor_def=as_executor(far))
        stores = "io_manager" in definition.resource_defs
        with Instance.ephemeral() as instance:
            given = Launch(raise_on_error=False, keeps_values=False, stores_op_outputs=stores)
            return launch(definition, given, instance), far

    return run


def failure_of(result, name):
    (found,) = (one for one in result.happened if isinstance(one, v.StepFailed) and one.step == name)
    return found


def starts(result):
    return Counter(one.step for one in result.happened if isinstance(one, v.StepStarted | v.StepRestarted))


def test_an_attempt_that_never_began_is_free_and_goes_under_another_key(carry_out):
    result, far = carry_out(pair(), fate=dooming({"a#1": courier.NEVER_BEGAN, "a#1.1": courier.NEVER_BEGAN}))
    assert far.submitted == ["a#1", "a#1.1", "a#1.2", "b#1"]
    assert result.success
    assert starts(result) == RAN == {"a": 1, "b": 1}


def test_a_task_that_never_begins_at_last_fails_its_step(carry_out):
    result, far = carry_out(pair(TWICE), fate=lambda _key: courier.NEVER_BEGAN)
    assert len(far.submitted) == MOST_FREE + 1
    assert starts(result) == RAN == {}
    assert failure_of(result, "a").attempt == 0
    assert "never began" in failure_of(result, "a").error.message
    assert failure_of(result, "a").blame is v.Blame.WORKER


def test_a_lost_attempt_counts_and_is_repeated_as_the_policy_says(carry_out):
    result, far = carry_out(pair(TWICE), fate=dooming({"a#1": courier.LOST_AFTER}))
    assert far.submitted == ["a#1", "a#2", "b#1"]
    assert result.success
    assert starts(result) == RAN == {"a": 2, "b": 1}


def test_without_a_policy_a_lost_attempt_fails_the_step_and_its_readers_do_not_run(carry_out):
    result, _ = carry_out(pair(), fate=dooming({"a#1": courier.LOST_BEFORE}))
    assert "came to no end: killed" in failure_of(result, "a").error.message
    assert starts(result) == {"a": 1}


def test_a_stored_value_that_is_gone_is_loaded_and_no_attempt_is_counted(carry_out):
    definition = pair(resources={"io_manager": PassingShelf()})
    result, far = carry_out(definition, fate=dooming({"b#1": courier.INPUT_GONE}))
    assert far.submitted == ["a#1", "b#1", "b#1.1"]
    assert result.success
    assert starts(result) == RAN == {"a": 1, "b": 1}


class PassingShelf(Shelf):
    """Keeps values, and lets them be handed on as well."""

    passes_through = True


def test_a_step_runs_again_for_its_value_only_when_it_may(carry_out):
    result, far = carry_out(pair(tags=AGAIN), fate=dooming({"b#1": courier.INPUT_GONE}))
    assert far.submitted == ["a#1", "b#1", "a#2", "b#1.1"]
    assert result.success
    assert starts(result) == RAN == {"a": 2, "b": 1}
    (note,) = (one.message for one in result.happened if isinstance(one, v.EngineNoted))
    assert "What a handed on was lost" in note


def test_else_the_reader_fails_and_says_what_to_do(carry_out):
    result, far = carry_out(pair(TWICE), fate=dooming({"b#1": courier.INPUT_GONE}))
    assert far.submitted == ["a#1", "b#1"]
    assert starts(result) == RAN == {"a": 1}
    message = failure_of(result, "b").error.message
    assert "I/O manager" in message
    assert "penstock/recompute" in message


def test_a_value_that_is_lost_over_and_over_is_not_made_for_ever(carry_out):
    gone = lambda key: courier.INPUT_GONE if key.startswith("b") else courier.FINE
    result, _ = carry_out(pair(tags=AGAIN), fate=gone)
    assert not result.success
    assert RAN["a"] == MOST_FREE + 1


def test_readers_of_a_lost_value_that_are_on_their_way_run_once(carry_out):
    @job
    def three():
        first = step("a", tags=AGAIN)([])
        for name in "bcd":
            step(name)([first])

    result, _ = carry_out(three, fate=dooming({"b#1": courier.INPUT_GONE}))
    assert result.success
    assert RAN == starts(result) == {"a": 2, "b": 1, "c": 1, "d": 1}


def test_what_made_the_lost_value_possible_runs_again_as_well(carry_out):
    @job
    def line():
        step("c")([step("b", tags=AGAIN)([step("a", tags=AGAIN)([])])])

    result, _ = carry_out(line, fate=dooming({"c#1": courier.INPUT_GONE}))
    assert result.success
    assert RAN == {"a": 2, "b": 2, "c": 1}
