"""Scripts and notebooks on the process pool: what people define in ``__main__``, and what they interrupt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PROLOGUE = """
import json, os, sys, tempfile, threading, time
from penstock import *
from penstock.events import values as v

POOL = {"process": {"max_concurrent": 2}}
"""


@pytest.fixture
def script(desk):
    """Starts a script of the user's; gives the process."""

    def start(code):
        path = desk.write("script.py", dedent(PROLOGUE) + dedent(code))
        return subprocess.Popen(
            [sys.executable, str(path)], cwd=desk.folder, env=desk.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    return start


@pytest.fixture
def said_by(script):
    """Carries a script out to its end; gives what it printed as JSON in its last line."""

    def run(code):
        with script(code) as process:
            out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        return json.loads(out.splitlines()[-1])

    return run


def test_classes_and_errors_of_the_script_come_back_as_what_they_are(said_by):
    assert said_by("""
        class Point:
            def __init__(self, x):
                self.x = x

        class OwnError(Exception):
            def __init__(self, code, reason):
                super().__init__(f"{code}: {reason}")
                self.code = code

        @asset
        def point():
            return Point(os.getpid())

        @asset
        def bad(point):
            raise OwnError(point.x, "no")

        if __name__ == "__main__":
            result = materialize([point], executor=POOL)
            value = result.output_for_node("point")
            try:
                materialize([point, bad], executor=POOL)
            except OwnError as error:
                found = [type(error).__name__, error.code != os.getpid(), "in bad" in error.__notes__[0]]
            print(json.dumps([type(value) is Point, value.x != os.getpid(), *found]))
    """) == [True, True, "OwnError", True, True]


def test_a_script_without_a_guard_does_not_run_itself_again(said_by):
    assert said_by("""
        @asset
        def one():
            return 1

        with open("count", "a") as file:
            file.write("x")
        result = materialize([one], executor=POOL)
        print(json.dumps([result.output_for_node("one"), open("count").read()]))
    """) == [1, "x"]


def test_code_that_was_never_in_a_file_travels_as_well(said_by):
    assert (
        said_by("""
        cell = '''
        from penstock import asset
        def helper(x):
            return x + 1

        @asset
        def one():
            return helper(1)
        '''
        import textwrap
        space = {"__name__": "__main__"}
        exec(textwrap.dedent(cell), space)
        print(json.dumps(materialize([space["one"]], executor=POOL).output_for_node("one")))
    """)
        == 2
    )


def test_an_interrupted_run_is_canceled_and_leaves_no_process(script, desk):
    code = """
        @op
        def waits():
            with open(f"pid{os.getpid()}", "w"):
                pass
            time.sleep(600)

        @job(executor_def=multiprocess_executor.configured({"max_concurrent": 2}))
        def two():
            waits.alias("a")()
            waits.alias("b")()

        if __name__ == "__main__":
            interrupted = threading.Event()
            with Instance.local_temp("here") as instance:
                def interrupt():
                    while len([one for one in os.listdir() if one.startswith("pid")]) < 2:
                        time.sleep(0.01)
                    os.kill(os.getpid(), 2)
                    while not interrupted.wait(60):  # Python may hear of the first when it wakes
                        os.kill(os.getpid(), 2)
                threading.Thread(target=interrupt, daemon=True).start()
                try:
                    execute_job(two, instance, raise_on_error=True)
                except KeyboardInterrupt as error:
                    interrupted.set()
                    said = str(error)
                (run,) = instance.get_runs()
                ended = next(kind for kind in EventType if "INTERRUPT" in kind.name)
                steps = [one.step_key for one in instance.all_logs(run.run_id, of_type=ended)]
                print(json.dumps([said, run.status.value, sorted(steps)]))
    """
    with script(code) as process:
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    said, status, steps = json.loads(out.splitlines()[-1])
    assert "interrupted" in said
    assert (status, steps) == ("CANCELED", ["a", "b"])
    workers = [path.name.removeprefix("pid") for path in desk.folder.glob("pid*")]
    assert len(workers) == 2
    assert not [pid for pid in workers if Path("/proc", pid).exists()]


def test_a_job_that_cannot_leave_is_refused_and_nothing_is_recorded(desk):
    desk.write("locked.py", """
        import threading
        from penstock import job, multiprocess_executor, op

        def make():
            lock = threading.Lock()

            @op
            def locks():
                with lock:
                    return 1

            @job(executor_def=multiprocess_executor)
            def locked():
                locks()

            return locked

        locked = make()
    """)  # fmt: skip
    says = ["cannot be pickled", "the function of 'locks'", "executor='in_process'"]
    desk.refused("job", "run", "-f", "locked.py", "locked", says=says)
