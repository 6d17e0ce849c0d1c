"""What keeps a run on Ray from beginning: one clear error at once, with nothing recorded."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import fault_steps as steps
from fault_scene import Scene

from penstock.errors import UnmetExecutorRequirementsError

CODE = """
    import {module}
    from pathlib import Path
    from penstock import Definitions, job, op
    from penstock_ray import ray_executor

    @op
    def touches():
        Path({folder!r}, "ran").touch()
        {module}.__name__

    @job(executor_def=ray_executor.configured({config!r}))
    def made():
        touches()

    defs = Definitions(jobs=[made])
"""


@pytest.fixture
def refused(desk, machines):
    """Runs a job on Ray that must be refused before its first step, and soon."""

    def run(config, *says):
        desk.write("code.py", CODE.format(module="json", folder=str(desk.folder), config=config))
        began = time.monotonic()
        desk.refused("job", "run", "made", "-f", "code.py", says=says, env=OF_RAY)
        assert time.monotonic() - began < LIMIT, "seconds until it was noticed"
        assert not (desk.folder / "ran").exists()

    return run


OF_RAY = {"RAY_AUTH_MODE": "disabled", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
LIMIT = 55.0
"""Seconds for a whole command on a machine that is busy; Ray alone would try for most of a minute."""


def test_nobody_at_the_address(refused):
    refused({"address": "127.0.0.1:1"}, "found nobody there", "ray status")


def test_something_else_at_the_address(refused):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused({"address": f"127.0.0.1:{port}"}, "does not answer as one")


def test_more_resources_than_any_node_has(refused, machines):
    refused({"address": machines.address, "num_gpus": 3}, "GPU 3", "left 1", "right 1")


def test_a_tag_that_no_node_can_meet(machines, scene):
    tag = {"penstock/ray": '{"resources": {"nowhere": 1}}'}
    with pytest.raises(UnmetExecutorRequirementsError, match="nowhere"):
        scene.carry_out(steps.faulty(scene.folder, "fine", tags=tag))
    assert scene.log() == []


def test_a_module_that_nodes_lack(desk, machines):
    code = dedent(CODE).format(module="json", folder=str(desk.folder), config={"address": machines.address})
    desk.write("only_here/mine_alone.py", code)
    other = machines.add(node_ip_address="127.0.0.2")  # a node of this machine looks where the driver does
    desk.refused(
        "job", "run", "made", "-m", "mine_alone",
        says=["'mine_alone' is missing on node 127.0.0.2", "working_dir"],
        env={**OF_RAY, "PYTHONPATH": str(desk.folder / "only_here")},
    )  # fmt: skip
    assert not (desk.folder / "ran").exists()
    machines.kill(other)


@pytest.mark.faults
def test_a_node_that_comes_or_goes_while_a_run_begins_is_no_obstacle(machines, scene):
    made = machines.add(brief=1)
    assert scene.carry_out(steps.faulty(scene.folder, "fine")).success
    machines.kill(made)
    again = Scene(scene.folder / "again", "ray")
    again.folder.mkdir()
    assert again.carry_out(steps.faulty(again.folder, "fine")).success
