"""The tag for priorities, and the order that it gives a plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import Definitions, asset, define_asset_job, graph, job, op
from penstock.errors import InvalidDefinitionError
from penstock.plan.expand import build_plan
from penstock.plan.model import NO_PRIORITIES
from penstock.plan.priorities import turns


@op
def plain(): ...


@op(tags={"penstock/priority": 3})
def urgent(): ...


@op
def reads(one): ...


def plan_of(*nodes):
    @job
    def made():
        for node in nodes:
            node()

    return build_plan(made)


def priorities(plan):
    return {plan.steps[step].key: priority for step, priority in plan.priorities.items()}


def test_without_tags_there_is_nothing_to_keep():
    plan = plan_of(plain)
    assert plan.priorities is NO_PRIORITIES
    assert plan.top_priority == 0


def test_the_tag_is_that_of_the_op_or_of_its_use():
    plan = plan_of(plain, urgent, urgent.alias("more").tag({"penstock/priority": "7"}))
    assert priorities(plan) == {"urgent": 3, "more": 7}
    assert plan.top_priority == 7


def test_a_plan_of_less_urgent_steps_alone_has_their_priority():
    plan = plan_of(plain.tag({"penstock/priority": "-2"}))
    assert plan.top_priority == -2
    assert plan_of(plain, plain.alias("low").tag({"penstock/priority": "-2"})).top_priority == 0


def test_an_asset_has_it_among_its_op_tags():
    @asset(op_tags={"penstock/priority": "5"})
    def first(): ...

    defs = Definitions(assets=[first], jobs=[define_asset_job("every", "*")])
    assert priorities(build_plan(defs.get_job_def("every"))) == {"first": 5}


def test_a_step_in_a_graph_keeps_its_place_when_the_plan_is_sorted():
    @graph
    def inner(x):
        return reads.alias("last").tag({"penstock/priority": "1"})(x)

    @job
    def turned():
        late = plain.alias("late")
        inner(late())
        urgent()

    assert priorities(build_plan(turned)) == {"inner.last": 1, "urgent": 3}


def test_every_tag_that_is_no_whole_number_is_named():
    bad = [plain.alias(name).tag({"penstock/priority": value}) for name, value in [("a", "high"), ("b", 1.5)]]
    with pytest.raises(InvalidDefinitionError, match="wants a whole number") as caught:
        plan_of(urgent, *bad)
    assert "'a' (" in str(caught.value)
    assert "found 'high'" in str(caught.value)
    assert "found '1.5'" in str(caught.value)
    assert "'urgent'" not in str(caught.value)


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=6))
def test_turns_are_by_priority_and_then_by_place(found):
    plan = plan_of(*(plain.alias(f"n{n}").tag({"penstock/priority": one}) for n, one in enumerate(found)))
    order = [found[int(plan.steps[step].key[1:])] for step in turns(plan)]
    assert order == sorted(found, reverse=True)
