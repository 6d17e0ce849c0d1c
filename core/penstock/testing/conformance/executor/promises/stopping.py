# ruff: noqa: D102 - the names of tests are sentences
"""Promises about stopping a task: ``cancel`` and timeouts.

Owns: both, for tasks that wait, run, refuse or have ended. Must not know any executor.
"""

from __future__ import annotations

import time

from penstock.spi.executor import Lost, Outcome, Ticket, Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, peace, until_marked

GRACE = 0.3
HURRY = Wants(timeout=0.3)
BRIEF = 1.0


class StopPromises:
    """A task that is to be stopped stops, and no other."""

    def test_a_queued_task_that_is_canceled_never_runs(self, stage: Stage) -> None:
        gate = stage.gate("a")
        blockers = _block(stage, gate)
        waiting = stage.submit(tasks.answer, 1)
        stage.executor.cancel(waiting, GRACE)
        lost = stage.lost(waiting)
        hold(lost.cause == "canceled", f"a canceled task is lost as canceled, found {lost.cause!r}")
        hold(not stage.marks("start", waiting), "a queued task that is canceled never runs; it did")
        stage.open(gate)
        for blocker in blockers:
            stage.outcome(blocker)
        hold(stage.answer(stage.submit(tasks.answer, 2)) == 2, "an executor goes on after a cancellation")

    def test_canceling_a_task_that_has_ended_changes_nothing(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.hand, {"v": 1}, hands=("v",))
        stage.outcome(ticket)
        with peace("cancel() of a task that has ended is no fault"):
            stage.executor.cancel(ticket, 0.0)
        hold(not stage.collect(0.02), "cancel() of a task that has ended brings no message")
        if stage.features.hands_off:
            hold(stage.value(ticket, "v") == 1, "cancel() of a task that has ended leaves its values")
        hold(
            stage.answer(stage.submit(tasks.answer, 2)) == 2, "an executor goes on after a late cancellation"
        )

    @needs(places=1)
    def test_a_running_task_that_is_canceled_has_one_end(self, stage: Stage) -> None:
        gate = stage.gate("a")
        ticket = stage.submit(tasks.wait, gate)
        until_marked(stage, "waiting", ticket)
        stage.executor.cancel(ticket, 60.0)
        stage.open(gate)
        end = stage.end(ticket)
        is_right = isinstance(end, Outcome) or (end.cause == "canceled" and end.started)
        hold(is_right, f"a running task that is canceled ends by itself or is lost as canceled; found {end}")

    @needs("cancels_running", places=1)
    def test_a_task_is_asked_before_it_is_killed(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tidy)
        until_marked(stage, "waiting", ticket)
        stage.executor.cancel(ticket, 30.0)
        _see_canceled(stage, ticket)
        hold(
            stage.marks("cleared up", ticket), "a task that is canceled is asked first; its finally never ran"
        )
        hold(stage.answer(stage.submit(tasks.answer, 2)) == 2, "an executor goes on after a cancellation")

    @needs("cancels_running", places=1)
    def test_a_task_that_refuses_is_killed(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.stubborn)
        until_marked(stage, "waiting", ticket)
        stage.executor.cancel(ticket, GRACE)
        _see_canceled(stage, ticket)
        hold(stage.answer(stage.submit(tasks.answer, 2)) == 2, "an executor goes on after it killed a task")

    @needs("cancels_running", places=1)
    def test_canceling_twice_is_no_fault(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.stubborn)
        until_marked(stage, "waiting", ticket)
        stage.executor.cancel(ticket, 60.0)
        stage.executor.cancel(ticket, 0.0)
        _see_canceled(stage, ticket)

    @needs("cancels_running", places=2)
    def test_canceling_one_task_leaves_its_neighbour(self, stage: Stage) -> None:
        gate = stage.gate("a")
        neighbour, victim = stage.submit(tasks.wait, gate), stage.submit(tasks.stubborn)
        until_marked(stage, "waiting", neighbour, victim)
        stage.executor.cancel(victim, GRACE)
        _see_canceled(stage, victim)
        stage.open(gate)
        hold(stage.answer(neighbour), "canceling one task leaves its neighbour alone")

    @needs("enforces_timeouts", places=1)
    def test_a_task_that_outlives_its_time_is_killed(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.stubborn, wants=HURRY)
        lost = stage.lost(ticket)
        hold(lost.cause == "timeout", f"a task whose time is up is lost by timeout, found {lost.cause!r}")
        hold(lost.started, "a task whose time is up had begun: started is True")
        hold(stage.answer(stage.submit(tasks.answer, 2)) == 2, "an executor goes on after a timeout")

    @needs("enforces_timeouts", places=2)
    def test_the_timeout_of_a_task_concerns_no_other(self, stage: Stage) -> None:
        gate = stage.gate("a")
        for ticket in [stage.submit(tasks.answer, wants=HURRY) for _ in range(stage.terms.places)]:
            stage.end(ticket)
        later = stage.submit(tasks.wait, gate)
        until_marked(stage, "waiting", later)
        stage.lost(stage.submit(tasks.stubborn, wants=HURRY))
        stage.open(gate)
        hold(stage.answer(later), "the timeout of an earlier task or a neighbour concerns no other")

    @needs("enforces_timeouts", places=1)
    def test_waiting_for_a_place_takes_no_time_of_a_task(self, stage: Stage) -> None:
        gate = stage.gate("a")
        blockers = _block(stage, gate)
        waiting = stage.submit(tasks.answer, 1, wants=Wants(timeout=BRIEF))
        for _ in range(20):
            stage.collect(BRIEF / 10)
        stage.open(gate)
        if not _took_its_time(stage, waiting):
            hold(
                stage.answer(waiting) == 1,
                "a timeout counts from the start of a task, not from its submission",
            )
        for blocker in blockers:
            stage.outcome(blocker)


def _took_its_time(stage: Stage, ticket: Ticket) -> bool:
    """Whether a task ran out of its time on a machine that stood still in the midst of it."""
    end, began = stage.end(ticket), stage.marks("start", ticket)
    is_late = isinstance(end, Lost) and end.cause == "timeout" and len(began) == 1
    return is_late and time.monotonic() - float(began[0].more) >= BRIEF


def _block(stage: Stage, gate: str) -> list[Ticket]:
    """Fill all places with tasks that wait for a gate; one that does not where none are."""
    if not stage.terms.places:
        return [stage.submit(tasks.answer, 0)]
    blockers = [stage.submit(tasks.wait, gate) for _ in range(stage.terms.places)]
    until_marked(stage, "waiting", *blockers)
    return blockers


def _see_canceled(stage: Stage, ticket: Ticket) -> None:
    end = stage.end(ticket)
    if not isinstance(end, Lost) or end.cause != "canceled":
        raise AssertionError(f"a running task that is canceled is lost as canceled, found {end}")
    hold(end.started, "a task that was running when it was canceled had begun: started is True")
