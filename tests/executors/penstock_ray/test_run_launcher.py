"""Whole runs sent to a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.errors import UnmetExecutorRequirementsError
from penstock_ray import RayRunLauncher

SENT = """
from penstock import Definitions, job, op

@op
def number() -> int:
    return 7

@job
def numbers():
    number()

defs = Definitions(jobs=[numbers])
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_is_carried_out_where_it_was_sent_and_another_is_stopped(tmp_path):
    (tmp_path / "sent.py").write_text(SENT, encoding="utf-8")
    program = Path(__file__).with_name("launch_program.py")
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # whose python the job runs
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
        "RAY_RUNTIME_ENV_PLUGIN_SETUP_TIMEOUT_SECONDS": "60",
    }
    paths = ":".join(one for one in sys.path if one)
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), paths],
        capture_output=True,
        text=True,
        env=environ,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["run"] == "SUCCEEDED", found["logs"]
    assert "1 step done" in found["logs"]
    assert found["stopped"] == "STOPPED"


def test_a_dashboard_that_is_not_there_is_told():
    with pytest.raises(UnmetExecutorRequirementsError, match="Wanted the dashboard"):
        RayRunLauncher(address="http://127.0.0.1:1").launch("any")
