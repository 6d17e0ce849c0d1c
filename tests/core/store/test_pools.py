"""Slots in SQLite: by the luck of the draw, from several processes, and against SQL by hand."""

from __future__ import annotations

import os
import select
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from penstock.errors import InvariantViolationError, TransitionRejected
from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter
from penstock.spi.pools import WAITER_PATIENCE, SlotRequest
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url
from penstock.testing.conformance.store import begun

CORE = Path(__file__).resolve().parents[3] / "core"
ERROR = v.ErrorInfo(cls_name="E", message="m")


def request(run, step, pool="db", attempt=1, priority=0):
    return SlotRequest(pool=pool, run_id=run, step=step, attempt=attempt, owner="me", priority=priority)


@pytest.fixture
def store(tmp_path):
    with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:
        yield store


def test_a_pool_has_a_name(store):
    with pytest.raises(InvariantViolationError, match="this one is empty"):
        store.pools.set_limit("", 1)


def test_no_sql_by_hand_takes_a_slot_that_is_not_there(store):
    store.create_run(Run(run_id="r", job_name="j"), begun())
    store.pools.set_limit("db", 1)
    store.pools.ask(request("r", "a"), 2.0)
    with (
        closing(sqlite3.connect(store.database.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="the pool has no free slot"),
    ):
        connection.execute("INSERT INTO pool_slots VALUES (1, 'b', 1, 'db', 'me', 2.0)")


def test_a_slot_of_a_run_that_is_over_is_a_fault(store):
    store.create_run(Run(run_id="r", job_name="j"), [*begun(), v.RunSucceeded(at=9.0)])
    with closing(sqlite3.connect(store.database.path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO pool_slots VALUES (1, 'b', 1, 'db', 'me', 2.0)")
    assert faults_in(store) == ["Run r is over, and its step b has a slot of pool db."]


# ---- several processes -----------------------------------------------------------------------------

CLAIMER = """
import sys, time
from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter
from penstock.spi.pools import SlotRequest
from penstock.store.open import open_store
from penstock.testing.conformance.store import begun
url, name, steps, claimers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = open_store(url)
seq = store.create_run(Run(run_id=name, job_name="j"), begun())
while store.count_runs(RunsFilter()) < claimers:
    time.sleep(0.001)
for number in range(steps):
    step = f"{name}-{number}"
    wish = SlotRequest(pool="db", run_id=name, step=step, owner=name)
    while not store.pools.ask(wish, time.time()).granted:
        time.sleep(0.001)
    seq = store.append(name, seq, [v.StepStarted(at=1.0, step=step)])
    if not number:
        print("has a slot", flush=True)
        sys.stdin.read()
    seq = store.append(name, seq, [v.StepSucceeded(at=1.0, step=step)])
store.append(name, seq, [v.RunSucceeded(at=9.0)])
store.close()
"""
SLOTS, CLAIMERS = 2, 5


def most_at_once(store):
    """The largest number of steps that ran at any instant, by the log, which is in order of commit."""
    running, most = set(), 0
    for entry in store.read(EventQuery(kinds=(v.StepStarted, v.StepSucceeded))):
        if isinstance(entry.event, v.StepStarted):
            running.add(entry.event.step)
        else:
            running.discard(entry.event.step)
        most = max(most, len(running))
    return most


@pytest.fixture
def claimers(store):
    """Processes that want a slot for each of their steps; they keep the first until their input ends."""
    store.pools.set_limit("db", SLOTS)
    command = [sys.executable, "-c", CLAIMER, sqlite_url(store.database.path)]
    environment = {**os.environ, "PYTHONPATH": str(CORE)}
    started = [
        subprocess.Popen(
            [*command, str(number), "30", str(CLAIMERS)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number in range(CLAIMERS)
    ]  # fmt: skip
    yield started
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def test_processes_together_have_as_many_slots_as_there_are_and_never_more(store, claimers):
    waiting = {process.stdout: process for process in claimers}
    for _ in range(SLOTS):  # those who come first keep theirs until others have the rest
        (come, *_), _, _ = select.select(waiting, [], [])
        assert come.readline() == "has a slot\n", waiting[come].stderr.read()
        del waiting[come]
    (pool,) = store.pools.find()
    assert len(pool.taken) == SLOTS
    for process in claimers:
        process.stdin.close()
    for process in claimers:
        assert (process.stderr.read(), process.wait()) == ("", 0)
    assert store.count_runs(RunsFilter()) == CLAIMERS
    assert most_at_once(store) == SLOTS
    (pool,) = store.pools.find()
    assert (list(pool.taken), list(pool.waiting), faults_in(store)) == ([], [], [])


# ---- by the luck of the draw -----------------------------------------------------------------------


class Machine(RuleBasedStateMachine):
    """Runs that ask, end, fail, are lost and deleted, beside a model of what they must have."""

    @initialize()
    def open(self):
        self.folder = tempfile.mkdtemp()
        self.store = open_store(sqlite_url(Path(self.folder) / "penstock.db"))
        self.seq, self.taken, self.queue = {}, {}, []
        self.limits, self.now, self.made = {}, 10.0, 0

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(pool=st.sampled_from([None, "db", "api"]), slots=st.none() | st.integers(0, 3))
    def limit(self, pool, slots):
        self.store.pools.set_limit(pool, slots)
        self.limits[pool] = slots

    @rule()
    def begin(self):
        self.made += 1
        self.seq[str(self.made)] = self.store.create_run(Run(run_id=str(self.made), job_name="j"), begun())

    def pick(self, number):
        return sorted(self.seq)[number % len(self.seq)]

    def limit_of(self, pool):
        own = self.limits.get(pool)
        return self.limits.get(None) if own is None else own

    @precondition(lambda self: self.seq)
    @rule(
        number=st.integers(0, 9), step=st.sampled_from("abc"), attempt=st.integers(1, 3),
        urgency=st.sampled_from([0, 0, 0, -1, 7]),
    )  # fmt: skip
    def ask(self, number, step, attempt, urgency):
        run, pool = self.pick(number), "api" if step == "c" else "db"
        granted = self.store.pools.ask(request(run, step, pool, attempt, urgency), self.now).granted
        if (run, step) in self.taken:
            assert granted
            self.taken[run, step] = (pool, attempt)
            return
        place = next((at for at, one in enumerate(self.queue) if one[:2] == [run, pool]), len(self.queue))
        fresh = [(at, one) for at, one in enumerate(self.queue) if self.now - one[2] <= WAITER_PATIENCE]
        ahead = sum(
            one[1] == pool and at != place and (one[4] > urgency or (one[4] == urgency and at < place))
            for at, one in fresh
        )
        limit = self.limit_of(pool)
        taken = sum(one[0] == pool for one in self.taken.values())
        assert granted == (limit is None or taken + ahead < limit)
        if granted:
            assert limit is None or taken < limit
            self.taken[run, step] = (pool, attempt)
            del self.queue[place : place + 1]
        elif place == len(self.queue):
            self.queue.append([run, pool, self.now, step, urgency])
        elif (
            self.queue[place][3:] != [step, urgency] or self.now - self.queue[place][2] >= WAITER_PATIENCE / 5
        ):
            self.queue[place][2:] = [self.now, step, urgency]

    @precondition(lambda self: self.taken)
    @rule(number=st.integers(0, 9), how=st.sampled_from(["well", "badly", "again", "stopped", "not"]))
    def end_step(self, number, how):
        run, step = sorted(self.taken)[number % len(self.taken)]
        attempt = self.taken.pop((run, step))[1]
        if how == "not":
            assert self.store.pools.give_back(run, step) == 1
            return
        events = {
            "well": v.StepSucceeded(at=2.0, step=step, attempt=attempt),
            "badly": v.StepFailed(at=2.0, step=step, error=ERROR, attempt=attempt),
            "again": v.StepRetryScheduled(at=2.0, step=step, error=ERROR, attempt=attempt),
            "stopped": v.StepInterrupted(at=2.0, step=step, attempt=attempt),
        }
        self.seq[run] = self.store.append(run, self.seq[run], [events[how]])

    @precondition(lambda self: self.seq)
    @rule(number=st.integers(0, 9), how=st.sampled_from(["well", "lost", "canceled", "deleted"]))
    def end_run(self, number, how):
        run = self.pick(number)
        seq = self.seq.pop(run)
        ends = {
            "well": [v.RunSucceeded(at=3.0)],
            "lost": [v.RunFailed(at=3.0, reason="worker_lost")],
            "canceled": [v.RunCanceling(at=3.0), v.RunCanceled(at=3.0)],
        }
        if how == "deleted":
            self.store.delete_run(run)
        else:
            self.store.append(run, seq, ends[how])
        self.taken = {key: value for key, value in self.taken.items() if key[0] != run}
        self.queue = [one for one in self.queue if one[0] != run]
        with pytest.raises(TransitionRejected):
            self.store.pools.ask(request(run, "a"), self.now)

    @rule(seconds=st.sampled_from([0.5, 2.0, WAITER_PATIENCE * 2]))
    def wait(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.seq)
    @rule(number=st.integers(0, 9))
    def give_all_back(self, number):
        run = self.pick(number)
        mine = [key for key in self.taken if key[0] == run]
        assert self.store.pools.give_back(run) == len(mine)
        for key in mine:
            del self.taken[key]
        self.queue = [one for one in self.queue if one[0] != run]

    @invariant()
    def the_store_says_the_same(self):
        if not hasattr(self, "store"):
            return
        found = self.store.pools.find()
        taken = {(one.run_id, one.step): (one.pool, one.attempt) for pool in found for one in pool.taken}
        assert taken == self.taken
        for pool in found:
            assert pool.limit == self.limit_of(pool.name)
            waiting = [one.run_id for one in pool.waiting]
            queue = [one for one in self.queue if one[1] == pool.name]
            assert waiting == [one[0] for one in sorted(queue, key=lambda one: -one[4])]
        assert faults_in(self.store) == []


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=25, stateful_step_count=40)
