"""Pools hold across runs: steps wait for a slot, and nothing that ended or died keeps one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest

from penstock import (
    Failure,
    Instance,
    RetryPolicy,
    asset,
    execute_job,
    in_process_executor,
    job,
    materialize,
    op,
)
from penstock.engine.program import Tools
from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter, RunStatus
from penstock.host.launch import Launch, launch
from penstock.host.ownership import OWNER_TAG, identity_of
from penstock.spi.pools import SlotRequest
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def instance(tmp_path):
    with closing(Instance.local_temp(tmp_path / "home")) as instance:
        yield instance


def notes_of(instance, run_id):
    found = instance.store.read(EventQuery(run_id=run_id, kinds=(v.EngineNoted,)))
    return [entry.event.message for entry in found]


def left_in(instance):
    """Slots and wishes that are left; faults of the store."""
    found = instance.store.pools.find()
    return [slot for pool in found for slot in (*pool.taken, *pool.waiting)] + faults_in(instance.store)


def other_run(instance, run_id="other", owner=""):
    """A run of somebody else that is under way."""
    run = Run(run_id=run_id, job_name="j", tags={OWNER_TAG: owner} if owner else {})
    instance.store.create_run(run, [v.RunStarting(at=1.0), v.RunStarted(at=1.0)])


def take(instance, run_id="other", step="a", pool="db", owner=""):
    wish = SlotRequest(pool=pool, run_id=run_id, step=step, owner=owner)
    assert instance.store.pools.ask(wish, 1.0).granted


def end(instance, run_id="other"):
    (record,) = instance.store.runs(RunsFilter(run_ids=[run_id]))
    ends = [v.RunCanceling(at=2.0), v.RunCanceled(at=2.0)]
    instance.store.append(run_id, record.last_seq, ends)


class Sleeper:
    """Sleeps no time at all, and does something when it slept so often."""

    def __init__(self, times, act):
        self.left, self.act, self.slept = times, act, []

    def __call__(self, seconds):
        self.slept.append(seconds)
        self.left -= 1
        if self.left == 0:
            self.act()

    @property
    def tools(self):
        return Tools(now=lambda: 1_000.0 + sum(self.slept), sleep=self)


@op(pool="db")
def load():
    return 1


@op
def plain():
    return 2


@job
def loading():
    load()
    plain()


def test_a_step_waits_until_another_run_gives_its_slot_back(instance):
    instance.store.pools.set_limit("db", 1)
    other_run(instance)
    take(instance)
    sleeper = Sleeper(5, lambda: end(instance))
    result = launch(loading, Launch(tools=sleeper.tools), instance)
    assert result.success
    assert len(sleeper.slept) == 5
    assert notes_of(instance, result.run_id) == [
        "load waits for a slot of pool db: 1 of 1 taken by run other (a)."
    ]
    order = [
        entry.event.step
        for entry in instance.store.read(EventQuery(run_id=result.run_id, kinds=(v.StepStarted,)))
    ]
    assert order == ["plain", "load"]
    assert left_in(instance) == []


@pytest.mark.parametrize(
    ("tags", "urgency"),
    [({}, 3), ({"penstock/priority": "4"}, 7), ({"penstock/priority": "soon"}, 3)],
)
def test_a_step_waits_with_its_own_priority_and_that_of_its_run(instance, tags, urgency):
    instance.store.pools.set_limit("db", 0)
    seen = []

    def look():
        seen.extend(slot.priority for slot in instance.store.pools.find("db")[0].waiting)
        instance.store.pools.set_limit("db", 1)

    @job
    def urgent():
        load.tag({"penstock/priority": "3"})()

    launch(urgent, Launch(tools=Sleeper(1, look).tools, tags=tags), instance)
    assert seen == [urgency]


def test_a_more_urgent_step_of_the_run_passes_one_that_waits(instance):
    instance.store.pools.set_limit("db", 1)
    other_run(instance)
    take(instance)

    @op
    def first():
        return 1

    @op(pool="db")
    def late(first):
        return first

    @job
    def passing():
        load()
        late.tag({"penstock/priority": "3"})(first())

    sleeper = Sleeper(3, lambda: end(instance))
    result = launch(passing, Launch(tools=sleeper.tools), instance)
    began = instance.store.read(EventQuery(run_id=result.run_id, kinds=(v.StepStarted,)))
    assert [entry.event.step for entry in began] == ["first", "late", "load"]
    assert left_in(instance) == []


def test_looking_again_grows_rare_but_not_rarer_than_twice_a_second(instance):
    instance.store.pools.set_limit("db", 0)
    sleeper = Sleeper(40, lambda: instance.store.pools.set_limit("db", 1))
    result = launch(loading, Launch(tools=sleeper.tools), instance)
    assert result.success
    assert sleeper.slept[0] == pytest.approx(0.02)
    assert sorted(sleeper.slept) == sleeper.slept
    assert sleeper.slept[-1] == pytest.approx(0.5)
    assert notes_of(instance, result.run_id) == [
        "load waits for a slot of pool db: the pool is closed, its limit is 0."
    ]


def test_a_run_that_waits_can_be_interrupted(instance):
    instance.store.pools.set_limit("db", 0)

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(loading, Launch(tools=Sleeper(3, interrupt).tools), instance)
    (record,) = instance.store.runs(RunsFilter())
    assert record.run.status is RunStatus.CANCELED
    assert left_in(instance) == []


def test_assets_stand_in_pools_too_also_without_a_folder():
    @asset(pool="db")
    def made():
        (pool,) = instance.store.pools.find()
        return [slot.step for slot in pool.taken]

    with closing(Instance.ephemeral()) as instance:
        assert materialize([made], instance=instance).output_for_node("made") == ["made"]
        assert left_in(instance) == []


def test_a_retry_that_waits_has_no_slot(instance):
    seen = []

    @op(pool="db", retry_policy=RetryPolicy(max_retries=1, delay=3.0))
    def shaky():
        seen.append([slot.attempt for slot in instance.store.pools.find("db")[0].taken])
        if len(seen) == 1:
            raise ValueError("once more")

    @job
    def shaking():
        shaky()

    sleeper = Sleeper(1, lambda: seen.append(list(instance.store.pools.find("db")[0].taken)))
    assert launch(shaking, Launch(tools=sleeper.tools), instance).success
    assert seen == [[1], [], [2]]
    assert left_in(instance) == []


def test_a_step_that_fails_gives_its_slot_back(instance):
    instance.store.pools.set_limit("db", 1)

    @op(pool="db")
    def bad():
        raise Failure("no")

    @job
    def both():
        bad()
        load()

    result = execute_job(both, instance)
    assert [result.events_for_node(name)[-1].is_failure for name in ("bad", "load")] == [True, False]
    assert left_in(instance) == []


def test_a_run_says_nothing_of_waiting_for_its_own_steps(instance):
    instance.store.pools.set_limit("db", 1)

    @job(executor_def="process")
    def many():
        for number in range(4):
            load.alias(f"load_{number}")()

    result = execute_job(many, instance)
    assert result.success
    assert not [note for note in notes_of(instance, result.run_id) if "waits" in note]
    assert left_in(instance) == []


def test_runs_of_one_process_share_a_pool(instance):
    instance.store.pools.set_limit("db", 2)
    running, most = set(), []

    @op(pool="db")
    def count(context):
        running.add(context.run_id + context.op_handle.name)
        most.append(len(running))
        Event().wait(0.002)
        running.discard(context.run_id + context.op_handle.name)

    @job(executor_def=in_process_executor)
    def counting():
        for number in range(5):
            count.alias(f"count_{number}")()

    threads = [Thread(target=execute_job, args=(counting, instance)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 20
    assert max(most) <= 2
    assert left_in(instance) == []


def test_a_run_does_not_wait_for_the_step_that_started_it(instance):
    instance.store.pools.set_limit("db", 1)

    @op(pool="db")
    def outer(context):
        execute_job(loading, context.instance, raise_on_error=True)

    @job
    def nested():
        outer()

    result = execute_job(nested, instance)
    (failed,) = result.get_failed_step_keys()
    said = result.failure_data_for_node(failed).error.to_string()
    assert "'load' would wait for ever: the one slot of pool 'db' is taken by step 'outer'" in said
    assert left_in(instance) == []
    instance.store.pools.set_limit("db", 2)
    assert execute_job(nested, instance).success


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_slots_and_wishes_of_a_process_that_is_gone_hold_up_nobody(instance):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = identity_of(process.pid)
    process.communicate(b"\n")
    instance.store.pools.set_limit("db", 1)
    for run in ("dead", "waiting"):
        other_run(instance, run, owner)
    take(instance, "dead", owner=owner)
    wish = SlotRequest(pool="db", run_id="waiting", step="a", owner=owner)
    assert not instance.store.pools.ask(wish, 1.0).granted
    result = execute_job(loading, instance)
    assert result.success
    ended = {one.run.run_id: one.run.status for one in instance.store.runs(RunsFilter())}
    assert (ended["dead"], ended["waiting"]) == (RunStatus.FAILURE, RunStatus.FAILURE)
    assert not [note for note in notes_of(instance, result.run_id) if "waits" in note]
    assert left_in(instance) == []


def test_a_run_whose_end_cannot_be_stored_gives_its_slots_back(instance):
    @op(pool="db")
    def fenced(context):
        (record,) = context.instance.store.runs(RunsFilter())
        ahead = v.EngineNoted(at=1.0, message="somebody else wrote")
        context.instance.store.append(context.run_id, record.last_seq, [ahead])

    @job
    def losing():
        fenced()

    with pytest.raises(Exception, match="somebody else wrote to it"):
        execute_job(losing, instance)
    assert left_in(instance) == []


# ---- several processes -----------------------------------------------------------------------------

CODE = """
    import os, time
    from penstock import Instance, execute_job, job, op

    @op(pool="db")
    def alone():
        begun = time.monotonic()
        if "kill" in os.environ["DOES"]:
            with open(os.environ["TELL"], "w") as pipe:
                pipe.write("begun")
            time.sleep(600)
        time.sleep(0.02)
        print(begun, time.monotonic(), flush=True)

    @job(executor_def=os.environ["EXECUTOR"])
    def several():
        for number in range(4):
            alone.alias(f"alone_{number}")()

    if __name__ == "__main__":
        with Instance.local_temp(os.environ["FOLDER"]) as instance:
            assert execute_job(several, instance).success
