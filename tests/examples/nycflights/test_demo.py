"""The demonstration as people see it, in a copy of the example."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "nycflights"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demonstration_runs_and_says_where_to_look_next(tmp_path, penstock_home):
    left_behind = shutil.ignore_patterns(".penstock-home", "reports", "__pycache__")
    copy = shutil.copytree(EXAMPLE, tmp_path / "nycflights", ignore=left_behind)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", copy / "demo.sh"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Where to look next" in done.stdout
    assert (copy / "reports" / "delays.png").exists()
    assert (penstock_home / "storage" / "route_delays.parquet").exists()
    assert "53: 53 materialized" in done.stdout
    assert "5,840: 90 materialized, 5,750 missing" in done.stdout
    assert "| UA | 57,643 | 0.12 | 24.7 | 26.8 |" in done.stdout
