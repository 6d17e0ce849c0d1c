"""A step that takes longer than its timeout is stopped, wherever it runs."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from penstock import Definitions, RetryPolicy, asset, define_asset_job, job, materialize, op
from penstock.engine.timeouts import limit
from penstock.errors import StepTimeoutError
from penstock.events.values import Blame, StepFailed

SHORT, LONG = 0.02, 60


def endless():
    """Goes on for ever, but comes back to the interpreter."""
    while True:
        pass


def in_another_thread(function):
    """What a function gives or raises in a thread that is not the main one."""
    ended = []

    def work():
        try:
            ended.append(function())
        except Exception as error:  # noqa: BLE001  # handed to the caller
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return ended[0]


def failure_of(result):
    return next(event for event in result.happened if isinstance(event, StepFailed))


def test_an_op_is_stopped():
    @op(timeout=SHORT)
    def slow():
        endless()

    @job
    def alone():
        slow()

    failed = failure_of(alone.execute_in_process(raise_on_error=False))
    assert failed.blame is Blame.TIMEOUT
    assert "'slow' ran longer than its timeout of 0.02 s" in failed.error.message


def test_an_asset_is_stopped():
    @asset(timeout=SHORT)
    def slow():
        endless()

    assert failure_of(materialize([slow], raise_on_error=False)).blame is Blame.TIMEOUT


def test_a_job_gives_its_steps_a_timeout():
    @op
    def slow():
        endless()

    @job(timeout=SHORT)
    def alone():
        slow()

    assert failure_of(alone.execute_in_process(raise_on_error=False)).blame is Blame.TIMEOUT


def test_an_asset_job_gives_its_steps_a_timeout():
    @asset
    def slow():
        endless()

    made = Definitions(assets=[slow], jobs=[define_asset_job("one", "slow", timeout=SHORT)])
    result = made.get_job_def("one").execute_in_process(raise_on_error=False)
    assert failure_of(result).blame is Blame.TIMEOUT


def test_the_timeout_of_a_step_goes_before_that_of_the_job():
    @op(timeout=LONG)
    def quick():
        threading.Event().wait(SHORT * 3)
        return 1

    @job(timeout=SHORT)
    def alone():
        quick()

    assert alone.execute_in_process().success


def test_a_step_is_stopped_in_a_thread_that_is_not_the_main_one():
    @asset(timeout=SHORT)
    def slow():
        endless()

    result = in_another_thread(lambda: materialize([slow], raise_on_error=False))
    failed = failure_of(result)
    assert failed.blame is Blame.TIMEOUT
    assert "'slow' ran longer" in failed.error.message


def test_waiting_is_interrupted_too():
    @asset(timeout=SHORT)
    def slow():
        threading.Event().wait(LONG)

    assert failure_of(materialize([slow], raise_on_error=False)).blame is Blame.TIMEOUT


@pytest.mark.parametrize("where", [lambda f: f(), in_another_thread], ids=["main thread", "another thread"])
def test_a_step_that_catches_everything_fails_all_the_same(where):
    @asset(timeout=SHORT)
    def stubborn():
        try:
            endless()
        except StepTimeoutError:
            return 1

    assert failure_of(where(lambda: materialize([stubborn], raise_on_error=False))).blame is Blame.TIMEOUT


def test_each_attempt_has_the_whole_time():
    moments = []

    def ring_no_earlier_than():
        """Before the alarm of this attempt is asked, so that no pause makes it later."""
        return time.monotonic() + signal.getitimer(signal.ITIMER_REAL)[0]

    def ring_no_later_than():
        return signal.getitimer(signal.ITIMER_REAL)[0] + time.monotonic()

    @asset(timeout=LONG, retry_policy=RetryPolicy(1))
    def slow():
        if moments:
            moments.append(ring_no_later_than())
            return 1
        moments.append(ring_no_earlier_than())
        threading.Event().wait(SHORT)
        raise ValueError("once more")

    assert materialize([slow]).success
    first, second = moments
    assert second - first >= SHORT * 0.9


@pytest.mark.parametrize("where", [lambda f: f(), in_another_thread], ids=["main thread", "another thread"])
def test_what_ends_in_time_is_left_alone(where):
    def work():
        with limit(LONG, "quick"):
            return 3

    assert where(work) == 3


@pytest.mark.parametrize("where", [lambda f: f(), in_another_thread], ids=["main thread", "another thread"])
def test_another_error_stays_what_it_is(where):
    def work():
        with limit(LONG, "quick"):
            raise KeyError("own")

    try:
        found = where(work)
    except KeyError as error:
        found = error
    assert isinstance(found, KeyError)


def test_the_alarm_of_the_process_is_given_back():
    before = signal.getsignal(signal.SIGALRM)
    own, _ = signal.setitimer(signal.ITIMER_REAL, 3 * LONG)  # that of the test runner, if any
    try:
        with pytest.raises(StepTimeoutError), limit(SHORT, "slow"):
            endless()
        assert LONG < signal.getitimer(signal.ITIMER_REAL)[0] <= 3 * LONG
    finally:
        signal.setitimer(signal.ITIMER_REAL, own)
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.mark.parametrize("line", range(1, 6))
def test_the_alarm_of_the_process_is_given_back_wherever_a_limit_is_when_its_time_is_up(line):
    """A line of the limit itself, which puts everything back, is as good a moment as one of the step."""
    before, tracer, seen = signal.getsignal(signal.SIGALRM), sys.gettrace(), []

    def ring(_frame, event, _argument):
        if event == "line" and signal.getitimer(signal.ITIMER_REAL)[0] > LONG:
            seen.append(event)
            if len(seen) == line:
                signal.raise_signal(signal.SIGALRM)
        return ring

    def trace(frame, *_):
        return ring if frame.f_code.co_name == "_by_signal" else None

    with limit(LONG, "outer"):
        outer = signal.getsignal(signal.SIGALRM)
        try:
            sys.settrace(trace)
            with contextlib.suppress(StepTimeoutError), limit(3 * LONG, "inner"):
                pass
        finally:
            sys.settrace(tracer)
        assert len(seen) >= min(line, 2)
        assert signal.getsignal(signal.SIGALRM) is outer
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= LONG
    assert signal.getsignal(signal.SIGALRM) is before


def test_no_timeout_costs_nothing():
    assert limit(None, "a") is limit(None, "b")


def test_a_run_within_a_step_leaves_the_limit_of_the_step_alone():
    def outer():
        with limit(SHORT, "outer"):
            with limit(LONG, "inner"):
                pass
            endless()

    with pytest.raises(StepTimeoutError, match="outer"):
        outer()


def test_a_limit_in_a_thread_leaves_the_interpreter_as_it_was():
    """An exception that was taken back must not be asked for for ever: a profiler would hang on it."""
    code = (
        "import sys, threading\n"
        "from penstock.engine.timeouts import _Alarm\n"
        "import ctypes\n"
        "def work():\n"
        "    thread, alarm = ctypes.c_ulong(threading.get_ident()), _Alarm()\n"
        "    alarm.rang = True\n"
        "    alarm.turn_off(thread)\n"
        "one = threading.Thread(target=work)\n"
        "one.start()\n"
        "one.join()\n"
        "sys.setprofile(lambda *_: None)\n"
        "(lambda: None)()\n"
        "sys.setprofile(None)\n"
        "print('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=True
    )
    assert done.stdout == "went on\n"