"""


@pytest.fixture
def start(tmp_path, instance):
    """A function that runs the job in a process of its own."""
    (tmp_path / "several.py").write_text(textwrap.dedent(CODE))
    rooms = ("core", "executors", "io_managers")
    path = os.pathsep.join(str(ROOT / room) for room in rooms)

    def begin(*arguments, executor="in_process"):
        env = {**os.environ, "FOLDER": str(tmp_path / "home"), "EXECUTOR": executor, "PYTHONPATH": path}
        env["TELL"] = str(tmp_path / "tell")
        env["DOES"] = " ".join(arguments)
        command = [sys.executable, str(tmp_path / "several.py")]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return begin


def printed_by(process):
    said = process.communicate(timeout=200)[0]
    assert process.returncode == 0
    return [tuple(map(float, line.split())) for line in said.splitlines()]


def strike(process, blow):
    """Until it has ended: Python hears of a signal that comes as it falls asleep when it wakes."""
    while process.returncode is None:
        process.send_signal(blow)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)


@pytest.mark.parametrize("executors", [("in_process", "in_process"), ("in_process", "process")])
def test_steps_of_two_processes_never_overlap_where_there_is_one_slot(instance, start, executors):
    instance.store.pools.set_limit("db", 1)
    spans = [span for process in [start(executor=one) for one in executors] for span in printed_by(process)]
    spans.sort()
    assert len(spans) == 8
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert left_in(instance) == []


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_driver_that_is_killed_or_canceled_gives_its_slots_back(instance, start, executor, blow, tmp_path):
    instance.store.pools.set_limit("db", 1)
    os.mkfifo(tmp_path / "tell")
    process = start("kill", executor=executor)
    assert (tmp_path / "tell").read_text() == "begun"
    assert len(instance.store.pools.find("db")[0].taken) == 1
    strike(process, blow)
    assert execute_job(loading, instance).success
    assert left_in(instance) == []
