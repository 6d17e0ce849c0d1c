"""What the words of workers mean."""

from __future__ import annotations

import pytest
from attrs import define, field
from test_flights import batch_of

from penstock_ray.hearing import Hearing
from penstock_ray.stops import Stops
from penstock_ray.traffic import Traffic
from penstock_ray.workers import Worker


@define
class Voice:
    """Keeps what a worker is told."""

    said: list = field(factory=list)

    def say(self, frame):
        self.said.append(frame[:3])
        return True


@pytest.fixture
def traffic():
    return Traffic()


@pytest.fixture
def tell(traffic):
    """Has a worker say something; gives the records that came of it."""
    hearing = Hearing(traffic, Stops(None))

    def say(worker, *frame, now=1.0):
        messages = []
        hearing.hear((worker, frame or None), now, messages)
        return [one.record for one in messages]

    return say


def sent(traffic, *keys):
    batch = batch_of(*keys)
    traffic.add(batch)
    return batch


def ended(traffic):
    return [one.flight.key for one in traffic.take_ended()]


def test_a_start_says_where_a_task_runs_and_since_when(traffic, tell):
    flight, worker = sent(traffic, "a").open["a"], Worker(Voice())
    tell(worker, "start", "a", 0, (), now=3.0)
    assert (flight.worker, flight.started, flight.batch.worker, worker.task) == (worker, 3.0, worker, "a")
    assert worker.heard == 3.0


def test_what_comes_twice_after_a_cut_is_told_once(traffic, tell):
    sent(traffic, "a")
    first, second = Worker(Voice()), Worker(Voice())
    tell(first, "start", "a", 0, ())
    assert tell(first, "told", "a", 0, ("x", "y")) == ["x", "y"]
    first.is_open, first.is_cut = False, True
    tell(first)
    tell(second, "again", "a", 3, ())
    assert second.voice.said == [("seen", "a", 2)]
    assert tell(second, "told", "a", 1, ("y", "z")) == ["z"]


def test_a_task_that_was_to_stop_before_it_began_is_told_when_it_begins(traffic, tell):
    sent(traffic, "a").open["a"].stopped = "canceled"
    worker = Worker(Voice())
    tell(worker, "start", "a", 0, ())
    assert worker.voice.said == [("stop", "a", 0)]


def test_those_behind_a_task_come_back_when_one_of_them_is_to_stop(traffic, tell):
    batch, worker = sent(traffic, "a", "b", "c"), Worker(Voice())
    batch.open["c"].stopped = "canceled"
    tell(worker, "start", "a", 0, ())
    assert worker.voice.said == [("recall", "a", 0)]
    tell(worker, "back", "", 0, ("b", "c"))
    assert ended(traffic) == ["b", "c"]


def test_what_was_sent_elsewhere_meanwhile_is_not_given_back(traffic, tell):
    sent(traffic, "a", "b")
    worker, other = Worker(Voice()), Worker(Voice())
    tell(worker, "start", "a", 0, ())
    tell(other, "back", "", 0, ("b",))
    assert ended(traffic) == []


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_connection_that_was_cut_may_have_held_what_was_never_heard(traffic, tell, is_cut):
    batch, waiting = sent(traffic, "a", "b"), sent(traffic, "c")
    worker = Worker(Voice())
    tell(worker, "start", "a", 0, ())
    worker.is_open, worker.is_cut = False, is_cut
    tell(worker, now=7.0)
    assert (batch.is_unheard, waiting.is_unheard) == (is_cut, is_cut)
    assert (batch.open["a"].cut, worker.heard, list(traffic.suspects)) == (7.0, None, [batch])
