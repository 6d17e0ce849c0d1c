"""What installed plugins add to a run: real distributions, run in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

MANIFEST = """
from penstock.spi.entry import ExecutorEntry, ObserverEntry
from penstock.spi.hooks import hookimpl

penstock_spi = "1.0"


@hookimpl
def penstock_observers():
    return [
        ObserverEntry(name="counting", target="acme_parts:Counting"),
        ObserverEntry(name="broken", target="acme_parts:Broken"),
    ]


@hookimpl
def penstock_executors():
    return [ExecutorEntry(name="acme", target="acme_parts:make_executor")]
"""

PARTS = """
from penstock.engine.inline import InlineExecutor


class Counting:
    def on_asset_materialization(self, run, event):
        print("heard", event.materialization.asset_key.to_user_string(), run.job_name)


class Broken:
    def on_step_start(self, run, event):
        raise RuntimeError("deaf")


class Acme(InlineExecutor):
    def submit(self, task, upstream):
        print("acme runs", task.key)
        return super().submit(task, upstream)


def make_executor(config):
    return Acme()
"""

PROGRAM = """
import sys
from penstock import Instance, asset, materialize

@asset
def one():
    return 1

with Instance.local_temp(sys.argv[1]) as instance:
    executor = sys.argv[2] if len(sys.argv) > 2 else None
    result = materialize([one], instance=instance, executor=executor)
    print("success", result.success)
    print(*[e.message for e in result.all_events if e.event_type_value == "ENGINE_EVENT"])
"""


@pytest.fixture
def run_with_plugin(tmp_path):
    """Run PROGRAM with a distribution ``acme-parts`` installed beside Penstock."""
    site = tmp_path / "site"
    info = site / "acme_parts-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[penstock.plugins]\nacme = acme_manifest\n")
    (site / "acme_manifest.py").write_text(MANIFEST)
    (site / "acme_parts.py").write_text(PARTS)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        start = f"import sys; sys.path.insert(0, {str(site)!r})\n"
        return subprocess.run(
            [sys.executable, "-c", start + textwrap.dedent(PROGRAM), str(tmp_path / "home"), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_plugin_observer_hears_what_was_stored(run_with_plugin):
    said = run_with_plugin().stdout
    assert "heard one __ASSET_JOB" in said
    assert "success True" in said


def test_an_observer_that_raises_is_noted_and_changes_nothing(run_with_plugin):
    said = run_with_plugin().stdout
    assert "success True" in said
    assert "broken" in said


def test_an_executor_of_a_plugin_is_found_by_its_name(run_with_plugin):
    assert "acme runs one#1" in run_with_plugin("acme").stdout


def test_an_executor_that_nobody_offers_is_refused_by_name(run_with_plugin):
    ended = run_with_plugin("acme2")
    assert ended.returncode != 0
    assert "acme2" in ended.stderr
    assert "acme" in ended.stderr
