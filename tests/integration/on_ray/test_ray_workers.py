"""Workers of a Ray cluster that die, hang and misbehave: what the run says, and that nothing else suffers."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import fault_steps as steps
from fault_scene import Scene, kill

from penstock import ResourceDefinition, RetryPolicy
from penstock.events import values as v

ALL_BUT_VICTIM = {"before", "beside", "beyond"}
ONCE = {"before": 1, "victim": 1, "beside": 1, "beyond": 1}
TWICE = RetryPolicy(max_retries=1)
WELL = {**ONCE, "after": 1}
TRIES = 3  # what is soon enough once may be late on a machine that stands still just then


def one_failed(ended, *said):
    """The victim failed once, with these words, and all that does not need it went well."""
    assert ended.recorded == ONCE
    assert ended.done == ALL_BUT_VICTIM
    for word in said:
        assert word in ended.failure().error.message
    return ended.failure()


@pytest.mark.parametrize(("how", "said"), [("killed", "its worker died (SIGKILL)"), ("exits", "exit code 7")])
def test_a_worker_that_dies_fails_its_step_and_no_other(scene, how, said):
    failed = one_failed(scene.carry_out(steps.faulty(scene.folder, how)), said, "node 127.0.0.1, pid")
    assert failed.error.cls_name == "WorkerLostError"
    assert failed.blame is v.Blame.WORKER


def test_a_worker_that_dies_before_its_step_begins_costs_no_attempt(scene):
    mine = steps.Mine(scene.folder, times=2)
    job = steps.faulty(scene.folder, "fine", mine=ResourceDefinition.hardcoded_resource(mine))
    ended = scene.carry_out(job)
    assert ended.success
    assert ended.recorded == {**ONCE, "after": 1}
    assert len(scene.wait("mine")) == 2


@pytest.mark.faults
def test_a_worker_that_dies_is_followed_by_as_many_attempts_as_the_policy_says(scene):
    ended = scene.carry_out(steps.faulty(scene.folder, "killed", policy=RetryPolicy(max_retries=2)))
    assert ended.recorded == ONCE | {"victim": 3}
    assert ended.failure().attempt == 3


def seconds_until_noticed(scene):
    """After the death of a worker, in a run that ends well."""

    def harm():
        pid = scene.pid_of("victim")
        scene.strike(lambda: kill(pid, signal.SIGKILL))
        scene.open_gate()

    ended = scene.carry_out(steps.faulty(scene.folder, "waits", policy=TWICE), meanwhile=harm)
    assert ended.success
    assert ended.recorded == WELL | {"victim": 2}
    return ended.noticed()


def test_a_worker_killed_from_outside_is_noticed_at_once_and_tried_again(machines, tmp_path):
    tries = (tmp_path / str(number) for number in range(TRIES))
    assert any(seconds_until_noticed(Scene(made(folder), "ray")) < 2 for folder in tries)


def made(folder):
    folder.mkdir()
    return folder


def test_a_worker_killed_after_storing_leaves_a_whole_output_and_counts_the_attempt(scene):
    (scene.folder / "kept").mkdir()
    manager = steps.DeadlyManager(folder=str(scene.folder / "kept"))
    ended = scene.carry_out(steps.faulty(scene.folder, "fine", io_manager=manager, policy=TWICE))
    assert ended.success
    assert ended.recorded == WELL | {"victim": 2}
    kept = {path.name for path in (scene.folder / "kept").iterdir()}
    assert kept == {f"{name}.stored" for name in ended.recorded}


def test_a_worker_killed_while_it_stores_leaves_nothing_under_the_final_name(scene):
    ended = scene.carry_out(steps.faulty(scene.folder, "gives_what_kills", policy=TWICE))
    assert ended.recorded == ONCE | {"victim": 2}
    assert "victim" not in scene.outputs


@pytest.mark.parametrize(
    "how", ["hangs", *(pytest.param(one, marks=pytest.mark.faults) for one in ("swallows", "sleeps"))]
)
def test_a_step_that_outlives_its_timeout_is_ended(scene, how):
    failed = one_failed(
        scene.carry_out(steps.faulty(scene.folder, how, timeout=0.5)), "longer than its timeout"
    )
    assert failed.blame is v.Blame.TIMEOUT


def test_children_of_a_worker_that_dies_die_with_it(scene):
    scene.open_gate()
    one_failed(scene.carry_out(steps.faulty(scene.folder, "has_children")), "SIGKILL")
    assert len(scene.wait("child", 2)) == 2


@pytest.mark.faults
def test_a_flood_on_the_streams_holds_nothing_up(scene):
    assert scene.carry_out(steps.faulty(scene.folder, "floods")).success


@pytest.mark.faults
@pytest.mark.parametrize("stores", [True, False])
def test_a_value_that_cannot_travel_is_named(scene, stores):
    job = steps.faulty(scene.folder, "gives_a_lock")
    one_failed(scene.carry_out(job, stores=stores, executor={"ray": {"fuse": False}}), "lock")


@pytest.mark.faults
def test_an_exception_that_cannot_travel_is_told_as_text(scene):
    failed = one_failed(scene.carry_out(steps.faulty(scene.folder, "raises_oddly")), "odd")
    assert failed.error.cls_name == "OddError"
