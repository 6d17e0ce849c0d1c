"""What becomes of the flights of a batch that Ray has lost."""

from __future__ import annotations

import pytest
from doubles import task
from ray.exceptions import WorkerCrashedError

from penstock.spi.executor import Ticket
from penstock_ray.flights import Batch, Flight, arrivals
from penstock_ray.losses import lost
from penstock_ray.options import Request
from penstock_ray.workers import Worker


def batch_of(*keys, worker=None):
    open_ = {
        key: Flight(task=task(key, "echo"), ticket=Ticket(key), inputs={}, request=Request()) for key in keys
    }
    made = Batch(open=open_, kind="usual", worker=worker)
    for flight in open_.values():
        flight.board(made)
    return made


def worker(*, is_open):
    return Worker(None, is_open=is_open)


def ends(batch, error):
    """The keys of those that are lost, and whether they may have begun; the others are sent again."""
    found = arrivals(batch, error)
    return {one.flight.key: lost(one.flight, error).started for one in found if one.error is not None}


def test_a_crash_loses_what_had_begun():
    batch = batch_of("a", "b", "c", worker=worker(is_open=False))
    batch.open["b"].started = 1.0
    assert ends(batch, WorkerCrashedError()) == {"b": True}


def test_a_crash_before_the_first_began_is_told_of_it_and_costs_nothing():
    assert ends(batch_of("a", "b", worker=worker(is_open=False)), WorkerCrashedError()) == {"a": False}
    assert ends(batch_of("a", "b"), WorkerCrashedError()) == {"a": False}


@pytest.mark.parametrize("error", [WorkerCrashedError(), TimeoutError()])
def test_any_may_have_begun_in_a_worker_that_cannot_be_heard_to_the_end(error):
    batch = batch_of("a", "b", worker=worker(is_open=True))
    batch.open["a"].started = 1.0
    assert ends(batch, error) == {"a": True, "b": True}


def test_any_may_have_begun_when_ray_does_not_answer():
    assert ends(batch_of("a", "b"), TimeoutError()) == {"a": True, "b": True}


def test_nothing_is_left_of_a_batch_in_which_a_flight_did_not_begin():
    flight = batch_of("a", worker=worker(is_open=True)).open["a"]
    flight.started, flight.seen, flight.cut = 1.0, 3, 2.0
    flight.board(Batch(open={"a": flight}, kind=None))
    assert (flight.started, flight.seen, flight.cut, flight.may_have_begun()) == (None, 0, None, False)
