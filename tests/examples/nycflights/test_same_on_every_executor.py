"""The parallel job from the command line: the same table whoever carries its steps out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "nycflights"
QUICK = json.dumps({"ops": {"train_model": {"config": {"resamples": 50}}}})
QUIET_RAY = {
    "RAY_USAGE_STATS_ENABLED": "0",  # tests call nobody
    "RAY_AUTH_MODE": "disabled",  # a token would be written into the home folder
}


def table_made_by(executor, home):
    """The stored table of models, as bytes."""
    penstock = Path(sys.executable).with_name("penstock")
    done = subprocess.run(
        [penstock, "job", "run", "delay_models", "--executor", executor, "-c", QUICK],
        cwd=EXAMPLE,
        env={**os.environ, **QUIET_RAY, "PENSTOCK_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = (home / "storage").rglob("compare_models*.parquet")
    return file.read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return table_made_by("in_process", tmp_path_factory.mktemp("here"))


@pytest.mark.parametrize("executor", ["process", "ray"])
@pytest.mark.timeout(600)
def test_the_table_of_models_is_the_same_to_the_byte(executor, expected, tmp_path):
    assert table_made_by(executor, tmp_path) == expected
