"""What the last message of a task means to the engine."""

from __future__ import annotations

import pickle

import pytest

from penstock.spi.executor import Lost, Outcome, Task, Ticket
from penstock_local.endings import end_of
from penstock_local.seat import Flight

TICKET = Ticket("a#1")


@pytest.fixture
def flight():
    return Flight(number=1, task=Task(key="a#1", body=None), body=b"", parcels={})


def test_a_task_that_is_done_is_an_outcome_with_its_record_and_the_names_it_hands_on(flight):
    found = end_of("w", flight, "done", (1, pickle.dumps({"x": 1}), {"result": object()}, 0))
    assert found == Outcome(ticket=TICKET, record={"x": 1}, handed=("result",))


def test_a_value_that_is_gone_is_named_and_the_task_never_began(flight):
    found = end_of("w", flight, "gone", (1, "x", "FileNotFoundError: no"))
    assert (found.cause, found.started, found.missing) == ("input", False, ("x",))


def test_a_task_that_was_canceled_before_it_began_never_did(flight):
    found = end_of("w", flight, "skipped", (1,))
    assert (found.cause, found.started) == ("canceled", False)


@pytest.mark.parametrize(("canceled", "cause"), [(None, "worker"), (12.5, "canceled")])
def test_an_interrupted_task_is_canceled_only_if_somebody_canceled_it(flight, canceled, cause):
    flight.canceled = canceled
    found = end_of("w", flight, "interrupted", (1,))
    assert (found.cause, found.started) == (cause, True)


def test_a_fault_of_the_system_is_a_loss_that_tells_it(flight):
    assert end_of("w", flight, "faulty", (1, "Traceback")) == Lost(
        ticket=TICKET, reason="a#1 ran in w: Traceback"
    )
