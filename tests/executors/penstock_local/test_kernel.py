"""What is read from the kernel, and what is asked of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from penstock_local import kernel

pytestmark = pytest.mark.skipif(not kernel.IS_LINUX, reason="only Linux tells")


@pytest.fixture
def child():
    made = subprocess.Popen(
        ["sleep", "60"], env={"PENSTOCK_TEST_MARK": str(os.getpid()), "PATH": os.environ["PATH"]}
    )
    while not kernel.environment(made.pid):  # for a moment after ``exec`` a process has none
        time.sleep(0.001)
    yield made.pid
    made.kill()
    made.wait()


def test_children_are_found(child):
    assert child in kernel.children(os.getpid())


def test_processes_are_found_by_a_mark_in_their_environment(child):
    mark = f"PENSTOCK_TEST_MARK={os.getpid()}"
    assert mark.encode() in kernel.environment(child)
    assert kernel.marked(mark) == [child]
    assert kernel.marked(mark + "0") == []


def test_a_process_that_is_gone_tells_nothing():
    assert kernel.children(0) == []
    assert kernel.environment(0) == frozenset()
    assert kernel.resident(0) == 0


def test_memory_is_told_in_bytes():
    assert 1_000_000 < kernel.resident() < 100_000_000_000


THREADS = """
import threading
from penstock_local import kernel
before = len(kernel.other_threads())
gate = threading.Event()
thread = threading.Thread(target=gate.wait)
thread.start()
print(before, len(kernel.other_threads()))
gate.set()
thread.join()
"""


def test_threads_beside_the_first_are_seen():
    found = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert found.stdout == "0 1\n"  # where no library keeps or ends threads of its own


def test_an_end_is_seen_before_the_parent_hears_of_it(child):
    assert not kernel.has_ended(child)
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert kernel.has_ended(child)
    os.waitpid(child, 0)
    assert kernel.has_ended(child)


def test_who_asks_for_it_dies_with_a_parent_that_is_gone_already():
    program = "from penstock_local import kernel; kernel.die_with_parent(1 << 22); print('alive')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (1, b"")
