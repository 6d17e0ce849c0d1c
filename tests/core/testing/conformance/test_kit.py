"""How the kit chooses tests, treats gaps, and what its own parts see."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from penstock.engine.inline import FEATURES, InlineExecutor
from penstock.errors import InvalidDefinitionError
from penstock.spi.executor import ExecutorFeatures
from penstock.testing.conformance import ExecutorKit
from penstock.testing.conformance.executor import marks, remains
from penstock.testing.conformance.executor.kit import chosen, promises
from penstock.testing.conformance.executor.stage import Stage, Terms

GAP = "test_odd_names_are_names"

SUITE = """
from penstock.engine.inline import FEATURES, InlineExecutor
from penstock.testing.conformance import ExecutorKit

class TestInline(ExecutorKit):
    features, places = FEATURES, 0
    gaps = {"test_odd_names_are_names": "no names like these"}

    def make(self):
        return InlineExecutor()
"""

FINDS = """
    def test_finds(self, stage):
        stage.findings.append("it took long")
"""


def kit(**attributes):
    return type("Kit", (ExecutorKit,), {"features": FEATURES, "places": 0, **attributes})


def test_a_kit_without_features_is_refused():
    with pytest.raises(InvalidDefinitionError, match=r"wants features = ExecutorFeatures"):
        type("Kit", (ExecutorKit,), {})


def test_features_choose_the_tests():
    few = set(chosen(kit(features=ExecutorFeatures(hands_off=False))))
    many = set(
        chosen(kit(features=ExecutorFeatures(survives_worker_loss=True, cancels_running=True), places=2))
    )
    assert few < many < set(promises())
    assert "test_a_dead_worker_is_replaced" in many - few


def test_what_is_not_chosen_is_no_test():
    assert not hasattr(kit(), "test_a_dead_worker_is_replaced")
    assert hasattr(kit(), GAP)


def test_a_gap_is_expected_to_fail_strictly():
    (mark,) = getattr(kit(gaps={GAP: "not yet"}), GAP).pytestmark
    assert (mark.name, mark.kwargs) == ("xfail", {"strict": True, "reason": "not yet"})
    assert not hasattr(getattr(kit(), GAP), "pytestmark")


def test_a_gap_of_a_test_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(InvalidDefinitionError, match=f"Did you mean '{GAP}'"):
        kit(gaps={"test_odd_names_are_odd": "?"})


def test_a_gap_of_a_test_that_is_not_chosen_is_refused():
    with pytest.raises(InvalidDefinitionError, match="do not choose"):
        kit(gaps={"test_a_dead_worker_is_replaced": "?"})


def test_a_gap_that_passes_fails_the_suite(tmp_path):
    (tmp_path / "test_it.py").write_text(SUITE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-k",
        "odd_names or empty_values",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*command, "test_it.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "[XPASS(strict)] no names like these" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_what_was_found_is_in_the_report(tmp_path):
    (tmp_path / "test_it.py").write_text(SUITE.replace("gaps", "unused") + FINDS)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-k", "finds", "--junitxml=report.xml"]
    done = subprocess.run([*command, "test_it.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert 'name="finding" value="it took long"' in (tmp_path / "report.xml").read_text()


def test_tests_that_an_author_writes_over_are_left_alone():
    def own(self):
        """One's own."""

    assert vars(kit(**{GAP: own}))[GAP] is own


def test_every_promise_has_one_name():
    from penstock.testing.conformance.executor.promises import ALL

    names = [name for group in ALL for name in vars(group) if name.startswith("test_")]
    assert len(names) == len(set(names)) == len(promises())


def test_workers_of_the_kit_need_no_pytest():
    program = "import sys, penstock.testing.conformance.executor.tasks; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_environment_is_restored(tmp_path):
    before = dict(os.environ)
    stage = Stage(Terms(make=InlineExecutor, features=FEATURES, places=0), tmp_path)
    assert stage.executor
    assert os.environ[remains.VARIABLE] == stage.token
    stage.abandon()
    assert dict(os.environ) == before


def test_marks_of_several_threads_stand_in_lines_of_their_own(tmp_path):
    def leave_many(key):
        for _ in range(50):
            marks.leave(str(tmp_path), "start", key)
            marks.leave(str(tmp_path), "end", key)

    threads = [threading.Thread(target=leave_many, args=(f"k{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = marks.read(str(tmp_path))
    assert len(found) == 400
    assert 1 <= marks.most_at_once(found) <= 4


def test_an_untold_death_of_a_child_is_seen():
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert child.pid in remains.children_of(os.getpid())
        # for a moment after ``exec`` a process has no command line
        assert not remains.settle(lambda: {remains.command_of(child.pid)} - {"sleep 60"}, 60.0)
        child.kill()
        assert not remains.settle(lambda: ["alive"] if remains.is_alive(child.pid) else [], 60.0)
        assert remains.command_of(child.pid) == "(Z)"
    finally:
        child.kill()
        child.wait()
    assert remains.command_of(child.pid) == "(gone)"
