# ruff: noqa: D102 - the names of tests are sentences
"""Promises about tickets, their ends and the waiting for them.

Owns: one end per ticket, ``collect``, and what becomes of faults. Must not know any executor.
"""

from __future__ import annotations

import threading
import time

from penstock.spi.executor import Lane, Lost, Outcome, Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, fault, hold, until_marked

SHORT = 0.1


class EndPromises:
    """Every ticket comes to one end."""

    def test_every_ticket_comes_to_its_own_end(self, stage: Stage) -> None:
        tickets = [stage.submit(tasks.answer, number) for number in range(20)]
        found = [stage.answer(ticket) for ticket in tickets]
        hold(found == list(range(20)), f"an outcome belongs to its ticket; of 0 to 19 came {found}")
        hold(len(stage.ends) == 20, f"20 tickets have 20 ends, found {len(stage.ends)}")

    def test_a_fault_of_user_code_is_an_outcome(self, stage: Stage) -> None:
        raised = fault(stage, stage.submit(tasks.fail, "no luck"))
        hold(raised == "ValueError: no luck", f"the record comes back as it was made, found {raised!r}")
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a fault")

    def test_a_task_can_be_submitted_while_others_are_under_way(self, stage: Stage) -> None:
        first = stage.submit(tasks.answer, 1)
        stage.collect(0)
        second = stage.submit(tasks.answer, 2)
        hold(stage.answer(second) == 2, "a task that is submitted later has its own outcome")
        hold(stage.answer(first) == 1, "a task keeps its outcome when others are submitted")

    def test_nothing_waits_when_no_task_is_under_way(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer))
        for timeout in (0, SHORT, None):
            began = time.monotonic()
            hold(not stage.collect(timeout), f"collect({timeout}) has nothing to tell when all has ended")
            took = time.monotonic() - began
            hold(
                took < stage.terms.patience,
                f"collect({timeout}) returns at once when all has ended: {took:.1f} s",
            )

    def test_waiting_for_ever_ends_with_a_message(self, stage: Stage) -> None:
        gate = stage.gate("a")
        ticket = stage.submit(tasks.wait, gate)
        if stage.terms.places:
            until_marked(stage, "waiting", ticket)
        later = threading.Timer(0.2, stage.open, [gate])
        later.start()
        try:
            while ticket not in stage.ends:
                hold(stage.collect(None), "collect(None) waits for messages as long as a task is under way")
        finally:
            later.join()
        hold(stage.answer(ticket), "the gate opened in time")

    @needs(places=1)
    def test_collect_waits_no_longer_than_it_is_told(self, stage: Stage) -> None:
        gate = stage.gate("a")
        ticket = stage.submit(tasks.wait, gate)
        until_marked(stage, "waiting", ticket)
        for timeout in (0, SHORT):
            ends = [one for one in stage.collect(timeout) if isinstance(one, Outcome | Lost)]
            hold(not ends, f"collect({timeout}) returns while a task waits; it came with {ends}")
        stage.open(gate)
        hold(stage.answer(ticket), "collect() waits no longer than it is told: the gate opened too late")

    @needs(places=1)
    def test_submitting_waits_for_nothing(self, stage: Stage) -> None:
        gate = stage.gate("a")
        tickets = [stage.submit(tasks.wait, gate) for _ in range(3 * stage.terms.places)]
        stage.open(gate)
        answers = [stage.answer(ticket) for ticket in tickets]
        hold(all(answers), "submit() returns at once, however many tasks wait: a gate opened too late")

    def test_every_lane_carries_tasks(self, stage: Stage) -> None:
        lanes: tuple[Lane, ...] = ("process", "thread", "async")
        for lane in lanes:
            ticket = stage.submit(tasks.answer, lane, wants=Wants(lane=lane))
            hold(stage.answer(ticket) == lane, f"a task of lane {lane} is carried out, known or not")

    def test_a_task_may_say_what_it_wants(self, stage: Stage) -> None:
        wants = Wants(cpus=1, memory=1 << 20, timeout=60.0, tags={"someone/else": {"x": 1}})
        hold(stage.answer(stage.submit(tasks.answer, 1, wants=wants)) == 1, "tags of others mean nothing")

    def test_a_broken_runner_does_not_hang_the_driver(self, stage: Stage) -> None:
        _break(stage, "SystemFault")

    @needs("out_of_process")
    def test_a_broken_runner_is_a_loss(self, stage: Stage) -> None:
        lost = stage.lost(stage.submit(tasks.raise_through, "SystemFault"))
        hold(lost.started, "a task that raised had begun: started is True")
        hold(
            "the runner is broken" in lost.reason, f"the reason says what was raised; it says {lost.reason!r}"
        )
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on when a runner raised")


def _break(stage: Stage, kind: str) -> None:
    """Raise in the runner: a loss, or where it is the driver's own, what ``collect`` raises."""
    ticket = stage.submit(tasks.raise_through, kind)
    try:
        stage.end(ticket)
    except BaseException as error:  # noqa: BLE001 - which one is the question
        hold(
            stage.features.in_process and type(error) is type(tasks.FAULTS[kind]),
            f"what a runner raises is a loss, or in process comes out of collect() as it is; found {error!r}",
        )
        stage.close()
