"""The driver of a run on Ray: killed, interrupted, or cut off from its workers."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import fault_steps as steps
import ray
from fault_scene import Scene, kill, until

from penstock import RetryPolicy
from penstock.events import values as v
from penstock.testing.conformance.executor import remains
from penstock_ray.executor import RayExecutor

PROGRAM = """
    import sys
    sys.path[:0] = {paths!r}
    import fault_steps
    from penstock import Definitions

    made = fault_steps.faulty({folder!r}, {how!r})
    defs = Definitions(jobs=[made])
"""
RUN = ("job", "run", "made", "-f", "code.py", "--executor", "ray")


@pytest.fixture
def begun(desk, machines, tmp_path):
    """A command that runs a job on the cluster, and its scene."""
    started = []

    def begin(how, **env):
        folder = tmp_path / "scene"
        folder.mkdir()
        paths = [str(Path(__file__).parents[1])]
        desk.write("code.py", PROGRAM.format(paths=paths, folder=str(folder), how=how))
        env = {
            "RAY_ADDRESS": machines.address,
            "RAY_AUTH_MODE": "disabled",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            **env,
        }
        started.append(desk.begin(*RUN, start_new_session=True, env=env))
        return started[-1], Scene(folder, None, desk.home)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", ["waits", "sleeps", "has_children"])
def test_ctrl_c_cancels_the_run_and_leaves_nothing(desk, begun, how):
    process, scene = begun(how)
    children = [int(one.more) for one in scene.wait("child", 2)] if how == "has_children" else []
    pids = [scene.pid_of("victim"), *children]
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, out + err
    assert "■ canceled" in out
    assert "Traceback" not in out + err
    assert desk.runs()[0]["status"] == "CANCELED"
    until(lambda: not any(map(remains.is_alive, pids)), f"the worker ends: {pids}")
    if how == "sleeps":  # and was not killed
        assert scene.wait("woken", key="victim")


def test_a_driver_that_is_killed_takes_its_steps_along_and_the_run_is_found_lost(desk, begun):
    process, scene = begun("has_children")
    children = [int(one.more) for one in scene.wait("child", 2)]
    pids = [scene.pid_of("victim"), *children]
    process.kill()
    process.wait()
    until(lambda: not any(map(remains.is_alive, pids)), f"the step ends: {pids}")
    (run,) = desk.runs()
    assert run["status"] == "FAILURE"
    assert "is gone" in desk.call("run", "show", run["run_id"]).out
    assert len(scene.wait("began", key="victim")) == 1


def test_a_driver_that_is_killed_ends_the_steps_on_a_ray_that_it_started(desk, begun):
    process, scene = begun("has_children", RAY_ADDRESS="local")
    children = [int(one.more) for one in scene.wait("child", 2)]
    pids, below = [scene.pid_of("victim"), *children], remains.descendants(process.pid)
    process.kill()
    process.wait()
    until(lambda: not any(map(remains.is_alive, pids)), f"the step ends: {pids}")
    for pid in below:  # Ray's own processes follow in a minute
        kill(pid, signal.SIGKILL)
    until(lambda: not any(map(remains.is_alive, below)), "no process of the Ray is left")
    assert desk.runs()[0]["status"] == "FAILURE"


def cut(executor):
    """Cut every connection of the hub."""
    for connection in list(executor._hub._connections.values()):
        with suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", ["tells", "killed_later"])
def test_a_connection_that_is_cut_loses_nothing_and_doubles_nothing(scene, how):
    executor = RayExecutor()

    def harm():
        scene.wait("told", key="victim")
        scene.wait_for_event(
            v.StepStarted, "victim"
        )  # 20 ms after it began, when it follows closely on another
        scene.strike(lambda: cut(executor))
        scene.open_gate()

    ended = scene.carry_out(steps.faulty(scene.folder, how), meanwhile=harm, executor=executor)
    if how == "tells":
        assert ended.success
        assert ended.recorded == {"before": 1, "victim": 1, "after": 1, "beside": 1, "beyond": 1}
        said = "".join(path.read_text() for path in scene.home.rglob("*victim*") if path.is_file())
        assert [said.count(f"message {n}\n") for n in range(40)] == [1] * 40, said
    else:
        assert ended.recorded == {"before": 1, "victim": 1, "beside": 1, "beyond": 1}
        assert "its worker died" in ended.failure().error.message
    kinds = v.StepSucceeded | v.StepFailed | v.OutputStored
    facts = [
        (type(one), one.step, getattr(one, "output_name", ""))
        for one in ended.result.happened
        if isinstance(one, kinds)
    ]
    assert len(facts) == len(set(facts))
    assert ended.notes == []


class ShutIn(RayExecutor):
    """One that no worker can dial."""

    def begin(self, shared):
        super().begin(shared)
        self._hub._door.close()


ONCE = {"before": 1, "victim": 1, "beside": 1, "beyond": 1}


def test_workers_that_cannot_dial_the_driver_are_heard_while_their_steps_run(scene):
    def look():
        scene.wait_for_event(v.StepStarted, "victim")
        scene.open_gate()

    ended = scene.carry_out(steps.faulty(scene.folder, "tells"), meanwhile=look, executor=ShutIn())
    assert ended.success
    assert ended.recorded == ONCE | {"after": 1}
    said = "".join(path.read_text() for path in scene.home.rglob("*victim*") if path.is_file())
    assert [said.count(f"message {n}\n") for n in range(40)] == [1] * 40, said
    assert all("comes through a mailbox on the cluster" in one for one in ended.notes)
    assert ended.notes


def test_attempts_are_counted_exactly_when_workers_that_cannot_dial_the_driver_die(scene):
    twice = RetryPolicy(max_retries=1)
    scene.open_gate()
    job = steps.faulty(scene.folder, "killed_later", policy=twice)
    ended = scene.carry_out(job, executor=ShutIn())
    assert ended.recorded == ONCE | {"victim": 2}
    assert "its worker died" in ended.failure().error.message


def test_a_run_outlives_its_mailbox(scene):
    executor = ShutIn()

    def harm():
        scene.wait_for_event(v.StepStarted, "victim")
        scene.strike(lambda: ray.kill(executor._tower.mailbox.handle))
        scene.open_gate()

    ended = scene.carry_out(steps.faulty(scene.folder, "waits"), meanwhile=harm, executor=executor)
    assert ended.success
    assert ended.recorded == ONCE | {"after": 1}
    assert sum("The mailbox is gone" in one for one in ended.notes) == 1
