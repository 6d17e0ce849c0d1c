"""Assignments: what a task is called, what it may hand on, and where its values are."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from far_jobs import job_of

from penstock.engine.assign import Assigner
from penstock.engine.program import Program
from penstock.engine.state import RunState
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.plan.expand import Given, build_plan
from penstock.plan.run_config import BoundRunConfig
from penstock.spi.executor import ExecutorFeatures, Ticket

AWAY = ExecutorFeatures()
HERE = ExecutorFeatures(in_process=True)


def assigner(shape, features=AWAY, longest=1, **more):
    made = job_of(shape)
    plan = build_plan(made, Given())
    run = Run(run_id="r", job_name="made")
    program = Program(run=run, job=made, plan=plan, config=BoundRunConfig(), stores_op_outputs=False, **more)
    state = RunState(plan)
    return Assigner(program, state, features, longest), state


def succeed(state, key):
    state.apply_all(
        [
            v.StepStarted(at=0.0, step=key),
            v.OutputProduced(at=0.0, step=key, output_name="result"),
            v.StepSucceeded(at=0.0, step=key, seconds=0.0),
        ]
    )


LINE = [("plain", ()), ("plain", (0,))]


def test_a_task_is_called_by_its_step_and_attempt():
    one, state = assigner(LINE)
    unit = state.unit("s0")
    assert one.assign(unit, 1, {}).task.key == "s0#1"
    assert one.assign(unit, 2, {}).task.key == "s0#2"
    assert one.assign(unit, 2, {}, in_vain=3).task.key == "s0#2.3"


def test_a_chain_is_called_by_its_ends():
    one, state = assigner(LINE, longest=4)
    made = one.assign(state.unit("s0"), 1, {})
    assert made.task.key == "s0#1…s1"
    assert made.units == (state.unit("s0"), state.unit("s1"))
    assert [work.attempt for work in made.task.body] == [1, 1]


def test_a_step_that_counts_in_a_limit_travels_alone():
    one, state = assigner(LINE, longest=4)
    assert one.assign(state.unit("s0"), 1, {}, ("pool db",)).units == (state.unit("s0"),)


def test_what_nobody_reads_is_not_handed_on():
    one, state = assigner(LINE)
    assert one.assign(state.unit("s0"), 1, {}).task.hands == ("result",)
    assert one.assign(state.unit("s1"), 1, {}).task.hands == ()


def test_names_of_dynamic_values_are_known_only_to_the_step():
    one, state = assigner([("dynamic", ())])
    assert one.assign(state.unit("split0"), 1, {}).task.hands is None


def test_values_that_were_handed_on_are_named_with_their_tickets():
    one, state = assigner(LINE)
    succeed(state, "s0")
    ticket = Ticket("s0#1")
    found = {state.unit("s0"): (ticket, frozenset({"result"}))}
    made = one.assign(state.unit("s1"), 1, found)
    assert made.upstream == {"xs:0": (ticket, "result")}
    assert made.task.body[0].sources["xs"][0].key == "s0"


def test_values_that_are_no_longer_at_hand_are_named_as_sources_alone():
    one, state = assigner(LINE)
    succeed(state, "s0")
    made = one.assign(state.unit("s1"), 1, {})
    assert made.upstream == {}
    assert made.task.body[0].sources["xs"][0].output == "result"


def test_the_driver_tells_of_the_start_of_steps_in_its_own_process():
    assert not assigner(LINE, HERE)[0].assign((0, None), 1, {}).task.body[0].announces
    assert assigner(LINE, AWAY)[0].assign((0, None), 1, {}).task.body[0].announces


def test_a_run_that_keeps_every_value_asks_for_all_of_them():
    one, state = assigner(LINE, keeps_values=True)
    made = one.assign(state.unit("s1"), 1, {})
    assert made.task.hands == ("result",)
    assert made.task.body[0].hands is None
