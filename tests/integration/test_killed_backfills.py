"""A backfill that is killed at random moments; `make backfill-sweep` does the same a hundred times."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCES = [str(HERE.parents[1] / part) for part in ("core", "executors", "io_managers", "integrations")]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whatever_moment_a_backfill_is_killed_at_each_partition_is_made_once():
    seed = random.SystemRandom().randrange(1_000_000)  # printed; `--seed` repeats it
    command = [sys.executable, str(HERE / "backfill_sweep.py"), "--kills", "6", "--seed", str(seed)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(SOURCES)},
    )  # fmt: skip
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "faults: 0" in done.stdout
