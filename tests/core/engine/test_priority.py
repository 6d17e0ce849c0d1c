"""Of the steps that are ready, the most urgent goes first: with limits, retries and chains as without."""

from __future__ import annotations

import pytest

from penstock import DynamicOut, DynamicOutput, RetryRequested, job, op
from penstock.engine.chains import chain_from
from penstock.engine.decide import Submit, next_command
from penstock.engine.state import RunState
from penstock.events.values import StepRestarted, StepStarted
from penstock.host.instance import Instance
from penstock.host.prepare import Launch, prepare
from penstock.plan.expand import build_plan


def use(definition, name, priority=None):
    node = definition.alias(name)
    return node if priority is None else node.tag({"penstock/priority": str(priority)})


def order_of(result):
    return [one.step for one in result.happened if isinstance(one, StepStarted)]


@op
def source():
    return 1


@op
def step(x):
    return x


@op(out=DynamicOut())
def spread():
    for key in "ab":
        yield DynamicOutput(1, mapping_key=key)


def test_steps_without_priority_go_in_the_order_of_the_plan(run):
    @job
    def flat():
        for name in "abc":
            use(source, name)()

    assert order_of(run(flat)[0]) == ["a", "b", "c"]


def test_higher_goes_first_and_lower_last(run):
    @job
    def flat():
        for name, priority in {"a": -1, "b": None, "c": 10, "d": 9, "e": None}.items():
            use(source, name, priority)()

    assert order_of(run(flat)[0]) == ["c", "d", "b", "e", "a"]


def test_a_step_waits_for_its_sources_whatever_its_priority(run):
    @job
    def deep():
        use(step, "last", 99)(use(source, "first")())
        use(source, "other", 1)()
        use(source, "more")()

    assert order_of(run(deep)[0]) == ["other", "first", "last", "more"]


def test_mapped_steps_have_the_priority_of_their_step(run):
    @job
    def wide():
        made = spread()
        made.map(use(step, "low"))
        made.map(use(step, "high", 1))

    assert order_of(run(wide)[0]) == ["spread", "high[a]", "high[b]", "low[a]", "low[b]"]


def test_a_retry_that_is_due_lets_more_urgent_ones_pass(run):
    tried = []

    @op
    def shaky():
        tried.append(1)
        if len(tried) == 1:
            raise RetryRequested(max_retries=1, seconds_to_wait=0)

    @job
    def mixed():
        use(step, "urgent", 5)(use(source, "b", 1)())
        use(shaky, "again", 2)()
        use(source, "low")()

    result, _ = run(mixed)
    assert result.success
    starts = [one.step for one in result.happened if isinstance(one, StepStarted | StepRestarted)]
    assert starts == ["again", "again", "b", "urgent", "low"]


def test_a_retry_of_less_urgency_waits_for_what_is_ready():
    @job
    def mixed():
        use(source, "a", 1)()
        use(source, "b")()

    state = RunState(build_plan(mixed))
    a, b = state.unit("a"), state.unit("b")
    state._retry_at(b, 0.0)
    command = next_command(state, 1.0, 0, 1)
    assert command == Submit(a, 1)


def test_what_a_limit_held_back_goes_on_by_priority():
    @job
    def flat():
        for name, priority in {"a": 0, "b": 2, "c": 1}.items():
            use(source, name, priority)()

    state = RunState(build_plan(flat))
    for name in "acb":
        state.park(state.unit(name), "full")
    order = []
    while state.unpark("full", 0.0):
        order.append(state.key(state.next_ready()))
        state.claim(state.next_ready())
    assert order == ["b", "c", "a"]


@pytest.mark.parametrize(("priority", "length"), [(None, 3), (1, 1), (-1, 3)])
def test_what_others_may_overtake_joins_no_chain(priority, length):
    @job
    def line():
        use(step, "z")(use(step, "y")(use(source, "x")()))
        use(source, "other", priority)()

    with Instance.ephemeral() as instance:
        program = prepare(line, Launch(), instance).program
        state = RunState(program.plan)
        assert len(chain_from(program, state, state.unit("x"), 10)) == length
