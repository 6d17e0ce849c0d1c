"""Want of memory, for real: a driver in a control group that is too small for one of its steps."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl  # noqa: F401 - it sets an environment variable, which must not happen within a test
import pytest

from penstock_local import oom

GROUPS = Path("/sys/fs/cgroup")
LIMIT = 200_000_000
PATIENCE = 60.0
PROGRAM = Path(__file__).with_name("pool_driver.py")


@pytest.fixture
def small_group(tmp_path):
    """A control group with little memory."""
    group = _own_group() / f"penstock-test-{os.getpid()}"
    try:
        group.mkdir()
        limit = next(one for one in ("memory.limit_in_bytes", "memory.max") if (group / one).exists())
        (group / limit).write_text(str(LIMIT))
    except (OSError, StopIteration) as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group can be made here: {error}")
    yield group
    until = time.monotonic() + PATIENCE
    while group.exists():
        with contextlib.suppress(OSError):  # for a moment the kernel still counts who has just ended
            group.rmdir()
            break
        assert time.monotonic() < until, "the group is empty"
        time.sleep(0.01)


def _own_group():
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return GROUPS / "memory" / path.lstrip("/")
    return GROUPS / Path("/proc/self/cgroup").read_text().rpartition(":")[2].strip().lstrip("/")


def test_a_step_for_which_memory_runs_out_is_told_and_driver_and_others_go_on(small_group, tmp_path):
    enter = f'echo $$ > {small_group}/cgroup.procs && exec "$0" "$@"'
    found = subprocess.run(
        ["/bin/sh", "-c", enter, sys.executable, str(PROGRAM), str(tmp_path), "memory"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    big, small = found.stdout.splitlines()
    assert big.startswith("big memory worker process ")
    assert "was killed by SIGKILL (signal 9) because memory ran out; it held up to " in big
    assert small == "small 7"


def test_the_kernel_counts_its_victims():
    assert oom.count() >= 0
