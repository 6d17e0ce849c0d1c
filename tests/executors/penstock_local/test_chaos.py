"""Many tasks of all kinds while workers and zygotes are killed at random: each comes to one true end.

The stage looks at every message: one end a ticket, nothing run twice, ``started=False`` only where nothing
ran, and nothing left behind.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal

import pool_deeds as deeds
import pytest

from penstock.spi.executor import Lost, Outcome, Wants
from penstock.testing.conformance.executor import tasks

ACTIONS = 600
MOST = 40  # tasks under way
DEADLY = (signal.SIGKILL, signal.SIGTERM)


class Monkey:
    def __init__(self, stage, seed):
        self.stage = stage
        self.chance = random.Random(seed)
        self.tickets = []
        self.makers = []

    def act(self):
        self.chance.choices(
            [
                self.answer,
                self.tell,
                self.make,
                self.take,
                self.die,
                self.cancel,
                self.kill,
                self.kill_zygote,
            ],
            [50, 10, 5, 5, 3, 4, 4, 0.5],
        )[0]()
        if self.chance.random() < 0.5:
            self.stage.collect(self.chance.choice([0, 0, 0.01]))
        self.stage.pump(lambda: len(self.stage.keys) - len(self.stage.ends) < MOST, "tasks end")

    def submit(self, *what, **more):
        wants = Wants(lane=self.chance.choice(["process", "process", "thread"]))
        self.tickets.append(self.stage.submit(*what, wants=wants, **more))

    def answer(self):
        self.submit(tasks.answer, 1)

    def tell(self):
        self.submit(tasks.tell, 20)

    def make(self):
        self.submit(tasks.hand_block, "ab", 200_000)
        self.makers.append(self.tickets[-1])

    def take(self):
        made = [one for one in self.makers if one in self.stage.ends]
        if made:
            self.submit(tasks.take_block, "ab", upstream={"block": (self.chance.choice(made), "block")})

    def die(self):
        self.submit(tasks.leave_by_exit, 3)

    def cancel(self):
        self.submit(deeds.soft)
        for ticket in (self.tickets[-1], self.chance.choice(self.tickets)):
            self.stage.executor.cancel(ticket, self.chance.choice([0, 0.05, 5]))

    def kill(self):
        workers = [seat.pid for seat in self.stage.executor._crew.seats.values() if seat.pid]
        if workers:
            kill(self.chance.choice(workers), self.chance.choice(DEADLY))

    def kill_zygote(self):
        kill(self.stage.executor._nursery.pid, signal.SIGKILL)


def kill(pid, number):
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_killed_each_task_comes_to_one_true_end(play, seed):
    stage = play(max_concurrent=3, max_steps_per_worker=20, max_threads=4)
    monkey = Monkey(stage, seed)
    for _ in range(ACTIONS):
        monkey.act()
    stage.pump(lambda: set(stage.ends) >= set(stage.keys), "all tasks end")
    assert {type(end) for end in stage.ends.values()} == {Outcome, Lost}
