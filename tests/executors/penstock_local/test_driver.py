"""The end of the driver: killed, or interrupted in its terminal. Nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl  # noqa: F401 - it sets an environment variable, which must not happen within a test
import pytest

from penstock.testing.conformance.executor import marks, tasks
from penstock_local import kernel

PROGRAM = Path(__file__).with_name("pool_driver.py")
MARK = "PENSTOCK_TEST_OF_DRIVER"
PATIENCE = 60.0
PEST = """
import os, signal, sys, time
while os.getppid() == int(sys.argv[1]):
    os.kill(int(sys.argv[1]), signal.SIGINT)
    time.sleep(0.0005)
"""


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


@pytest.fixture
def driver(tmp_path):
    """Start a driver; it waits with three tasks under way, unless its pool rests."""
    mark = f"{MARK}={tmp_path}"
    name, _, value = mark.partition("=")
    environment = {**os.environ, name: value, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    started = []

    def start(what):
        process = subprocess.Popen(
            [sys.executable, PROGRAM, str(tmp_path), what],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            text=True,
        )
        started.append(process)
        shelf = process.stdout.readline().split()[1]
        if what in ("wait", "interrupt"):
            until(lambda: len(marks.read(str(tmp_path), "waiting")) == 3, "all tasks begin")
        return process, Path(shelf), mark

    yield start
    for pid in kernel.marked(mark):
        os.kill(pid, signal.SIGKILL)
    for process in started:
        process.communicate()


def test_a_driver_that_is_killed_takes_its_workers_and_what_they_started_with_it(driver):
    process, shelf, mark = driver("wait")
    assert len(kernel.marked(mark)) >= 6  # driver, zygote, workers, threads, daemon
    assert any(shelf.iterdir())
    process.kill()
    process.wait()
    until(lambda: not kernel.marked(mark), f"left: {kernel.marked(mark)}")
    until(lambda: not shelf.exists(), "the shelf is cleared")


def test_a_zygote_and_a_driver_that_are_killed_together_leave_no_worker(driver, tmp_path):
    process, _, mark = driver("wait")
    workers = {one.pid for one in marks.read(str(tmp_path), "waiting")}
    zygote = next(pid for pid in kernel.marked(mark) if set(kernel.children(pid)) >= workers)
    os.kill(zygote, signal.SIGSTOP)  # so that it has no time to do it itself
    process.kill()
    os.kill(zygote, signal.SIGKILL)
    until(lambda: not workers & set(kernel.marked(mark)), "the kernel kills the workers")


def test_a_ctrl_c_in_the_terminal_is_the_drivers_to_answer(driver):
    process, shelf, mark = driver("interrupt")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=PATIENCE)
    assert not err
    assert out.splitlines() == ["daemon canceled", "soft interrupted", "thread interrupted"]
    assert process.returncode == 0
    assert not kernel.marked(mark)
    assert not shelf.exists()


def test_interrupts_in_any_number_lose_no_outcome(play):
    stage = play()
    stage.answer(stage.submit(tasks.answer, 0))
    executor, armed, ended = stage.executor, [False], []

    def raise_if_armed(_number, _frame):
        if armed[0]:
            armed[0] = False
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, raise_if_armed)
    pest = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PEST,
            str(os.getpid()),
        ]
    )
    try:
        numbers, interrupts = [], 0
        while len(ended) < len(numbers) or len(numbers) < 1000 or not interrupts:
            if len(ended) == len(numbers):  # the pest may begin late, or be kept from running
                more = range(len(numbers), len(numbers) + 250)
                numbers += [n for n in more if stage.submit(tasks.answer, n)]
            try:
                armed[0] = True
                found = executor.collect(PATIENCE)
                armed[0] = False
            except KeyboardInterrupt:
                interrupts += 1
                continue
            assert found
            ended += found
    finally:
        pest.kill()
        pest.wait()
        signal.signal(signal.SIGINT, before)
    assert sorted(one.record.value for one in ended) == numbers
    stage.ends.update({one.ticket: one for one in ended})


def test_a_driver_that_is_killed_takes_a_resting_zygote_with_it(driver):
    process, _, mark = driver("rest")
    until(lambda: len(kernel.marked(mark)) == 2, f"driver and zygote: {kernel.marked(mark)}")
    process.kill()
    process.wait()
    until(lambda: not kernel.marked(mark), f"left: {kernel.marked(mark)}")


def test_a_program_that_forgets_a_resting_pool_ends_with_it(driver):
    process, _, mark = driver("forget")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    until(lambda: not kernel.marked(mark), f"left: {kernel.marked(mark)}")
