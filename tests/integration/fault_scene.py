"""Carrying out a run in which something goes wrong, and looking at everything that it left.

What must hold after every fault, whatever it was: attempts in the log are attempts that ran, the store is
sound, no file under a final name is half-written, and nothing that a step started is still there.
"""

from __future__ import annotations

import json
import os
import pickle
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import attrs
from attrs import define, frozen

from penstock import Instance
from penstock.define.executor import as_executor
from penstock.events import values as v
from penstock.events.runs import RunsFilter
from penstock.host.launch import Launch, launch
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url
from penstock.testing.conformance.executor import marks, remains

PATIENCE = 200.0
TICK = 0.01


class Pauses:
    """How much later than it wanted a thread that only sleeps went on: so much a busy machine delays all."""

    def __init__(self):
        self._found, self._stop = [], threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def between(self, begin, end):
        """Seconds of the pauses that lie there, by the clock of the events."""
        return sum(until - since - TICK for since, until in self._found if until > begin and since < end)

    def _look_on(self):
        while not self._stop.is_set():
            since = time.time()
            self._stop.wait(TICK)
            self._found.append((since, max(time.time(), since + TICK)))


@frozen
class Ended:
    """A run that came to its end.

    Args:
        result: of the run.
        folder: of the scene.
        struck: when the test did its harm, by the clock of the events; 0 when it did none.
        pauses: that the machine made meanwhile.
    """

    result: object
    folder: Path
    struck: float
    pauses: Pauses

    @property
    def success(self):
        return self.result.success

    @property
    def recorded(self):
        """How many attempts of each step are in the log."""
        begun = v.StepStarted | v.StepRestarted
        return Counter(one.step for one in self.result.happened if isinstance(one, begun))

    @property
    def ran(self):
        """How many attempts of each step there were."""
        return Counter(one.key for one in marks.read(str(self.folder), "began"))

    def all_of(self, kind, step=None):
        return [e for e in self.result.happened if isinstance(e, kind) and step in (None, e.step)]

    def failure(self, step="victim"):
        (found,) = self.all_of(v.StepFailed, step)
        return found

    def noticed(self, step="victim"):
        """Seconds from the harm until its first consequence in the log, without pauses of the machine."""
        kinds = v.StepFailed | v.StepRetryScheduled
        first = min(e.at for e in self.all_of(kinds, step))
        return first - self.struck - self.pauses.between(self.struck, first)

    @property
    def notes(self):
        return [one.message for one in self.result.happened if isinstance(one, v.EngineNoted)]

    @property
    def done(self):
        return {one.step for one in self.all_of(v.StepSucceeded)}


@define
class Scene:
    """A place for runs, with a durable instance of its own.

    Args:
        folder: of marks and of the instance.
        executor: what carries out the steps; anything that ``execute_job`` takes.
        home: of the instance.
        deaths: when the test did harm.
        is_over: whether the run has ended, so that nobody waits for it.
    """

    folder: Path
    executor: object
    home: Path = attrs.Factory(lambda self: self.folder / "home", takes_self=True)
    deaths: list[float] = attrs.field(factory=list)
    is_over: bool = False

    def carry_out(self, job, *, stores=True, meanwhile=None, executor=None):
        """Run a job to its end and look at what is left.

        Args:
            job: to be run.
            stores: whether op outputs are stored, as ``execute_job`` does, or only handed on.
            meanwhile: called in a thread while the run is under way; does the harm and calls ``strike``.
            executor: another one.
        """
        job = attrs.evolve(job, executor_def=as_executor(executor or self.executor))
        with (
            Instance.local_temp(str(self.home)) as instance,
            ThreadPoolExecutor(1) as threads,
            Pauses() as pauses,
        ):
            harm = threads.submit(meanwhile or _nothing)
            given = Launch(raise_on_error=False, keeps_values=False, stores_op_outputs=stores)
            try:
                result = launch(job, given, instance)
            finally:
                self.is_over = True
        harm.result()
        ended = Ended(result, self.folder, self.deaths[-1] if self.deaths else 0.0, pauses)
        assert ended.recorded == ended.ran, "attempts recorded, attempts that ran"
        self.look()
        return ended

    def strike(self, action):
        """Do harm, and take down when."""
        self.deaths.append(time.time())
        action()

    def wait(self, what, count=1, key=None):
        """Wait for marks; gives them."""
        here = str(self.folder)
        until(
            lambda: self.is_over or len(marks.read(here, what, key)) >= count,
            f"{count} times {what} of {key}",
        )
        return marks.read(str(self.folder), what, key)

    def wait_for_event(self, kind, step):
        """Wait until something is in the log of the only run."""
        until(
            lambda: any(isinstance(one, kind) and one.step == step for one in self.log()), f"{kind} of {step}"
        )

    def log(self):
        """What is stored of all runs."""
        with closing(open_store(sqlite_url(self.home / "penstock.db"))) as store:
            runs = [record.run.run_id for record in store.runs(RunsFilter(), limit=10)]
            return [entry.event for run in runs for entry in store.read(EventQuery(run_id=run))]

    def open_gate(self):
        (self.folder / "go").touch()

    def pid_of(self, step):
        return self.wait("began", key=step)[-1].pid

    def look(self):
        """Nothing may be wrong with the store, the files, or what steps started."""
        with closing(open_store(sqlite_url(self.home / "penstock.db"))) as store:
            assert faults_in(store) == []
        for path in self.stored():
            is_readable(path)
        children = [int(one.more) for one in marks.read(str(self.folder), "child")]
        until(lambda: not any(map(remains.is_alive, children)), f"children are gone: {children}")

    def stored(self):
        """Every file under the name of an output."""
        files = [path for path in (self.home / "storage").rglob("*") if path.is_file()]
        return sorted(path for path in files if "." in path.name and not path.name.startswith("."))

    @property
    def outputs(self):
        return {path.name.partition(".")[0] for path in self.stored()}


def is_readable(path):
    """Fails when a file is not whole."""
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".pickle":
        pickle.loads(path.read_bytes())


def until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def kill(pid, number):
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _nothing():
    pass
