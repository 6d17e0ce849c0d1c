"""A driver as a program of its own, for tests that kill or interrupt it. Says what it did on its output.

Its arguments: a folder, and what to do: ``wait`` for ever; ``interrupt``: cancel all when interrupted;
``memory``: run out of it; ``rest``: have the pool rest, and wait; ``forget``: have it rest, and end.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pool_deeds as deeds

from penstock.spi.executor import Task, Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.double import StandIn, Work
from penstock_local.pool import ProcessPoolExecutor

PATIENCE = 90.0


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def submit(executor, function, *arguments, key, lane="process"):
    work = Work(key=key, function=function, arguments=arguments)
    return executor.submit(Task(key=key, body=work, hands=None, wants=Wants(lane=lane)), {})


def main(folder, what):
    executor = ProcessPoolExecutor({"max_concurrent": 3})
    executor.begin(StandIn(folder))
    if what == "memory":
        eat(executor)
    elif what in ("rest", "forget"):
        rest(executor, what)
    else:
        wait(executor, folder, what)


def eat(executor):
    """Take more memory than there is; then show that all goes on."""
    submit(executor, deeds.take_memory, 400_000_000, key="big")
    (lost,) = executor.collect(PATIENCE)
    say(f"big {lost.cause} {lost.reason}")
    submit(executor, tasks.answer, 7, key="small")
    (end,) = executor.collect(PATIENCE)
    say(f"small {end.record.value}")
    executor.close()


def rest(executor, what):
    submit(executor, tasks.answer, 7, key="small")
    executor.collect(PATIENCE)
    executor.rest()
    say("shelf gone")
    if what == "rest":
        signal.pause()


def wait(executor, folder, what):
    submit(executor, deeds.hand_large, key="large")
    executor.collect(PATIENCE)
    never = f"{folder}/never"
    tickets = [
        submit(executor, deeds.child_of_its_own, never, key="daemon"),
        submit(executor, deeds.soft, key="soft"),
        submit(executor, deeds.soft, key="thread", lane="thread"),
    ]
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(
        signal.ITIMER_REAL, 0.1, 0.1
    )  # Python may fall asleep upon a signal, and wakes to hear it
    say(f"shelf {executor._shelf}")
    ends = []
    try:
        while True:
            ends += executor.collect(None)
    except KeyboardInterrupt:
        if what != "interrupt":
            raise
        for ticket in tickets:
            executor.cancel(ticket, PATIENCE)
        while len(ends) < len(tickets):
            ends += executor.collect(PATIENCE)
        for end in sorted(ends, key=lambda one: one.ticket.key):
            say(f"{end.ticket.key} {getattr(end, 'cause', None) or end.record.value}")
        executor.close()
        signal.setitimer(signal.ITIMER_REAL, 0)  # at its very end Python hears no more


if __name__ == "__main__":
    main(*sys.argv[1:])
