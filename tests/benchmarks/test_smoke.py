"""The benchmarks still measure everything: tiny sizes, one run, no numbers are judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    page = folder / "page.md"
    command = ["-m", "benchmarks", "--quick", "--no-peers", "--silent", "--date", "2026-01-02"]
    done = subprocess.run(
        [sys.executable, *command, "--cache", str(folder), "--output", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return page.read_text(encoding="utf-8"), json.loads((folder / "latest.json").read_text(encoding="utf-8"))


def test_the_page_tells_when_it_was_measured_and_has_a_table_of_each_subject(measured):
    page, _ = measured
    assert "Date: 2026-01-02" in page
    titles = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert titles[:3] == ["Budgets", "Import and command line", "A step in process"]
    assert len(titles) == 10


def test_each_row_was_measured(measured):
    _, data = measured
    rows = [row for section in data["sections"] for row in section["rows"]]
    assert rows
    assert not [row["what"] for row in rows if row["failure"] or not row["samples"]]


def test_no_folder_of_this_machine_stands_on_the_page(measured, tmp_path):
    page, _ = measured
    assert str(ROOT) not in page
    assert sys.prefix not in page
    assert str(tmp_path.parent.parent) not in page
