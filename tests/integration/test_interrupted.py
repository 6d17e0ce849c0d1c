"""Ctrl-C and SIGTERM at awkward moments: the run ends as canceled, resources are closed, nothing hangs."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

import pytest

CODE = """
    import sys
    import time
    from pathlib import Path

    from penstock import Definitions, asset, resource

    HERE = Path(__file__).parent

    def say(word):
        print(word, flush=True)

    def kept_open(name, seconds=0.0):
        @resource
        def opened(_context):
            say(f"open {name}")
            try:
                yield name
            finally:
                say(f"closing {name}")
                time.sleep(seconds)
                say(f"closed {name}")
        return opened

    @resource
    def slow_to_open(_context):
        say("opening")
        time.sleep(600)

    @asset(required_resource_keys={"quick"})
    def before(): return 1

    @asset(required_resource_keys={"quick", "slow"}, deps=[before])
    def work():
        try:
            say("begun")
            time.sleep(600)
        finally:
            say("left the step")

    @asset(required_resource_keys={"late"})
    def waits(): ...

    @asset
    def deaf():
        count = 0
        while True:
            try:
                say(f"interrupted {count} times")
                time.sleep(600)
            except KeyboardInterrupt:
                count += 1

    defs = Definitions(
        assets=[before, work, waits, deaf],
        resources={"quick": kept_open("quick"), "slow": kept_open("slow", 600.0), "late": slow_to_open},
    )
"""


@pytest.fixture
def started(desk):
    """Starts a run and reads its output up to a word; whatever still runs at the end is killed."""
    desk.write("code.py", CODE)
    begun: list[subprocess.Popen[str]] = []

    def start(selection, word):
        process = desk.begin("materialize", "-f", "code.py", "--select", selection)
        begun.append(process)
        read_to(process, word)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def read_to(process, word):
    """What a process writes up to a line with a word."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError(f"it ended before {word!r}: {''.join(lines)}{process.stderr.read()}")


def rest_of(process):
    """What it still writes, and how it ends."""
    out, err = process.communicate(timeout=200)
    assert "Traceback" not in out + err, out + err
    return out


def status_of(desk):
    (run,) = desk.runs()
    return run["status"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_resources_are_closed_when_a_step_is_interrupted(desk, started, number):
    process = started("before or work", "begun")
    process.send_signal(number)
    said = read_to(process, "closing slow")
    assert "left the step" in said
    process.send_signal(number)  # it would take ten minutes to close
    said = rest_of(process)
    assert "closed quick" in said
    assert "■ canceled" in said
    assert process.returncode == 130
    assert status_of(desk) == "CANCELED"
    assert "INTERRUPTED" in desk.call("run", "show", desk.runs()[0]["run_id"], "--json").out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_whose_resources_are_being_opened_is_canceled(desk, started, number):
    process = started("waits", "opening")
    process.send_signal(number)
    assert "■ canceled" in rest_of(process)
    assert process.returncode == 130
    assert status_of(desk) == "CANCELED"


def test_code_that_will_not_stop_is_stopped_by_the_third_signal(desk, started):
    process = started("deaf", "interrupted 0 times")
    for count, number in enumerate((signal.SIGINT, signal.SIGTERM)):
        process.send_signal(number)
        read_to(process, f"interrupted {count + 1} times")
    process.send_signal(signal.SIGINT)
    rest_of(process)
    assert process.returncode == 130
    assert status_of(desk) == "FAILURE"
    assert "is gone" in desk.call("run", "show", desk.runs()[0]["run_id"]).out


def test_a_signal_that_another_thread_receives_wakes_the_step(desk):
    desk.write("code.py", """
        import signal, threading, time
        from penstock import asset

        def receive():
            time.sleep(0.3)  # by now the step sleeps; a signal from outside may come to any thread like this
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

        @asset
        def sleeps():
            threading.Thread(target=receive).start()
            time.sleep(600)
    """)  # fmt: skip
    with desk.begin("materialize", "-f", "code.py") as process:
        assert "■ canceled" in rest_of(process)
    assert process.returncode == 130
    assert status_of(desk) == "CANCELED"


def test_a_signal_that_is_ignored_from_the_start_stays_ignored(desk):
    desk.write("code.py", """
        import os, signal
        from penstock import asset

        @asset
        def asks():
            os.kill(os.getpid(), signal.SIGINT)
    """)  # fmt: skip
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}  # as nohup does
    assert desk.call("materialize", "-f", "code.py", **ignoring).code == 0


def test_an_interrupt_while_user_code_is_imported_records_nothing(desk):
    desk.write("slow.py", "import time\nprint('importing', flush=True)\ntime.sleep(600)\n")
    with desk.begin("materialize", "-f", "slow.py") as process:
        read_to(process, "importing")
        while process.returncode is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):  # Python may hear of the first when it wakes
                out, err = process.communicate(timeout=60)
    assert (out, "Traceback" in err) == ("", False)
    assert process.returncode == 130
    assert desk.runs() == []


def test_what_was_done_before_the_interrupt_is_taken_over_by_a_retry(desk, started):
    process = started("before or work", "begun")
    process.send_signal(signal.SIGINT)
    read_to(process, "closing slow")
    process.send_signal(signal.SIGINT)
    rest_of(process)
    code = (desk.folder / "code.py").read_text().replace("time.sleep(600)", "pass").replace("600.0", "0.0")
    desk.write("code.py", code)
    ended = desk.call("run", "retry", desk.runs()[0]["run_id"])
    assert ended.code == 0, ended.said
    assert "done     work" in ended.out
    assert "done     before" not in ended.out


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_ctrl_c_of_a_terminal_reaches_children_and_the_run_is_canceled(desk):
    desk.write("code.py", """
        import subprocess, sys
        from penstock import asset

        @asset
        def calls():
            subprocess.run([sys.executable, "-c", "print('child', flush=True); import time; time.sleep(600)"])
    """)  # fmt: skip
    with desk.begin("materialize", "-f", "code.py", start_new_session=True) as process:
        read_to(process, "child")
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=200)
    assert "■ canceled" in out
    assert process.returncode == 130
    assert status_of(desk) == "CANCELED"
