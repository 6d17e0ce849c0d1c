# ruff: noqa: D102 - the names of tests are sentences
"""Promises about the end of a run.

Owns: ``close`` in every state; what is left behind is seen after each test. Must not know any executor.
"""

from __future__ import annotations

import signal
import threading
import time

from penstock.testing.conformance.executor import remains, tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, peace, until_marked


class ClosePromises:
    """Whatever was going on, closing ends it."""

    def test_closing_twice_is_no_fault(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer, 1))
        with peace("close() is idempotent"):
            stage.close()
            stage.close()

    @needs("hands_off")
    def test_closing_drops_values(self, stage: Stage) -> None:
        stage.outcome(stage.submit(tasks.hand_block, stage.token, 4 << 20, hands=("block",)))
        stage.close()

    def test_closing_drops_queued_tasks(self, stage: Stage) -> None:
        gate, places = stage.gate("a"), stage.terms.places
        running = [stage.submit(tasks.wait, gate) for _ in range(places)]
        until_marked(stage, "waiting", *running)
        for _ in range(3):
            stage.submit(tasks.answer)
        later = threading.Timer(0.2, stage.open, [gate])  # what runs in this process cannot be killed
        later.start()
        stage.close()
        later.join()
        starts = len(stage.marks("start"))
        hold(starts == places, f"close() drops queued tasks; {starts - places} of 3 began all the same")

    @needs("out_of_process", places=1)
    def test_closing_kills_what_runs(self, stage: Stage) -> None:
        tickets = [stage.submit(tasks.stubborn) for _ in range(stage.terms.places)]
        until_marked(stage, "waiting", *tickets)
        began = time.monotonic()
        stage.close()
        took = time.monotonic() - began
        stage.findings.append(f"closing with {len(tickets)} stubborn tasks took {took:.2f} s")
        hold(took < stage.terms.patience, f"close() kills what runs; it took {took:.0f} s")

    @needs("survives_worker_loss")
    def test_closing_after_a_loss_leaves_nothing(self, stage: Stage) -> None:
        stage.outcome(stage.submit(tasks.hand_block, stage.token, 1 << 20, hands=("block",)))
        stage.lost(stage.submit(tasks.leave_by_signal, int(signal.SIGKILL)))

    @needs("out_of_process")
    def test_runners_are_closed_at_the_end(self, stage: Stage) -> None:
        for number in range(2 * max(stage.terms.places, 1)):
            stage.answer(stage.submit(tasks.answer, number))
        stage.close()
        made = {mark.pid for mark in stage.marks("start")}
        closed = {mark.pid for mark in stage.marks("closed")}
        hold(
            made <= closed,
            f"runner.close() is called when a run ends in order; {len(made - closed)} were not",
        )

    def test_interrupting_the_driver_leaves_nothing(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.tidy)
        ready = threading.Event()
        thread = threading.Thread(target=_interrupt_when_waiting, args=(stage, ready))
        thread.start()
        is_interrupted, began = False, time.monotonic()
        try:
            ready.set()
            stage.collect(None)
            stage.end(ticket)
        except KeyboardInterrupt:
            is_interrupted = time.monotonic() - began < stage.terms.patience
        finally:
            ready.clear()
            thread.join()
        stage.open(str(stage.folder / tasks.OVER))  # a thread cannot be killed
        stage.close()
        hold(
            is_interrupted,
            "an interrupt comes out of collect(None) at once; waits for locks are to be short, since some"
            " libraries (polars) set SIGINT so that it restarts them",
        )

    def test_descriptors_are_given_back(self, stage: Stage) -> None:
        first = second = 0
        for _ in range(2):
            executor = stage.fresh()
            executor.begin(stage.shared)
            executor.close()
            first, second = second, remains.descriptors()
        hold(second <= first, f"close() gives file descriptors back; each run keeps {second - first}")


def _interrupt_when_waiting(stage: Stage, ready: threading.Event) -> None:
    """Press Ctrl-C when a task is waiting; it must not be held up by an executor that never begins."""
    ready.wait()
    deadline = time.monotonic() + stage.terms.patience
    while not stage.marks("waiting") and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.1)  # a signal on the way into a wait would be noticed only after it
    main = threading.main_thread().ident
    if main is not None and ready.is_set():
        signal.pthread_kill(main, signal.SIGINT)
