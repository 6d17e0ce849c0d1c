"""A Ray cluster that grows and shrinks while a run goes on."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "executors" / "penstock_ray"))

from doubles import Shared, collect_all, ends, task
from fault_scene import until

from penstock_ray.executor import RayExecutor

WAVE = 60
LONG_WAVE = 2000


@pytest.fixture
def executor(machines):
    """One that has begun a run on two nodes of one processor."""
    made = RayExecutor()
    made.begin(Shared("growth"))
    yield made
    made.close()


@pytest.fixture
def joined(machines):
    """Adds a node of one processor; it is gone at the end."""
    made = []

    def join():
        made.append(machines.add())
        return made[-1]

    yield join
    for one in made:
        if one in machines.cluster.worker_nodes:
            machines.cluster.remove_node(one, allow_graceful=False)


class Waves:
    """Sends short tasks, wave after wave."""

    def __init__(self, executor):
        self.executor, self.count, self.most = executor, 0, 0

    def carry_out(self, size=WAVE):
        """One wave; gives how many of its tasks each process carried out."""
        self.count += 1
        for number in range(size):
            for kind in self.executor._backlog._kinds.values():
                kind.pace.seconds = 0.0  # they are short, also on a machine that is busy
            self.executor.submit(task(f"w{self.count}-{number}#1", "own_pid"), {})
        self.executor._launch()
        self.most = len(self.executor._tower.batches)
        found = ends(collect_all(self.executor, size)).values()
        return Counter(getattr(one, "record", "lost") for one in found)


def test_a_node_that_joins_in_the_middle_gets_its_share_of_short_steps(machines, executor, joined):
    waves = Waves(executor)
    until(lambda: waves.carry_out() and waves.most == 4, "two batches for each of two places")
    new = joined()
    until(lambda: waves.carry_out() and waves.most == 6, "two batches for each of three places")
    own = set(machines.pids(new))
    until(lambda: own & waves.carry_out().keys() or own.update(machines.pids(new)), "it takes part")

    def share():
        done = waves.carry_out(LONG_WAVE)
        return sum(count for pid, count in done.items() if pid in machines.pids(new)) / LONG_WAVE

    # at least a third of a third, in one of three waves: a process may be kept from running for a while
    assert any(share() > 1 / 9 for _ in range(3))
    machines.kill(new)
    until(lambda: waves.carry_out() and waves.most == 4, "two batches for each of the two that are left")
