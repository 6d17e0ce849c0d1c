"""Which process owns a run, and what happens to runs whose process is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter, RunStatus
from penstock.host.instance import Instance
from penstock.host.ownership import OWNER_TAG, identity_of, is_gone, mend_lost_runs, owner_tag
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def waiting():
    """A process that ends when its input does."""
    program = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def gone():
    """The owner tag of a process that is gone."""
    process = waiting()
    identity = identity_of(process.pid)
    process.communicate()
    return identity


def run_of(instance, owner, *more):
    run = Run(run_id="r", job_name="j", tags={OWNER_TAG: owner})
    first = [v.RunQueued(at=1.0), v.RunStarting(at=1.0), v.RunStarted(at=1.0)]
    instance.store.create_run(run, [*first, *more])


def found(instance):
    return instance.store.runs(RunsFilter())[0]


def last_events(instance):
    return [entry.event for entry in instance.store.read(EventQuery(run_id="r"))][3:]


def test_a_process_that_lives_is_not_gone():
    assert not is_gone(owner_tag()[OWNER_TAG])


def test_a_process_that_ended_is_gone(gone):
    assert is_gone(gone)


def test_a_process_that_nobody_has_waited_for_yet_is_gone():
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    identity = identity_of(process.pid)
    process.stdin.close()
    process.stdout.read()  # ends with the process, which is a zombie until wait
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(identity)
    process.stdout.close()
    process.wait()


def test_a_process_number_that_is_used_again_is_another_process():
    boot, pid, start, numbering = owner_tag()[OWNER_TAG].split(":")
    assert is_gone(f"{boot}:{pid}:{int(start) - 1}:{numbering}")


def test_a_process_from_before_the_machine_started_is_gone():
    _, pid, start, numbering = owner_tag()[OWNER_TAG].split(":")
    assert is_gone(f"another-boot:{pid}:{start}:{numbering}")


def test_nothing_is_proven_of_a_process_in_another_container(gone):
    assert not is_gone(f"{gone.rpartition(':')[0]}:4026530000")


@pytest.mark.parametrize("odd", ["", "somebody", "a:b:c", "::::"])
def test_nothing_is_proven_of_an_owner_that_cannot_be_read(odd):
    assert not is_gone(odd)


def test_a_run_whose_process_is_gone_ends_as_failed(instance, gone):
    run_of(instance, gone)
    assert [record.run.run_id for record in mend_lost_runs(instance.store)] == ["r"]
    ended = found(instance)
    assert ended.run.status is RunStatus.FAILURE
    (failed,) = last_events(instance)
    assert failed.reason == "worker_lost"
    assert "gone" in failed.message


def test_the_step_that_was_under_way_is_told_as_interrupted(instance, gone):
    done = [
        v.StepStarted(at=2.0, step="a", attempt=1),
        v.StepSucceeded(at=2.0, step="a", seconds=0.1),
    ]
    run_of(instance, gone, *done, v.StepStarted(at=3.0, step="b", attempt=1))
    mend_lost_runs(instance.store)
    interrupted = [event for event in last_events(instance) if isinstance(event, v.StepInterrupted)]
    assert [(event.step, event.attempt) for event in interrupted] == [("b", 1)]
    assert faults_in(instance.store) == []


def test_a_lost_run_that_was_being_canceled_ends_as_canceled(instance, gone):
    run_of(instance, gone, v.RunCanceling(at=2.0, reason="somebody asked"))
    mend_lost_runs(instance.store)
    assert found(instance).run.status is RunStatus.CANCELED


def test_a_run_whose_process_lives_is_left_alone(instance):
    run_of(instance, owner_tag()[OWNER_TAG])
    assert mend_lost_runs(instance.store) == []
    assert found(instance).run.status is RunStatus.STARTED


def test_a_run_without_an_owner_is_left_alone(instance):
    instance.add_run(Run(run_id="r", job_name="j", status=RunStatus.STARTED))
    assert mend_lost_runs(instance.store) == []


def test_a_run_that_somebody_else_ended_meanwhile_is_left_as_it_is(instance, gone):
    class Late:
        """A store whose list of runs is from before somebody else wrote."""

        def __init__(self, store):
            self.runs_before = store.runs(RunsFilter())
            self.append, self.read = store.append, store.read

        def runs(self, wanted):
            return self.runs_before

    run_of(instance, gone)
    late = Late(instance.store)
    mend_lost_runs(instance.store)
    before = last_events(instance)
    mend_lost_runs(late)
    assert last_events(instance) == before


def test_many_at_once_end_a_lost_run_once(tmp_path, gone):
    with Instance.local_temp(tmp_path) as instance:
        run_of(instance, gone)
        start = Barrier(4)

        def mend():
            start.wait()
            mend_lost_runs(instance.store)

        threads = [Thread(target=mend) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(event) for event in last_events(instance)] == [v.RunFailed]


def test_whoever_opens_the_home_next_finds_no_lost_run_still_running(gone):
    with Instance.get() as instance:
        run_of(instance, gone)
    with Instance.get() as instance:
        assert found(instance).run.status is RunStatus.FAILURE
