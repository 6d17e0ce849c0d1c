# ruff: noqa: D102 - the names of tests are sentences
"""Promises about workers that die.

Owns: what is told of a dead worker, and what must not suffer from it. Must not know any executor.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from penstock.spi.executor import Lane, Lost, Ticket, Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, has, hold, until_marked

CODE = 7


class LossPromises:
    """A worker that dies takes one task with it, and the driver hears of it soon."""

    @needs("survives_worker_loss")
    def test_a_worker_that_exits_is_told_with_its_code(self, stage: Stage) -> None:
        _lose(stage, (str(CODE),), tasks.leave_by_exit, CODE)

    @needs("survives_worker_loss")
    def test_a_worker_that_exits_as_if_all_were_well_is_a_loss(self, stage: Stage) -> None:
        _lose(stage, ("0",), tasks.leave_by_exit, 0)

    @needs("survives_worker_loss")
    def test_a_worker_that_is_killed_is_told_with_the_signal(self, stage: Stage) -> None:
        _lose(stage, ("SIGKILL", "signal 9"), tasks.leave_by_signal, int(signal.SIGKILL))

    @needs("survives_worker_loss")
    def test_a_worker_that_is_terminated_is_told_with_the_signal(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.leave_by_signal, int(signal.SIGTERM))
        stage.lost(ticket)
        hold(
            stage.answer(stage.submit(tasks.answer, 1)) == 1,
            "an executor goes on when a worker was terminated",
        )

    @needs("survives_worker_loss")
    def test_a_segmentation_fault_is_told_with_the_signal(self, stage: Stage) -> None:
        _lose(stage, ("SIGSEGV", "signal 11", "segmentation"), tasks.leave_by_fault)

    @needs("out_of_process")
    def test_sys_exit_is_a_loss_with_its_code(self, stage: Stage) -> None:
        lost = stage.lost(stage.submit(tasks.raise_through, "SystemExit"))
        hold(lost.started, "a task that called sys.exit had begun: started is True")
        hold("5" in lost.reason, f"the reason names the exit code 5; it says {lost.reason!r}")
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after sys.exit")

    @needs("out_of_process")
    def test_whatever_is_raised_is_a_loss(self, stage: Stage) -> None:
        for kind in ("KeyboardInterrupt", "GeneratorExit", "Odd"):
            lost = stage.lost(stage.submit(tasks.raise_through, kind))
            hold(lost.started, f"a task that raised {kind} had begun: started is True")
            hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, f"an executor goes on after {kind}")

    @needs("survives_worker_loss", places=2)
    def test_neighbours_of_a_dead_worker_go_on(self, stage: Stage) -> None:
        gate = stage.gate("a")
        neighbours = [stage.submit(tasks.wait, gate) for _ in range(stage.terms.places - 1)]
        until_marked(stage, "waiting", *neighbours)
        stage.lost(stage.submit(tasks.leave_by_signal, int(signal.SIGKILL)))
        stage.open(gate)
        unharmed = [stage.answer(neighbour) for neighbour in neighbours]
        hold(
            all(unharmed),
            "a worker that dies takes no other task with it; a neighbour's gate opened too late",
        )

    @needs("survives_worker_loss", places=2)
    def test_a_shared_worker_that_dies_ends_each_of_its_tasks_once(self, stage: Stage) -> None:
        shared: tuple[Lane, ...] = ("thread", "async")
        for lane in shared:
            gate, wants = stage.gate(lane), Wants(lane=lane)
            neighbour = stage.submit(tasks.wait, gate, wants=wants)
            until_marked(stage, "waiting", neighbour)
            stage.lost(stage.submit(tasks.leave_by_exit, CODE, wants=wants))
            stage.open(gate)
            stage.end(neighbour)
            later = stage.submit(tasks.answer, 1, wants=wants)
            hold(stage.answer(later) == 1, f"lane {lane} goes on when a worker died")

    @needs("survives_worker_loss")
    def test_waiting_tasks_outlive_a_worker(self, stage: Stage) -> None:
        victim = stage.submit(tasks.leave_by_exit, CODE)
        waiting = [stage.submit(tasks.answer, number) for number in range(5)]
        stage.lost(victim)
        for number, ticket in enumerate(waiting):
            end = stage.end(ticket)
            unharmed = not isinstance(end, Lost) or not end.started
            hold(unharmed, f"a worker that dies takes no other task with it; number {number}: {end}")

    @needs("survives_worker_loss")
    def test_a_dead_worker_is_replaced(self, stage: Stage) -> None:
        places = stage.terms.places
        victims = [stage.submit(tasks.leave_by_exit, CODE) for _ in range(2 * places)]
        for victim in victims:
            stage.lost(victim)
        meeting = [stage.submit(tasks.meet, str(stage.folder / "after"), places) for _ in range(places)]
        hold(
            all(list(map(stage.answer, meeting))),
            f"after losses {places} tasks run at once again",
        )

    @needs("survives_worker_loss", "hands_off")
    def test_a_value_outlives_its_worker_or_is_told_as_missing(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand_block, stage.token, 1 << 20, hands=("block",))
        stage.outcome(maker)
        for _ in range(stage.terms.places):
            stage.lost(stage.submit(tasks.leave_by_signal, int(signal.SIGKILL)))
        taker = stage.submit(tasks.take_block, stage.token, upstream={"block": (maker, "block")})
        end = stage.end(taker)
        if isinstance(end, Lost):
            told = end.cause == "input" and tuple(end.missing) == ("block",)
            hold(told, f"a value that died with its worker is told as missing, found {end}")
        else:
            hold(stage.answer(taker) == (1 << 20, True), "a value that outlives its worker is unharmed")

    @needs("survives_worker_loss", "hands_off")
    def test_what_a_lost_task_would_have_made_is_missing(self, stage: Stage) -> None:
        victim = stage.submit(tasks.leave_by_exit, CODE, hands=("v",))
        stage.lost(victim)
        hold(not has(stage, victim, "v"), "fetch() of what a lost task would have made raises KeyError")
        lost = stage.lost(stage.submit(tasks.take, upstream={"x": (victim, "v")}))
        hold(lost.cause == "input" and tuple(lost.missing) == ("x",), f"the input is told as missing: {lost}")

    @needs("survives_worker_loss", "reports")
    def test_what_was_told_before_a_death_is_not_mixed_up(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tell_and_leave, 20, CODE)
        stage.lost(ticket)
        told = stage.progress.get(ticket, [])
        hold(
            told == list(range(len(told))), f"what arrives from a worker that died is in order, found {told}"
        )

    @needs("survives_worker_loss")
    def test_a_row_of_deaths_is_counted_exactly(self, stage: Stage) -> None:
        tickets: list[Ticket] = []
        for number in range(6):
            tickets.append(stage.submit(tasks.leave_by_exit, number))
            tickets.append(stage.submit(tasks.answer, number))
        for ticket in tickets:
            stage.end(ticket)
        deaths = sum(isinstance(end, Lost) and end.started for end in stage.ends.values())
        hold(deaths == 6, f"six workers died with six tasks; told were {deaths}")


def _lose(stage: Stage, words: tuple[str, ...], function: Callable[..., Any], *arguments: Any) -> None:
    """Lose a worker; the loss must say how, and soon; then the executor goes on."""
    ticket = stage.submit(function, *arguments)
    lost = stage.lost(ticket)
    died = [float(mark.more) for mark in stage.marks("dying", ticket)]
    hold(died, f"a task that ends its worker must run to do so; {lost}")
    stage.findings.append(
        f"{function.__name__}{arguments}: told {time.time() - died[0]:.2f} s after: {lost.reason}"
    )
    hold(lost.started, "a task whose worker died in the midst of it had begun: started is True")
    hold(lost.cause == "worker", f"a task whose worker died is lost with its worker, found {lost.cause!r}")
    named = any(word.lower() in lost.reason.lower() for word in words)
    hold(named, f"the reason names the signal or exit code ({' or '.join(words)}); it says {lost.reason!r}")
    hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on when a worker died")
