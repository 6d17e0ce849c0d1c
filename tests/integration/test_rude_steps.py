"""Steps that misbehave: each is a failed step or a lost run, never a run that hangs or lies."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url

OPEN_FILES = Path("/proc/self/fd")
RUDE = {
    "sys.exit(3)": "SystemExit: 3",
    "raise Odd('hello')": "Odd: hello",
    "turn(0)": "RecursionError",
    "raise Mute()": "Mute: (its message could not be read: RuntimeError)",
    "raise ExceptionGroup('many', [ValueError('a')])": "ExceptionGroup: many",
    "print('\\ud800')": "UnicodeEncodeError",
    "raise ValueError('\\n'.join('e' * 100 for _ in range(5000)))": "ValueError: eee",
    "[0] * (1 << 60)": "MemoryError",
}
CODE = """
    import sys
    from penstock import asset

    class Odd(BaseException): ...

    class Mute(Exception):
        def __str__(self): raise RuntimeError("no")

    def turn(n): return turn(n + 1)

    @asset
    def rude():
        {line}
        return 1

    @asset
    def other(): return 2
"""


def healthy(desk):
    with closing(open_store(sqlite_url(desk.home / "penstock.db"))) as store:
        return faults_in(store) == []


@pytest.mark.parametrize("line", RUDE)
def test_whatever_a_step_raises_it_is_a_failed_step_and_the_others_go_on(desk, line):
    desk.write("code.py", CODE.format(line=line))
    ended = desk.call("materialize", "-f", "code.py")
    assert ended.code == 1, ended.said
    assert RUDE[line] in ended.said
    assert "Traceback" not in ended.said
    assert "done     other" in ended.said
    assert len(ended.said.splitlines()) <= 32
    assert healthy(desk)


def test_a_step_that_ends_its_worker_fails_alone(desk):
    desk.write("code.py", CODE.format(line="import os; os._exit(7)"))
    ended = desk.call("materialize", "-f", "code.py", "--executor", "process")
    assert ended.code == 1
    assert "exit code 7" in ended.said
    assert "done     other" in ended.said
    assert healthy(desk)


def test_a_step_that_ends_its_process_is_told_by_the_next_command(desk):
    desk.write("code.py", CODE.format(line="import os; os._exit(7)"))
    assert desk.call("materialize", "-f", "code.py", "--executor", "in_process").code == 7
    (run,) = desk.runs()
    assert run["status"] == "FAILURE"
    assert "is gone" in desk.call("run", "show", run["run_id"]).out
    assert healthy(desk)


@pytest.mark.parametrize("line", ["sys.stdout.close()", "sys.stdout = None", "import os; os.chdir('/')"])
def test_a_step_may_spoil_its_surroundings_and_the_run_is_told_all_the_same(desk, line):
    desk.write("code.py", CODE.format(line=line))
    ended = desk.call("materialize", "-f", "code.py")
    assert ended.code == 0, ended.said
    assert "✓ done: 2 assets made" in ended.out
    assert healthy(desk)


MANY = """
    import json, os, sys, threading
    from penstock import Instance, asset, materialize
    from penstock.store.doctor import faults_in

    @asset
    def first():
        return {"n": 1}

    @asset
    def second(first):
        raise ValueError("no")

    def run_some(count):
        for _ in range(count):
            materialize([first, second], instance=instance, raise_on_error=False)
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    with Instance.local_temp("home") as instance:
        found = [run_some(3), run_some(30)]
        json.dump([*found, faults_in(instance.store)], sys.stdout)
"""


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="needs /proc")
def test_many_runs_leave_no_file_and_no_thread_open(desk):
    """In a process in which nobody else opens anything."""
    path = desk.write("many.py", MANY)
    done = subprocess.run(
        [sys.executable, str(path)], cwd=desk.folder, env=desk.environment(), check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    few, many, faults = json.loads(done.stdout)
    assert many == few
    assert faults == []
