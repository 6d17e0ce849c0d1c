"""What goes wrong in the process pool, through the engine and on a durable instance."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path

import polars as pl  # noqa: F401 - it sets an environment variable, which must not happen within a test
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fault_steps as steps
from fault_scene import Scene, kill, until

from penstock import ResourceDefinition, RetryPolicy
from penstock.errors import CodeLocationError
from penstock.events import values as v
from penstock_local import kernel

ALL_BUT_VICTIM = {"before", "beside", "beyond"}
ONCE = {"before": 1, "victim": 1, "beside": 1, "beyond": 1}
TWICE = RetryPolicy(max_retries=1)


@pytest.fixture
def scene(tmp_path, penstock_home):
    yield Scene(tmp_path, {"process": {"max_concurrent": 2}})
    mark = f"PENSTOCK_HOME={penstock_home}"
    until(lambda: not kernel.marked(mark), f"left: {kernel.marked(mark)}")


def one_failed(ended, *said):
    """The victim failed once, with these words, and all that does not need it went well."""
    assert ended.recorded == ONCE
    assert ended.done == ALL_BUT_VICTIM
    for word in said:
        assert word in ended.failure().error.message
    return ended.failure()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("killed", "was killed by SIGKILL (signal 9) while it ran"),
        ("exits", "exit code 7"),
    ],
)
def test_a_worker_that_dies_fails_its_step_and_no_other(scene, how, said):
    failed = one_failed(scene.carry_out(steps.faulty(scene.folder, how)), said)
    assert failed.error.cls_name == "WorkerLostError"
    assert failed.blame is v.Blame.WORKER


def test_a_definition_that_kills_whoever_loads_it_is_refused_before_the_first_step(scene):
    mine = ResourceDefinition.hardcoded_resource(steps.Mine(scene.folder, times=1))
    with pytest.raises(CodeLocationError, match="was killed by SIGKILL"):
        scene.carry_out(steps.faulty(scene.folder, "fine", mine=mine))
    assert scene.log() == []


def test_a_worker_that_dies_is_followed_by_as_many_attempts_as_the_policy_says(scene):
    ended = scene.carry_out(steps.faulty(scene.folder, "killed", policy=RetryPolicy(max_retries=2)))
    assert ended.recorded == ONCE | {"victim": 3}
    assert ended.failure().attempt == 3


def test_a_step_whose_worker_died_once_goes_well_at_its_second_attempt(scene):
    ended = scene.carry_out(steps.faulty(scene.folder, "killed_once", policy=TWICE))
    assert ended.success
    assert ended.recorded == {**ONCE, "victim": 2, "after": 1}


def test_workers_killed_from_outside_are_lost_and_tried_again(scene):
    def harm():
        pid = scene.pid_of("victim")
        scene.strike(lambda: kill(pid, signal.SIGKILL))
        scene.open_gate()

    ended = scene.carry_out(steps.faulty(scene.folder, "waits", policy=TWICE), meanwhile=harm)
    assert ended.success
    assert ended.recorded["victim"] == 2
    assert ended.noticed() < 2


def test_a_worker_killed_after_storing_leaves_a_whole_output_and_counts_the_attempt(scene):
    (scene.folder / "kept").mkdir()
    manager = steps.DeadlyManager(folder=str(scene.folder / "kept"))
    ended = scene.carry_out(steps.faulty(scene.folder, "fine", io_manager=manager, policy=TWICE))
    assert ended.success
    assert ended.recorded == {**ONCE, "victim": 2, "after": 1}
    kept = {path.name for path in (scene.folder / "kept").iterdir()}
    assert kept == {f"{name}.stored" for name in ended.recorded}


def test_a_worker_killed_while_it_stores_leaves_nothing_under_the_final_name(scene):
    ended = scene.carry_out(steps.faulty(scene.folder, "gives_what_kills", policy=TWICE))
    assert ended.recorded == ONCE | {"victim": 2}
    assert "victim" not in scene.outputs


@pytest.mark.parametrize("how", ["hangs", "swallows", "sleeps"])
def test_a_step_that_outlives_its_timeout_is_ended(scene, how):
    failed = one_failed(
        scene.carry_out(steps.faulty(scene.folder, how, timeout=3.0)), "longer than its timeout"
    )
    assert failed.blame is v.Blame.TIMEOUT


def test_children_of_a_worker_that_dies_die_with_it(scene):
    scene.open_gate()
    ended = scene.carry_out(steps.faulty(scene.folder, "has_children"))
    one_failed(ended, "SIGKILL")
    assert len(scene.wait("child", 2)) == 2


def test_a_flood_on_the_streams_holds_nothing_up(scene):
    assert scene.carry_out(steps.faulty(scene.folder, "floods")).success


def test_a_value_that_cannot_travel_is_named(scene):
    one_failed(scene.carry_out(steps.faulty(scene.folder, "gives_a_lock")), "lock")


def test_an_exception_that_cannot_travel_is_told_as_text(scene):
    failed = one_failed(scene.carry_out(steps.faulty(scene.folder, "raises_oddly")), "odd")
    assert failed.error.cls_name == "OddError"


def test_a_step_that_takes_too_much_memory_is_ended(scene):
    pool = {"process": {"max_concurrent": 2, "max_step_memory": 400 << 20}}
    one_failed(scene.carry_out(steps.faulty(scene.folder, "eats"), executor=pool), "max_step_memory")


PROGRAM = """
    import sys
    sys.path[:0] = {paths!r}
    import fault_steps
    from penstock import Definitions

    made = fault_steps.faulty({folder!r}, {how!r})
    defs = Definitions(jobs=[made])
"""
RUN = ("job", "run", "made", "-f", "code.py", "--executor", "process")


@pytest.fixture
def begun(desk, tmp_path):
    """A command that runs a job with the pool, and its scene."""
    started = []

    def begin(how):
        folder = tmp_path / "scene"
        folder.mkdir()
        paths = [str(Path(__file__).parent)]
        desk.write("code.py", PROGRAM.format(paths=paths, folder=str(folder), how=how))
        started.append(desk.begin(*RUN, start_new_session=True))
        return started[-1], Scene(folder, None)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def marked(desk):
    return kernel.marked(f"PENSTOCK_HOME={desk.home}")


def test_ctrl_c_cancels_the_run_and_leaves_nothing(desk, begun):
    process, scene = begun("waits")
    scene.wait("began", key="victim")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130, out + err
    assert "■ canceled" in out
    assert desk.runs()[0]["status"] == "CANCELED"
    until(lambda: not marked(desk), f"left: {marked(desk)}")


def test_a_driver_that_is_killed_takes_its_steps_along_and_the_run_is_found_lost(desk, begun):
    process, scene = begun("has_children")
    scene.wait("child", 2)
    process.kill()
    process.wait()
    until(lambda: not marked(desk), f"left: {marked(desk)}")
    (run,) = desk.runs()
    assert run["status"] == "FAILURE"
    assert "is gone" in desk.call("run", "show", run["run_id"]).out
    assert Counter(one.key for one in scene.wait("began"))["victim"] == 1
    scene.open_gate()
