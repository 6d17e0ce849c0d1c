"""A team: each task goes to the member it names, and values cross from one to the other."""

from __future__ import annotations

import pytest

from penstock.engine.team import Team
from penstock.spi.executor import ExecutorFeatures, Lost, Outcome, Task, Ticket, Wants


class Member:
    """Keeps tasks until it is told to end them."""

    def __init__(self, **features):
        self.features = ExecutorFeatures(**features)
        self.tasks, self.values, self.said, self.calls = {}, {}, [], []

    def begin(self, shared):
        self.calls.append(("begin", shared))

    def submit(self, task, upstream, given=()):
        self.tasks[task.key] = (dict(upstream), dict(given))
        return Ticket(task.key)

    def end(self, key, **values):
        self.values |= {(key, name): value for name, value in values.items()}
        self.said.append(Outcome(ticket=Ticket(key), record=(), handed=tuple(values)))

    def collect(self, timeout):
        said, self.said = self.said, []
        return said

    def fetch(self, ticket, name):
        return self.values[ticket.key, name]

    def release(self, ticket, names):
        for name in names:
            self.values.pop((ticket.key, name), None)

    def cancel(self, ticket, grace=10.0):
        self.calls.append(("cancel", ticket.key))

    def close(self):
        self.calls.append(("close",))


def task(key, executor=None):
    return Task(key=key, body=None, wants=Wants(executor=executor))


@pytest.fixture
def pair():
    own, other = Member(max_concurrent=1), Member(in_process=True, max_concurrent=2)
    return Team({None: own, "other": other}), own, other


def test_a_task_goes_to_the_member_it_names(pair):
    team, own, other = pair
    team.submit(task("a"), {})
    team.submit(task("b", "other"), {})
    assert (list(own.tasks), list(other.tasks)) == (["a"], ["b"])


def test_no_member_gets_more_than_it_wants(pair):
    team, own, _ = pair
    for key in "abc":
        team.submit(task(key), {})
    assert list(own.tasks) == ["a"]
    own.end("a")
    assert [one.ticket.key for one in team.collect(0)] == ["a"]
    assert list(own.tasks) == ["a", "b"]


def test_a_value_of_the_same_member_stays_there(pair):
    team, own, _ = pair
    ticket = team.submit(task("a"), {})
    own.end("a", v=1)
    team.collect(0)
    team.submit(task("b"), {"x:0": (ticket, "v")})
    assert own.tasks["b"] == ({"x:0": (ticket, "v")}, {})


def test_a_value_of_another_member_is_carried_over(pair):
    team, own, other = pair
    ticket = team.submit(task("a"), {})
    own.end("a", v=1)
    team.collect(0)
    team.submit(task("b", "other"), {"x:0": (ticket, "v")})
    assert other.tasks["b"] == ({}, {"x:0": 1})


def test_a_value_that_is_gone_on_the_other_side_loses_the_task_for_its_input(pair):
    team, own, _ = pair
    ticket = team.submit(task("a"), {})
    own.end("a", v=1)
    team.collect(0)
    team.release(ticket, ["v"])
    team.submit(task("b", "other"), {"x:0": (ticket, "v")})
    (lost,) = team.collect(0)
    assert (lost.cause, lost.missing, lost.started) == ("input", ("x:0",), False)


def test_a_waiting_task_that_is_canceled_never_begins(pair):
    team, own, _ = pair
    team.submit(task("a"), {})
    waiting = team.submit(task("b"), {})
    team.cancel(waiting)
    (lost,) = team.collect(0)
    assert (lost.ticket, lost.cause, lost.started) == (waiting, "canceled", False)
    team.cancel(Ticket("a"))
    assert ("cancel", "a") in own.calls


def test_collecting_ends_at_once_when_nothing_is_under_way(pair):
    assert list(pair[0].collect(None)) == []


def test_collecting_ends_when_its_time_is_over(pair):
    pair[0].submit(task("a"), {})
    assert list(pair[0].collect(0.01)) == []


def test_a_loss_makes_room_as_an_outcome_does(pair):
    team, own, _ = pair
    team.submit(task("a"), {})
    team.submit(task("b"), {})
    own.said.append(Lost(ticket=Ticket("a"), reason="gone"))
    team.collect(0)
    assert list(own.tasks) == ["a", "b"]


def test_together_they_promise_what_all_of_them_can(pair):
    team, *_ = pair
    assert not team.features.in_process
    assert not team.features.cancels_running
    assert team.works_here


def test_every_member_begins_and_is_closed_also_when_one_fails_to():
    class Stubborn(Member):
        def close(self):
            raise ValueError("will not")

    class Shared:
        key = "run"

    own, other = Stubborn(), Member()
    team = Team({None: own, "other": other})
    team.begin(Shared())
    assert [(what, shared.key) for what, shared in own.calls] == [("begin", "run")]
    with pytest.raises(ValueError, match="will not"):
        team.close()
    assert [what for what, *_ in other.calls] == ["begin", "close"]


def test_of_those_that_wait_for_a_member_the_most_urgent_goes_first(pair):
    team, own, _ = pair
    for key, priority in {"a": 0, "b": 0, "c": 5, "d": 5}.items():
        team.submit(Task(key=key, body=None, wants=Wants(priority=priority)), {})
    for key in "acdb":
        assert list(own.tasks)[-1] == key
        own.end(key)
        team.collect(0)
