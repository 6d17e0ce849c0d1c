# ruff: noqa: D102 - the names of tests are sentences
"""Promises about user code with bad manners that kills nothing.

Owns: floods of output, children, forks. Must not know any executor.
"""

from __future__ import annotations

from penstock.testing.conformance.executor import remains, tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, until_marked

FLOOD = 1 << 20


class MannerPromises:
    """User code does what it likes with its process."""

    def test_a_flood_of_output_drowns_nobody(self, stage: Stage) -> None:
        hold(
            stage.answer(stage.submit(tasks.flood, FLOOD)) == FLOOD,
            "a task that writes much comes to its end",
        )
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a flood")

    @needs("out_of_process")
    def test_a_child_that_floods_drowns_nobody(self, stage: Stage) -> None:
        code = stage.answer(stage.submit(tasks.flood_by_child, FLOOD))
        hold(code == 0, f"a child that writes much comes to its end; it ended with {code}")

    @needs("out_of_process")
    def test_a_task_may_fork(self, stage: Stage) -> None:
        code = stage.answer(stage.submit(tasks.fork))
        hold(code == 3, f"a task sees how its child ended: exit code 3, found {code}")
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a fork")

    @needs("out_of_process")
    def test_a_forked_child_does_not_answer_for_its_parent(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.fork_astray)
        hold(stage.answer(ticket), "a forked child that calls sys.exit in a task ends; it was still there")
        for _ in range(3):
            stage.collect(0.05)
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a fork")

    @needs("out_of_process", "cancels_running", places=1)
    def test_children_of_a_killed_task_are_killed_too(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.raise_child)
        until_marked(stage, "child", ticket)
        child = int(stage.marks("child", ticket)[0].more)
        stage.executor.cancel(ticket, 0.2)
        stage.end(ticket)
        _see_dead(stage, child)

    @needs("out_of_process", places=1)
    def test_closing_kills_the_children_of_a_running_task(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.raise_child)
        until_marked(stage, "child", ticket)
        stage.close()
        _see_dead(stage, int(stage.marks("child", ticket)[0].more))


def _see_dead(stage: Stage, pid: int) -> None:
    alive = remains.settle(lambda: [str(pid)] if remains.is_alive(pid) else [], stage.terms.patience)
    hold(not alive, "no child of a killed task is left behind; one is")
