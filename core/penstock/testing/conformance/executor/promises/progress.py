# ruff: noqa: D102 - the names of tests are sentences
"""Promises about what a running task tells.

Owns: ``report`` and ``Progress``. Must not know any executor.
"""

from __future__ import annotations

from typing import Any

from penstock.spi.executor import Ticket
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, fault, hold

MANY = 500


class ProgressPromises:
    """What is told arrives in order, before the end, or at least does no harm."""

    def test_what_a_task_tells_arrives_in_order(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tell, MANY)
        is_reliable = stage.answer(ticket)
        _see_order(stage.progress.get(ticket, []), list(range(MANY)), is_reliable=is_reliable)

    def test_threads_of_a_task_may_tell(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tell_from_threads, 4, MANY // 10)
        is_reliable = stage.answer(ticket)
        for who in range(4):
            told = [record for record in stage.progress.get(ticket, []) if record[0] == who]
            _see_order(told, [(who, n) for n in range(MANY // 10)], is_reliable=is_reliable)

    def test_tasks_tell_under_their_own_ticket(self, stage: Stage) -> None:
        tickets = [stage.submit(tasks.tell, 10 * number) for number in range(1, 4)]
        for number, ticket in enumerate(tickets, 1):
            is_reliable = stage.answer(ticket)
            _see_order(stage.progress.get(ticket, []), list(range(10 * number)), is_reliable=is_reliable)

    @needs("reports", places=1)
    def test_what_a_task_tells_arrives_while_it_is_running(self, stage: Stage) -> None:
        gate = stage.gate("a")
        ticket = stage.submit(tasks.tell_and_wait, gate)
        stage.pump(lambda: _has_told(stage, ticket), "what a running task tells arrives before its end")
        hold(stage.progress[ticket] == ["live"], f"a record arrives as it was told: {stage.progress[ticket]}")
        stage.open(gate)
        hold(stage.answer(ticket), "the gate opened in time")

    @needs("reports", places=1)
    def test_what_was_told_before_a_fault_arrives(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tell, 3)
        is_reliable = stage.answer(ticket)
        _see_order(stage.progress.get(ticket, []), [0, 1, 2], is_reliable=is_reliable)
        hold("no" in fault(stage, stage.submit(tasks.fail, "no")), "a fault is no obstacle")

    @needs(places=1)
    def test_what_is_told_after_the_end_is_dropped(self, stage: Stage) -> None:
        gate = stage.gate("late")
        ticket = stage.submit(tasks.tell_later, gate)
        stage.outcome(ticket)
        stage.open(gate)
        stage.pump(lambda: stage.marks("told late", ticket), "a thread that a task left behind goes on")
        raised = stage.marks("report raised", ticket)
        hold(not raised, f"report() never raises, also after the end; it raised {raised[:1]}")
        for _ in range(3):
            stage.collect(0.02)
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a late report")


def _has_told(stage: Stage, ticket: Ticket) -> bool:
    hold(ticket not in stage.ends, "what a running task tells arrives before its end; the end came first")
    return ticket in stage.progress


def _see_order(found: list[Any], told: list[Any], *, is_reliable: bool) -> None:
    if is_reliable:
        missing = len(told) - len(found)
        hold(
            len(found) == len(told),
            f"a reliable report brings everything before the end; {missing} are missing",
        )
        hold(found == told, f"what is told arrives in order; found {found[:5]} and so on")
        return
    rest = iter(told)
    hold(
        all(one in rest for one in found), f"what arrives is in order, each once; found {found[:5]} and so on"
    )
