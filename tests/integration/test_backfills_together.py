"""Backfills in processes of their own: several at once, interrupted, and stopped from elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from penstock.events import values as v
from penstock.spi.store import EventQuery
from penstock.store.open import open_store, sqlite_url

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [str(REPOSITORY / part) for part in ("core", "executors", "io_managers", "integrations")]
COMMAND = (sys.executable, "-c", "from penstock.cli.main import main; main()")
CODE = """
    import time
    from pathlib import Path
    from penstock import DailyPartitionsDefinition, asset

    DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")

    @asset(partitions_def=DAYS)
    def day(context):
        Path(f"begun-{context.partition_key}").touch()
        while context.partition_key > "2024-01-05" and not Path("go").exists():
            time.sleep(0.01)
        return 1

    @asset(partitions_def=DAYS)
    def after(day):
        return day
"""
ALL = 62


class Project:
    """A folder with code and a home."""

    def __init__(self, folder):
        self.folder, self.home = folder, folder / "home"
        (folder / "shop.py").write_text(dedent(CODE))
        sources = os.pathsep.join(SOURCES)
        self.environment = {**os.environ, "PENSTOCK_HOME": str(self.home), "PYTHONPATH": sources}

    def begin(self, *arguments):
        return subprocess.Popen(
            [*COMMAND, "backfill", *arguments], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *arguments):
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def wait_for_some(self, process):
        """Until a few partitions are made, and one waits for the gate."""
        while not (self.folder / "begun-2024-01-06").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)

    def open_gate(self):
        (self.folder / "go").touch()

    def newest(self):
        return json.loads(self.call("list", "--json")[1])[0]

    def made(self):
        """How often each partition of each asset was materialized."""
        found = Counter()
        with closing(open_store(sqlite_url(self.home / "penstock.db"))) as store:
            for entry in store.read(EventQuery(kinds=(v.AssetMaterialized,))):
                found[entry.event.materialization.asset_key, entry.event.materialization.partition] += 1
        return found


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_several_processes_make_each_partition_once(project):
    project.open_gate()
    arguments = ("launch", "-f", "shop.py", "-s", "*", "--all", "--max-concurrent", "3", "--json")
    code, out, err = project.call(*arguments)
    assert code == 0, out + err
    assert json.loads(out)["counts"]["done"] == ALL
    assert set(project.made().values()) == {1}
    assert len(project.made()) == ALL


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_interrupt_pauses_and_resume_makes_the_rest(project):
    process = project.begin("launch", "-f", "shop.py", "-s", "*", "--all")
    project.wait_for_some(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, out + err
    assert "paused" in out
    paused = project.newest()
    assert paused["status"] == "PAUSED"
    assert 0 < paused["counts"]["done"] < ALL
    project.open_gate()
    code, out, err = project.call("resume", "-f", "shop.py", paused["backfill_id"])
    assert code == 0, out + err
    assert set(project.made().values()) == {1}
    assert len(project.made()) == ALL


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backfill_is_canceled_from_another_process(project):
    process = project.begin("launch", "-f", "shop.py", "-s", "*", "--all")
    project.wait_for_some(process)
    assert project.call("cancel", project.newest()["backfill_id"])[0] == 0
    project.open_gate()  # what runs comes to its end
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, out + err
    found = project.newest()
    assert found["status"] == "CANCELED"
    assert found["counts"]["done"] == len(project.made()) < ALL
