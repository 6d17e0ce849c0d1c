"""Ends of children, each time in a process of its own, which reaps nobody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, time
from penstock_local.reaping import reap
if sys.argv[1] == "told later":
    del os.waitid
seen = []
assert reap([], seen.append) is None
read, write = os.pipe()
pid = os.fork()
if not pid:
    os.read(read, 1)
    os._exit(7)
assert reap([pid], seen.append) is None and not seen
os.write(write, b"!")
while (found := reap([pid], seen.append)) is None:
    time.sleep(0.001)
assert seen == [pid] == [found.pid]
assert os.waitstatus_to_exitcode(found.status) == 7
assert found.size > 1 << 20, found
assert reap([], seen.append) is None
"""


@pytest.mark.parametrize("way", ["told at once", "told later"])
def test_a_child_that_ended_is_reaped_once(way):
    subprocess.run([sys.executable, "-c", PROGRAM, way], check=True)
