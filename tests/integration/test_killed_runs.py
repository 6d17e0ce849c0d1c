"""Runs that are killed at random moments; `make sweep` does the same with the example, fifty times."""

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
def test_whatever_moment_a_run_is_killed_at_nothing_is_torn_and_a_retry_finishes_it():
    seed = random.SystemRandom().randrange(1_000_000)  # printed; `--seed` repeats it
    arguments = ["--project", "pipeline", "--kills", "8", "--seed", str(seed)]
    command = [sys.executable, str(HERE / "kill_sweep.py"), *arguments]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(SOURCES)},
    )  # fmt: skip
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "faults: 0" in done.stdout
