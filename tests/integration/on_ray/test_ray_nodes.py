"""Machines of a Ray cluster that go away: at work, and with the only copy of a value."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import fault_steps as steps

from penstock import RetryPolicy
from penstock.events import values as v
from penstock.testing.conformance.executor import marks

AGAIN = {"penstock/recompute": "true"}
ONCE = {"maker": 1, "gate": 1, "reader": 1, "beside": 1, "beyond": 1}

pytestmark = pytest.mark.faults


@pytest.fixture
def twins(machines):
    """Two nodes of one kind, of which a test may kill one."""
    made = [machines.add(doomed=1) for _ in range(2)]
    yield made
    for one in made:
        if one in machines.cluster.worker_nodes:
            machines.cluster.remove_node(one, allow_graceful=False)


def kill_home_of(machines, twins, pid):
    """Kill the node on which a process runs."""
    (home,) = (one for one in twins if pid in machines.pids(one))
    machines.kill(home)


@pytest.mark.parametrize("retries", [0, 1])
def test_a_node_that_dies_loses_its_running_step_and_no_other(machines, scene, twins, retries):
    tag = {"penstock/ray": '{"resources": {"doomed": 0.01}}'}
    policy = RetryPolicy(max_retries=retries) if retries else None
    job = steps.faulty(scene.folder, "waits", tags=tag, policy=policy)

    def harm():
        pid = scene.pid_of("victim")
        scene.strike(lambda: kill_home_of(machines, twins, pid))
        scene.open_gate()

    ended = scene.carry_out(job, meanwhile=harm)
    assert ended.recorded["victim"] == 1 + retries
    assert ended.success == bool(retries)
    assert {"before", "beside", "beyond"} <= ended.done
    assert ended.noticed() < 15
    if not retries:
        assert "its node went away" in ended.failure().error.message


def carry_out_with_loss(machines, scene, twins, *, stores, **more):
    job = steps.handing(scene.folder, made_on="doomed", read_on="left", **more)

    def harm():
        pid = scene.pid_of("maker")
        scene.wait("began", key="gate")
        scene.wait_for_event(v.StepSucceeded, "maker")
        scene.strike(lambda: kill_home_of(machines, twins, pid))
        scene.open_gate()

    return scene.carry_out(job, stores=stores, meanwhile=harm)


def test_a_stored_value_whose_only_copy_is_gone_is_loaded_from_storage(machines, scene, twins):
    ended = carry_out_with_loss(machines, scene, twins, stores=True)
    assert ended.success
    assert ended.recorded == ONCE
    assert ended.all_of(v.StepSucceeded, "reader")[0].at - ended.struck < 45


def test_an_unstored_value_that_is_gone_fails_its_reader_and_no_other(machines, scene, twins):
    ended = carry_out_with_loss(machines, scene, twins, stores=False, policy=RetryPolicy(max_retries=3))
    assert not ended.success
    assert {"maker", "gate", "beside", "beyond"} <= ended.done
    message = ended.failure("reader").error.message
    assert "a value that it needs is gone" in message
    assert "penstock/recompute" in message
    assert not marks.read(str(scene.folder), "began", "reader")
    assert ended.failure("reader").at - ended.struck < 45


def test_an_unstored_value_that_is_gone_is_made_again_where_that_is_allowed(machines, scene, twins):
    ended = carry_out_with_loss(machines, scene, twins, stores=False, tags=AGAIN)
    assert ended.success
    assert ended.recorded == ONCE | {"maker": 2}
    assert any("maker handed on was lost" in note for note in ended.notes)
    assert ended.all_of(v.StepSucceeded, "reader")[0].at - ended.struck < 45
