# ruff: noqa: D102 - the names of tests are sentences
"""Promises about the end of a run.

Owns: ``close`` in every state; what is left behind is seen after each test. Must not know any executor.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext

from penstock.spi.executor import Ticket
from penstock.testing.conformance.executor import remains, tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, peace, until_marked

TRIES = 3
ROUNDS = 6
MOMENTS = 40


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
        with _opening(stage, gate) if stage.features.in_process else nullcontext():
            stage.close()
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
        left = remains.settle(lambda: _unclosed(stage), stage.terms.patience)
        hold(not left, f"runner.close() is called when a run ends in order; {len(left)} were not")

    def test_interrupting_the_driver_leaves_nothing(self, stage: Stage) -> None:
        is_interrupted = any(_is_interrupted(stage, stage.gate(str(number))) for number in range(TRIES))
        stage.open(str(stage.folder / tasks.OVER))  # a thread cannot be killed
        stage.close()
        hold(
            is_interrupted,
            "an interrupt comes out of collect(None) at once; waits for locks are to be short, since some"
            " libraries (polars) set SIGINT so that it restarts them",
        )

    def test_descriptors_are_given_back(self, stage: Stage) -> None:
        counts: list[int] = []
        while len(counts) < 2 or (counts[-1] > counts[-2] and len(counts) < ROUNDS):
            executor = stage.fresh()  # a library may open something of its own once, a leak comes each time
            executor.begin(stage.shared)
            executor.close()
            counts.append(remains.descriptors())
        more = counts[-1] - counts[-2]
        hold(more <= 0, f"close() gives file descriptors back; each run keeps {more}")


def _unclosed(stage: Stage) -> list[str]:
    """Processes that ran tasks and did not close their runner."""
    made, closed = ({mark.pid for mark in stage.marks(what)} for what in ("start", "closed"))
    return [str(pid) for pid in made - closed]


@contextmanager
def _opening(stage: Stage, gate: str) -> Generator[None]:
    """Open a gate some moments after the block has begun."""
    begun = threading.Event()

    def wait_and_open() -> None:
        begun.wait()
        for _ in range(MOMENTS):  # counted, for a while passes also when this process stands still
            time.sleep(0.005)
        stage.open(gate)

    thread = threading.Thread(target=wait_and_open)
    thread.start()
    try:
        begun.set()
        yield
    finally:
        begun.set()
        thread.join()


def _is_interrupted(stage: Stage, gate: str) -> bool:
    """Whether Ctrl-C ends the wait for a task, before the task itself does.

    Seldom does it come in the very moment in which Python falls asleep, and is heard when that wakes.
    """
    ticket, opened = stage.submit(tasks.wait, gate), threading.Event()
    heard = threading.Event()
    thread = threading.Thread(target=_press, args=(stage, ticket, heard, lambda: _open(stage, gate, opened)))
    thread.start()
    is_interrupted = False
    try:
        stage.collect(None)
        stage.end(ticket)
    except KeyboardInterrupt:
        is_interrupted = not opened.is_set()
    finally:
        heard.set()
        thread.join()
    return is_interrupted


def _press(stage: Stage, ticket: Ticket, heard: threading.Event, give_up: Callable[[], None]) -> None:
    """Press Ctrl-C when a task is waiting; it must not be held up by an executor that never begins."""
    deadline = time.monotonic() + stage.terms.patience
    while not stage.marks("waiting", ticket) and time.monotonic() < deadline:
        time.sleep(0.005)
    main = threading.main_thread().ident
    if main is not None and not heard.wait(0.1):  # a signal on the way into a wait is noticed only after it
        signal.pthread_kill(main, signal.SIGINT)
    if not heard.wait(stage.terms.patience / 4):
        give_up()


def _open(stage: Stage, gate: str, opened: threading.Event) -> None:
    opened.set()
    stage.open(gate)
