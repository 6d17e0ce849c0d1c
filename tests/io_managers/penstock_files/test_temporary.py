"""Temporary files are ours by name, and go when their process is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_files.temporary import STALE_AFTER, Origin, is_temporary, sweep


@pytest.fixture
def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@given(st.text(max_size=80), st.text(max_size=300), st.integers(0, 99))
def test_every_name_is_recognised_and_short(run_id, step_key, attempt):
    name = Origin(run_id=run_id, step_key=step_key, attempt=attempt).temporary_name()
    assert is_temporary(name)
    assert len(name.encode()) < 130


def test_names_differ():
    origin = Origin(run_id="r", step_key="s")
    assert len({origin.temporary_name() for _ in range(100)}) == 100


def place(folder: Path, name: str, age: float) -> Path:
    path = folder / name
    path.write_bytes(b"half")
    stamp = time.time() - age
    os.utime(path, (stamp, stamp))
    return path


def test_only_stale_files_of_dead_processes_are_removed(tmp_path, dead_pid):
    stale = place(tmp_path, f".tmp-run-step-1-{dead_pid}-0123abcd", STALE_AFTER + 60)
    young = place(tmp_path, f".tmp-run-step-1-{dead_pid}-0123abce", 5)
    living = place(tmp_path, f".tmp-run-step-1-{os.getpid()}-0123abcd", STALE_AFTER + 60)
    foreign = [
        place(tmp_path, name, 10 * STALE_AFTER)
        for name in (".tmp-mine", ".tmp-a-b", "data.json", f"tmp-run-step-1-{dead_pid}-0123abcd")
    ]
    below = tmp_path / "below"
    below.mkdir()
    deeper = place(below, f".tmp-run-step-1-{dead_pid}-0123abcd", STALE_AFTER + 60)
    assert sweep(str(tmp_path), now=time.time()) == 1
    assert not stale.exists()
    assert all(path.exists() for path in (young, living, deeper, *foreign))


def test_ten_thousand_stale_files_are_removed(tmp_path, dead_pid):
    for number in range(10_000):
        (tmp_path / f".tmp-run-step-1-{dead_pid}-{number:08x}").touch()
    keep = place(tmp_path, "orders.json", 0)
    assert sweep(str(tmp_path), now=time.time() + STALE_AFTER + 60) == 10_000
    assert list(tmp_path.iterdir()) == [keep]


def test_a_folder_that_is_not_there_has_nothing_to_sweep(tmp_path):
    assert sweep(str(tmp_path / "none"), now=0.0) == 0
