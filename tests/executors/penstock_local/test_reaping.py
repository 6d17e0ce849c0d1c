"""Ends of children, each time in a process of its own, which reaps nobody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
from penstock_local.reaping import reap
if sys.argv[1] == "told later":
    del os.waitid
seen = []
assert reap([], seen.append) is None
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
read, write = os.pipe()
pid = os.fork()
if not pid:
    os.read(read, 1)
    os._exit(7)
assert reap([pid], seen.append) is None and not seen
os.write(write, b"!")
signal.sigwait({signal.SIGCHLD})
found = reap([pid], seen.append)
assert seen == [pid] == [found.pid]
assert os.waitstatus_to_exitcode(found.status) == 7
assert found.size > 1 << 20, found
assert reap([], seen.append) is None
"""


@pytest.mark.parametrize("way", ["told at once", "told later"])
def test_a_child_that_ended_is_reaped_once(way):
    subprocess.run([sys.executable, "-c", PROGRAM, way], check=True)
