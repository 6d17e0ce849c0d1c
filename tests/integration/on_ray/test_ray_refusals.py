"""A cluster that wants a token, and one that runs out of memory."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fault_scene import Scene

from penstock.events import values as v
from penstock.testing.conformance.executor import marks

PROGRAM = """
    import sys
    sys.path[:0] = {paths!r}
    import fault_steps
    from penstock import Definitions, RetryPolicy

    made = fault_steps.faulty({folder!r}, {how!r}, policy={policy})
    defs = Definitions(jobs=[made])
"""
RUN = ("job", "run", "made", "-f", "code.py", "--executor", "ray")
OF_RAY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "disabled"}
LIMIT = 55.0  # Ray itself would try for most of a minute beside it

pytestmark = pytest.mark.faults


@pytest.fixture
def program(desk, tmp_path):
    """Writes a program with a faulty job, and gives its scene."""

    def write(how, policy="None"):
        folder = tmp_path / "scene"
        folder.mkdir()
        paths = [str(Path(__file__).parents[1])]
        desk.write("code.py", PROGRAM.format(paths=paths, folder=str(folder), how=how, policy=policy))
        return Scene(folder, None)

    return write


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_missing_or_wrong_token_is_told_at_once(desk, program, standing, token):
    right = secrets.token_hex(32)
    address = standing(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=right)
    scene = program("fine")
    given = {"RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_AUTH_MODE": "token"} if token else {}
    began = time.monotonic()
    ended = desk.refused(*RUN, says=["token"], env={**OF_RAY, "RAY_ADDRESS": address, **given})
    assert time.monotonic() - began < LIMIT
    assert right not in ended.said
    assert marks.read(str(scene.folder)) == []


ROOM = 3 << 20
"""KiB that steps, Ray, and what else grows here meanwhile may take before Ray kills a worker."""


def share_with_room():
    """The share of this machine's memory that is in use once the room, too, is taken."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    known = {line[0]: int(line[1]) for line in lines}
    return 1 - (known["MemAvailable:"] - ROOM) / known["MemTotal:"]


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="the memory in use is not told")
def test_a_node_without_memory_ends_the_step_and_as_many_attempts_follow_as_the_policy_says(
    desk, program, standing
):
    threshold = f"{share_with_room():.3f}"
    address = standing(RAY_memory_usage_threshold=threshold, RAY_memory_monitor_refresh_ms="100")
    scene = program("eats", "RetryPolicy(max_retries=1)")
    ended = desk.call(*RUN, env={**OF_RAY, "RAY_ADDRESS": address})
    ended.tell(*RUN)
    assert ended.code == 1
    assert "killed for want of memory" in ended.said
    scene = Scene(scene.folder, None, home=desk.home)
    assert [one.key for one in marks.read(str(scene.folder), "began", "victim")] == ["victim"] * 2
    log = scene.log()
    assert (
        len([one for one in log if isinstance(one, v.StepStarted | v.StepRestarted) and one.step == "victim"])
        == 2
    )
    done = {one.step for one in log if isinstance(one, v.StepSucceeded)}
    assert done == {"before", "beside", "beyond"}
    scene.look()
