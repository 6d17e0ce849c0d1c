"""Units that are held up, given back or run again on the way: the run ends as it does without all that."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from test_state import ending_of, play, shown, stories, stories_told

from penstock import job, op
from penstock.engine.decide import Finish, next_command, skips
from penstock.engine.state import Phase, RunState
from penstock.events import values as v
from penstock.plan.expand import build_plan

REASONS = ("pool db", "tag cpu")
MOST = 400


class Hindered:
    """A run whose units are parked, given back, and run again, by the luck of the draw."""

    def __init__(self, plan, seed, luck, worries):
        self.plan, self.seed, self.luck, self.worries = plan, seed, luck, worries
        self.state = RunState(plan)
        self.running = []
        self.parked = []

    def play(self):
        for _ in range(MOST):
            while events := skips(self.state, 0.0):
                self.state.apply_all(events)
            if not self.turn():
                return self.state
        raise AssertionError("the run comes to no end")

    def turn(self):
        self.worry()
        command = next_command(self.state, 0.0, len(self.running), 3 - len(self.running))
        if isinstance(command, Finish):
            if self.parked:
                self.unpark()
                return True
            self.state.apply_all(command.events)
            return False
        if command is None or (self.running and self.luck.random() < 0.4):
            self.end(self.running.pop(self.luck.randrange(len(self.running))))
            return True
        self.submit(command.unit, command.attempt)
        return True

    def submit(self, unit, attempt):
        assert unit not in [one for one, _ in self.running]
        fate = self.luck.random() if self.worries > 0 else 1.0
        if fate < 0.2:
            self.worries -= 1
            reason = self.luck.choice(REASONS)
            self.state.park(unit, reason)
            self.parked.append(reason)
            return
        self.state.claim(unit)
        if fate < 0.4:
            self.worries -= 1
            self.state.unclaim(unit)
            return
        key = self.state.key(unit)
        start = v.StepStarted if attempt == 1 else v.StepRestarted
        self.state.apply_all([start(at=0.0, step=key, attempt=attempt)])
        self.running.append((unit, attempt))

    def end(self, task):
        unit, attempt = task
        self.state.apply_all(ending_of(self.plan, self.seed, self.state.key(unit), attempt))

    def unpark(self):
        assert self.state.unpark(self.parked.pop(0), 0.0)

    def worry(self):
        if self.parked and self.luck.random() < 0.3:
            self.unpark()
        if self.worries > 0 and self.luck.random() < 0.15:
            done = [unit for unit, phase in self.state.phase.items() if self.may_again(unit, phase)]
            if done:
                self.worries -= 1
                self.state.reopen(self.luck.choice(done))

    def may_again(self, unit, phase):
        step = self.plan.steps[unit[0]]
        is_plain = step.mapped_by is None and not any(one.dynamic for one in step.outputs)
        return phase is Phase.SUCCEEDED and is_plain


@stories_told
@given(stories(), st.randoms(use_true_random=False), st.integers(0, 25))
def test_whatever_holds_units_up_the_end_is_the_same(story, luck, worries):
    plan, seed = story
    undisturbed, _ = play(plan, seed, luck, [])
    hindered = Hindered(plan, seed, luck, worries).play()
    assert shown(hindered) == shown(undisturbed)


def line():
    """A plan of three steps in a line."""

    @op
    def one(x: int = 0):
        return x

    @job
    def made():
        one.alias("c")(one.alias("b")(one.alias("a")()))

    return RunState(build_plan(made))


def succeed(state, key, attempt=1):
    start = v.StepStarted if attempt == 1 else v.StepRestarted
    state.apply_all(
        [
            start(at=0.0, step=key, attempt=attempt),
            v.OutputProduced(at=0.0, step=key, output_name="result"),
            v.StepSucceeded(at=0.0, step=key, attempt=attempt),
        ]
    )


ERROR = v.ErrorInfo(cls_name="ValueError", message="no")


def test_a_unit_that_waits_for_its_next_attempt_waits_for_a_reopened_source_first():
    state = line()
    a, b = state.unit("a"), state.unit("b")
    succeed(state, "a")
    state.apply_all(
        [
            v.StepStarted(at=0.0, step="b"),
            v.StepRetryScheduled(at=0.0, step="b", error=ERROR, wait=5.0, attempt=1),
        ]
    )
    state.reopen(a)
    assert state.next_retry() is None
    assert state.next_ready() == a
    succeed(state, "a", 2)
    assert state.next_retry() == (5.0, b)


def test_what_is_on_its_way_to_a_worker_is_not_given_out_again_by_a_reopened_source():
    state = line()
    succeed(state, "a")
    state.claim(state.unit("b"))
    state.reopen(state.unit("a"))
    succeed(state, "a", 2)
    assert state.phase[state.unit("b")] is Phase.CLAIMED
    assert state.next_ready() is None


def test_one_that_is_given_back_meanwhile_waits():
    state = line()
    succeed(state, "a")
    state.claim(state.unit("b"))
    state.reopen(state.unit("a"))
    state.unclaim(state.unit("b"))
    assert state.phase[state.unit("b")] is Phase.WAITING
    succeed(state, "a", 2)
    assert state.next_ready() == state.unit("b")


def test_a_parked_unit_whose_source_was_reopened_waits_when_it_comes_back():
    state = line()
    succeed(state, "a")
    state.park(state.unit("b"), "pool")
    state.reopen(state.unit("a"))
    assert state.unpark("pool", 0.0)
    assert state.phase[state.unit("b")] is Phase.WAITING
    succeed(state, "a", 2)
    assert state.next_ready() == state.unit("b")


def test_a_parked_retry_keeps_its_attempt():
    state = line()
    state.apply_all(
        [
            v.StepStarted(at=0.0, step="a"),
            v.StepRetryScheduled(at=0.0, step="a", error=ERROR, attempt=1),
        ]
    )
    state.park(state.unit("a"), "pool")
    assert state.next_retry() is None
    assert state.parked == ["pool"]
    assert state.unpark("pool", 7.0)
    assert state.next_retry() == (7.0, state.unit("a"))
    assert state.attempts[state.unit("a")] == 1
    assert not state.unpark("pool", 7.0)
