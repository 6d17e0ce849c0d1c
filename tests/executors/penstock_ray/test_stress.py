"""Thousands of short tasks of every kind, while connections are cut and workers killed at random."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress

import cloudpickle
import doubles
import pytest
from doubles import Shared, task
from test_executor import cut

from penstock.spi.executor import Lost, Outcome, TaskResult, Ticket
from penstock.testing.conformance.executor import remains
from penstock_ray.executor import RayExecutor

TASKS = 1200
AT_HAND = 400
ENOUGH = 500
OF_NEW_TASKS = 20.0  # seconds, or as many as are needed to end enough of them
SILENCE = 30.0  # seconds without a word; longer than the executor waits for anybody
SEEDS = [int(one) for one in os.environ.get("PENSTOCK_STRESS_SEEDS", "1").split(",")]
USUAL = 400
KINDS = (
    *["append"] * USUAL, *["small"] * 50, *["large"] * 12, "huge_record", "sleep", *["tell"] * 10, "lock",
    "raise", "die", "exit", "leave", "interrupt", "child",
)  # fmt: skip
SURELY_LOST = 100
MOST_ATTEMPTS = 2
HANDED = {"small": 100, "large": 200_000}


class Runner(doubles.Runner):
    """Takes down that an attempt began, as a step of the engine tells it first, then behaves."""

    def do_live(self, argument, values, report):
        folder, key, kind = argument
        report("begun")
        note(folder, "ran", key)
        return getattr(self, f"live_{kind}", self.live_append)(argument, values, report)

    def live_append(self, argument, values, report):
        return TaskResult(record=sum(map(len, values.values())))

    def live_small(self, argument, values, report):
        return TaskResult(record="small", handed={"x": bytes(HANDED["small"])})

    def live_large(self, argument, values, report):
        return TaskResult(record="large", handed={"x": bytes(HANDED["large"])})

    def live_huge_record(self, argument, values, report):
        return TaskResult(record=bytes(2 << 20))

    def live_sleep(self, argument, values, report):
        time.sleep(0.15)
        return TaskResult(record="slept")

    def live_tell(self, argument, values, report):
        for number in range(50):
            report((number, "x" * 1000))
        return TaskResult(record="told")

    def live_lock(self, argument, values, report):
        return self.do_hand_lock(argument, values, report)

    def live_raise(self, argument, values, report):
        raise RuntimeError("raised")

    def live_die(self, argument, values, report):
        os.kill(os.getpid(), signal.SIGKILL)

    def live_exit(self, argument, values, report):
        sys.exit(3)

    def live_leave(self, argument, values, report):
        os._exit(4)

    def live_interrupt(self, argument, values, report):
        raise KeyboardInterrupt

    def live_child(self, argument, values, report):
        child = subprocess.Popen(["sleep", "100"])
        note(argument[0], "children", str(child.pid))
        os._exit(5)


def note(folder, name, line):
    """Write a line at once."""
    file = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


class StressShared(Shared):
    def blob(self):
        for module in (doubles, sys.modules[__name__]):
            cloudpickle.register_pickle_by_value(module)
        return cloudpickle.dumps(Runner)


class Scene:
    """A run of an executor that does what an engine does: retries, counts, and hands values on."""

    def __init__(self, executor, folder, seed):
        self.executor, self.folder = executor, folder
        self.chance = random.Random(seed)
        self.open = {}
        self.ends = defaultdict(list)
        self.at_hand = []
        self.sent = 0

    def submit(self, number, kind, attempt=1, free=0):
        key = f"{kind}-{number}#{attempt}" + ("'" * free)
        sources = self.chance.sample(self.at_hand, min(3, len(self.at_hand))) if kind == "append" else []
        hands = ("x",) if kind in HANDED else ("lock",) if kind == "lock" else ()
        upstream = {f"v{place}": (ticket, "x") for place, ticket in enumerate(sources)}
        one = task(key, "live", (str(self.folder), key, kind), hands)
        ticket = self.executor.submit(one, upstream)
        self.open[key] = (number, kind, attempt, free, sources)
        return ticket

    def more(self, *, is_late):
        while not is_late and self.sent < TASKS and len(self.open) < AT_HAND:
            self.sent += 1
            self.submit(self.sent, "leave" if self.sent == SURELY_LOST else self.chance.choice(KINDS))

    def all_ends(self):
        return [one for found in self.ends.values() for one in found]

    def take(self, message):
        if not isinstance(message, Lost | Outcome):
            return
        key = message.ticket.key
        self.ends[key].append(message)
        if key not in self.open:
            return
        number, kind, attempt, free, sources = self.open.pop(key)
        if isinstance(message, Outcome):
            self.keep(message, kind, sources)
        elif not message.started and message.cause != "canceled":
            self.submit(number, kind, attempt, free + 1)
        elif attempt < MOST_ATTEMPTS and message.cause == "worker":
            self.submit(number, kind, attempt + 1)

    def keep(self, end, kind, sources):
        if kind == "append":
            assert end.record == sum(HANDED[one.key.partition("-")[0]] for one in sources)
        if end.handed:
            self.at_hand.append(end.ticket)
        if len(self.at_hand) > 30 and not any(self.at_hand[0] in one[4] for one in self.open.values()):
            self.executor.release(self.at_hand.pop(0), ("x",))

    def harm(self):
        which = self.chance.random()
        heard = [one.worker for one in self.executor._hub._connections.values()]
        mailbox = self.executor._tower.mailbox
        heard += [] if mailbox is None else mailbox._workers.values()
        workers = [one for one in heard if "pid" in one.where]
        if which < 0.01:
            for worker in workers:  # as by the network: what was on its way may be lost
                worker.process, worker.is_cut = None, True
            cut(self.executor)
        elif which < 0.02 and workers:
            with suppress(ProcessLookupError):
                os.kill(int(self.chance.choice(workers).where.rpartition("pid ")[2]), signal.SIGKILL)
        elif which < 0.04 and self.open:
            key = self.chance.choice(list(self.open))
            self.executor.cancel(Ticket(key), 5.0)

    def lines(self, name):
        path = self.folder / name
        return path.read_text().split() if path.exists() else []


def wait_until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def most_lost_by_a_crash(scene):
    """How many tasks that had begun were lost with one worker."""
    crashes = Counter(
        one.reason.rpartition("pid ")[2]
        for one in scene.all_ends()
        if isinstance(one, Lost) and one.started and "its worker died" in one.reason and "pid" in one.reason
    )
    return max(crashes.values())


def wrong_counts(scene):
    """Attempts that ran more or less often than was told."""
    ran = Counter(scene.lines("ran"))
    return {
        one.ticket.key: (ran[one.ticket.key], one)
        for one in scene.all_ends()
        if ran[one.ticket.key] not in possible(one)
    }


def possible(end):
    """How often an attempt that ended like this may have run."""
    if isinstance(end, Outcome):
        return (1,)
    return (0, 1) if end.started else (0,)


def carry_out(scene):
    """Until everything has ended, or nobody says anything any more; gives the keys of what has not."""
    late = time.monotonic() + OF_NEW_TASKS
    heard = time.monotonic()
    while time.monotonic() < heard + SILENCE:
        scene.more(is_late=time.monotonic() > late and len(scene.ends) > ENOUGH)
        if not scene.open:
            break
        for message in scene.executor.collect(0.05):
            heard = time.monotonic()
            scene.take(message)
        scene.harm()
    return set(scene.open)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["hub", "mailbox"])
@pytest.mark.parametrize("seed", SEEDS)
def test_attempts_are_told_once_and_as_often_as_they_ran_whatever_happens(cluster, tmp_path, seed, way):
    executor = RayExecutor()
    executor.begin(StressShared(f"stress {seed}"))
    if way == "mailbox":
        executor._hub._door.close()
    scene = Scene(executor, tmp_path, seed)
    try:
        left = carry_out(scene)
        more = executor.collect(0.3)
    finally:
        executor.close()
    assert left == set()
    assert [one for one in more if isinstance(one, Lost | Outcome)] == []
    assert {key for key, found in scene.ends.items() if len(found) != 1} == set()
    assert wrong_counts(scene) == {}
    assert most_lost_by_a_crash(scene) == 1
    assert len(scene.ends) > ENOUGH
    children = list(map(int, scene.lines("children")))
    wait_until(lambda: not any(map(remains.is_alive, children)), f"children are gone: {children}")
