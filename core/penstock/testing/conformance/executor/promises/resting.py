# ruff: noqa: D102 - the names of tests are sentences
"""Promises about the time between two runs.

Owns: ``rest``, and the run that begins after it. Must not know any executor.
"""

from __future__ import annotations

import signal

from penstock.spi.executor import Ticket
from penstock.testing.conformance.executor import remains, tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, has, hold, rest, until_marked


class RestPromises:
    """A run that begins after a rest finds nothing of the one before."""

    @needs("rests")
    def test_another_run_begins_after_a_rest(self, stage: Stage) -> None:
        for number in range(3):
            stage.answer(stage.submit(tasks.answer, number))
            rest(stage)
        asked = stage.shared.asked
        stage.answer(stage.submit(tasks.answer, 3))
        hold("blob" in asked or "runner" in asked, "each run has a runner of its own, made of what it shares")

    @needs("rests", "out_of_process")
    def test_runners_are_closed_before_a_rest(self, stage: Stage) -> None:
        for number in range(2 * max(stage.terms.places, 1)):
            stage.answer(stage.submit(tasks.answer, number))
        rest(stage)
        made = len(stage.marks("made"))
        left = remains.settle(lambda: ["runner"] * (made - len(stage.marks("closed"))), stage.terms.patience)
        hold(not left, f"runner.close() is called before a rest; {len(left)} of {made} were not")

    @needs("rests", "hands_off")
    def test_a_rest_drops_values(self, stage: Stage) -> None:
        ticket = stage.outcome(stage.submit(tasks.hand_block, stage.token, 4 << 20, hands=("block",))).ticket
        rest(stage)
        left = remains.files(stage.before, stage.token)
        hold(not left, f"nothing of a run is left on disk while an executor rests, but {left}")
        stage.answer(stage.submit(tasks.answer, 1))
        hold(not has(stage, ticket, "block"), "a value does not outlive its run")

    @needs("rests", "out_of_process", places=1)
    def test_a_rest_kills_what_runs(self, stage: Stage) -> None:
        tickets = [stage.submit(tasks.stubborn) for _ in range(stage.terms.places)]
        until_marked(stage, "waiting", *tickets)
        rest(stage)
        ended = _ends_after(stage, tickets)
        hold(not ended, f"a rest ends every task; in the next run there was an end of {ended}")

    @needs("rests", "survives_worker_loss")
    def test_a_loss_is_forgotten_after_a_rest(self, stage: Stage) -> None:
        stage.lost(stage.submit(tasks.leave_by_signal, int(signal.SIGKILL)))
        rest(stage)
        for number in range(2 * max(stage.terms.places, 1)):
            answer = stage.answer(stage.submit(tasks.answer, number))
            hold(answer == number, "a worker that died in one run takes nothing from the next")

    @needs("rests")
    def test_closing_at_rest_leaves_nothing(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer, 1))
        rest(stage)
        stage.close()


def _ends_after(stage: Stage, tickets: list[Ticket]) -> list[Ticket]:
    """Which of the tasks that were under way before a rest came to an end after it."""
    stage.answer(stage.submit(tasks.answer, 1))
    return [one for one in tickets if one in stage.ends]
