"""Capture at the descriptors, each time in a process of its own, whose streams it may have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PROLOGUE = """
import json, os, subprocess, sys
from penstock.host.descriptors import DescriptorCapture
capture = DescriptorCapture(sys.argv[1], "run")
files = []
"""


@pytest.fixture
def carry_out(tmp_path):
    """Runs code in a fresh process; gives what it printed itself, and the files that were kept."""

    def run(code):
        script = PROLOGUE + dedent(code) + "\nsys.stdout.write(json.dumps(files))\n"
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
        kept = {path.name: path.read_text() for path in (tmp_path / "run").glob("*")}
        before, _, names = done.stdout.rpartition("[")
        return kept, before, done.stderr, [Path(one).name for one in json.loads("[" + names) if one]

    return run


def test_python_child_processes_and_c_code_are_heard(carry_out):
    kept, *_ = carry_out("""
        with capture, capture.step("a"):
            print("python")
            sys.stdout.flush()
            subprocess.run(["sh", "-c", "echo child; echo aside >&2"], check=True)
            os.write(1, b"descriptor\\n")
    """)
    assert kept == {"a.out": "python\nchild\ndescriptor\n", "a.err": "aside\n"}


def test_a_step_that_prints_nothing_leaves_no_file(carry_out):
    kept, *_ = carry_out("""
        with capture, capture.step("a") as step:
            files.append(step.file)
    """)
    assert kept == {}


def test_what_is_printed_between_steps_is_no_steps(carry_out):
    kept, printed, _, _ = carry_out("""
        with capture:
            print("before", end=" ")
            with capture.step("a"):
                print("in")
            print("between", end=" ")
            with capture.step("b"):
                print("in", file=sys.stderr)
        print("after")
    """)
    assert kept == {"a.out": "in\n", "b.err": "in\n"}
    assert printed == "before between after\n"


def test_a_further_attempt_goes_on_in_the_same_file(carry_out):
    kept, *_ = carry_out("""
        with capture:
            for attempt in (1, 2):
                with capture.step("a"):
                    print("attempt", attempt)
    """)
    assert kept == {"a.out": "attempt 1\nattempt 2\n"}


def test_the_file_of_most_interest_is_told(carry_out):
    *_, names = carry_out("""
        with capture:
            with capture.step("a") as step:
                print("x", file=sys.stderr)
                files.append(step.file)
                print("x")
                files.append(step.file)
                capture.log_line("a", 20, "said")
                files.append(step.file)
            with capture.step("b") as step:
                files.append(step.file)
    """)
    assert names == ["a.err", "a.out", "a.log"]


def test_a_log_line_of_another_step_or_of_none_has_its_own_file(carry_out):
    kept, *_ = carry_out("""
        with capture, capture.step("a"):
            capture.log_line("b", 20, "of b")
            capture.log_line("", 30, "of the run")
    """)
    assert sorted(kept) == ["b.log", "run.log"]
    assert "of the run" in kept["run.log"]


def test_a_step_that_replaces_the_streams_harms_nobody(carry_out):
    kept, *_ = carry_out("""
        real = sys.stdout
        with capture:
            with capture.step("a"):
                sys.stdout = None
            sys.stdout = real
            with capture.step("b"):
                print("fine")
    """)
    assert kept == {"b.out": "fine\n"}


def test_a_folder_that_cannot_be_made_costs_the_text_alone(carry_out, tmp_path):
    (tmp_path / "run").write_text("in the way")
    _, printed, _, _ = carry_out("""
        with capture, capture.step("a"):
            print("lost")
        print("goes on", end="")
    """)
    assert printed == "goes on" or printed.endswith("goes on")
