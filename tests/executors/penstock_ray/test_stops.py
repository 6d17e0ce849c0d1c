"""Who is told that a task is to stop, and when Ray is asked."""

from __future__ import annotations

import pytest
from attrs import define, field
from test_flights import batch_of
from test_hearing import Voice

from penstock_ray.stops import NO_ANSWER, Stops
from penstock_ray.workers import Worker

FOREVER = 1000.0


@define
class Asked:
    """Keeps what Ray is asked, as ``Cancels`` would."""

    said: list = field(factory=list)

    def cancel(self, handle, *, force):
        self.said.append((handle, force))


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def stops(asked):
    return Stops(asked)


def sent(*keys, running=None):
    """A batch, of which a worker may carry out a task."""
    batch = batch_of(*keys)
    batch.control = "ray"
    if running is not None:
        worker = batch.worker = batch.open[running].worker = Worker(Voice(), task=running)
        batch.open[running].started = 1.0
        return batch, worker.voice.said
    return batch, []


def stop(stops, flight, grace=FOREVER):
    flight.stopped = "canceled"
    stops.stop(flight, grace, 1.0)


def test_a_task_that_runs_alone_is_interrupted_by_its_worker_and_by_ray(stops, asked):
    batch, told = sent("a", running="a")
    stop(stops, batch.open["a"])
    assert (told, asked.said) == ([("stop", "a", 0)], [("ray", False)])


def test_a_task_that_has_not_begun_is_called_off(stops, asked):
    batch, _ = sent("a")
    stop(stops, batch.open["a"])
    assert asked.said == [("ray", False)]


def test_of_several_in_a_worker_those_behind_come_back_and_ray_is_not_asked(stops, asked):
    batch, told = sent("a", "b", "c", running="a")
    stop(stops, batch.open["c"])
    stop(stops, batch.open["b"])
    assert (told, asked.said) == ([("recall", "a", 0)], [])


def test_several_that_have_not_begun_are_called_off_once(stops, asked):
    batch, _ = sent("a", "b")
    stop(stops, batch.open["a"])
    stops.call_off(batch)
    stops.call_off(batch)
    assert asked.said == [("ray", False)]


def test_a_task_is_not_killed_with_another_that_runs(stops, asked):
    batch, _ = sent("a", "b", running="a")
    stop(stops, batch.open["b"])
    assert stops.kill(batch.open["b"], 2.0)
    assert asked.said == []


def test_killing_is_repeated_until_ray_does_not_answer(stops, asked):
    batch, _ = sent("a", running="a")
    flight = batch.open["a"]
    stop(stops, flight, 0.0)
    assert (flight.kill, asked.said) == (1.0, [])
    assert stops.kill(flight, 2.0)
    assert 2.0 < flight.kill < 2.0 + NO_ANSWER
    assert stops.kill(flight, flight.kill)
    assert asked.said == [("ray", True)] * 2
    assert not stops.kill(flight, 3.0 + NO_ANSWER)
