"""What a step prints and logs is kept in its own files, on instances that last."""

from __future__ import annotations

import sys
import threading

import pytest

from penstock import Instance, RetryPolicy, asset, execute_job, job, materialize, op, success_hook
from penstock.events import values as v
from penstock.host.capture import Capture
from penstock.store.logs import LogFolder, Stream

say = print  # printing is the subject


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as made:
        yield made


def text(instance, result, step, stream):
    return LogFolder(instance.logs_directory()).read(result.run_id, step, stream).text


def captured(result):
    return {event.step: event.file for event in result.happened if isinstance(event, v.LogsCaptured)}


@op
def talks(context):
    say("to stdout")
    say("to stderr", file=sys.stderr)
    context.log.info("to the log")


@op
def silent():
    return 1


@job
def both():
    talks()
    silent()


def test_each_stream_has_a_file_of_its_own(instance, capsys):
    result = execute_job(both, instance)
    assert text(instance, result, "talks", Stream.OUT) == "to stdout\n"
    assert text(instance, result, "talks", Stream.ERR) == "to stderr\n"
    assert text(instance, result, "talks", Stream.LOG).endswith("INFO     to the log\n")


def test_the_terminal_still_gets_everything(instance, capsys):
    execute_job(both, instance)
    said = capsys.readouterr()
    assert ("to stdout" in said.out, "to stderr" in said.err) == (True, True)


def test_a_step_that_said_something_tells_where(instance, capsys):
    result = execute_job(both, instance)
    (step,) = captured(result)
    assert step == "talks"
    assert captured(result)["talks"].endswith("talks.log")
    assert LogFolder(instance.logs_directory()).streams(result.run_id, "silent") == ()


def test_a_step_that_only_prints_tells_of_that_file(instance, capsys):
    @asset
    def printer():
        say("hello")

    assert captured(materialize([printer], instance=instance))["printer"].endswith("printer.out")


def test_output_of_a_failed_step_is_kept(instance, capsys):
    @asset
    def broken():
        say("before")
        raise ValueError("no")

    result = materialize([broken], instance=instance, raise_on_error=False)
    assert text(instance, result, "broken", Stream.OUT) == "before\n"
    assert "broken" in captured(result)


def test_attempts_write_to_the_same_file(instance, capsys):
    attempts = []

    @asset(retry_policy=RetryPolicy(1))
    def flaky():
        attempts.append(1)
        say(f"attempt {len(attempts)}")
        if len(attempts) == 1:
            raise ValueError("no")

    result = materialize([flaky], instance=instance)
    assert text(instance, result, "flaky", Stream.OUT) == "attempt 1\nattempt 2\n"


def test_hooks_write_to_the_files_of_their_step(instance, capsys):
    @success_hook
    def cheer(_context):
        say("hurray")

    @job(hooks={cheer})
    def cheered():
        silent()

    assert text(instance, execute_job(cheered, instance), "silent", Stream.OUT) == "hurray\n"


def test_threads_of_a_step_are_heard(instance, capsys):
    @asset
    def threaded():
        thread = threading.Thread(target=say, args=("from a thread",))
        thread.start()
        thread.join()

    result = materialize([threaded], instance=instance)
    assert text(instance, result, "threaded", Stream.OUT) == "from a thread\n"


def test_an_ephemeral_instance_keeps_nothing(capsys):
    with Instance.ephemeral() as ephemeral:
        assert captured(execute_job(both, ephemeral)) == {}


def test_the_standard_streams_are_given_back(tmp_path):
    before = (sys.stdout, sys.stderr)
    with Capture(str(tmp_path), "run") as capture, capture.step("s"):
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


def test_lines_outside_of_steps_are_kept_with_the_run(tmp_path):
    with Capture(str(tmp_path), "run") as capture:
        capture.log_line("", 30, "resource opened")
    assert "WARNING  resource opened" in LogFolder(str(tmp_path)).read("run", "run").text


def test_a_captured_stream_is_still_a_stream(tmp_path, capsys):
    with Capture(str(tmp_path), "run") as capture, capture.step("s"):
        sys.stdout.writelines(["a\n", "b\n"])
        sys.stdout.flush()
        assert sys.stdout.encoding
    assert LogFolder(str(tmp_path)).read("run", "s", Stream.OUT).text == "a\nb\n"


def test_runs_in_two_threads_keep_their_output_apart(tmp_path, capsys):
    before, first_is_out = sys.stdout, threading.Event()
    both = threading.Barrier(2, timeout=60)

    def run(name):
        with Capture(str(tmp_path), name) as capture:
            both.wait()
            with capture.step("step"):
                say(f"said by {name}")
                both.wait()
            if name == "second":
                first_is_out.wait(60)
                with capture.step("late"):
                    say("late")

    second = threading.Thread(target=run, args=("second",))
    second.start()
    run("first")
    first_is_out.set()
    second.join()
    folder = LogFolder(str(tmp_path))
    assert folder.read("first", "step", Stream.OUT).text == "said by first\n"
    assert folder.read("second", "step", Stream.OUT).text == "said by second\n"
    assert folder.read("second", "late", Stream.OUT).text == "late\n"
    assert sys.stdout is before


def test_where_the_driver_shows_the_text_it_is_not_said_twice(tmp_path, capsys):
    with Capture(str(tmp_path), "r", echoes=False) as capture:
        with capture.step("a"):
            say("kept")
        say("of nobody")
    assert capsys.readouterr().out == "of nobody\n"
    assert LogFolder(str(tmp_path)).read("r", "a", Stream.OUT).text == "kept\n"


def test_what_a_dead_worker_left_is_told_save_for_empty_files(tmp_path):
    capture = Capture(str(tmp_path), "r")
    folder = LogFolder(str(tmp_path))
    folder.path("r", "a", Stream.OUT).parent.mkdir()
    folder.path("r", "a", Stream.OUT).touch()
    folder.path("r", "a", Stream.ERR).write_text("its last words")
    assert capture.left_by("a").file == str(folder.path("r", "a", Stream.ERR))
    assert not folder.path("r", "a", Stream.OUT).exists()
    assert capture.left_by("b") is None
