"""A real process that is told to stop: the run ends as canceled, whoever tells it, and on a terminal too."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

SLOW = """
import time
from pathlib import Path
from penstock import asset

@asset
def slow():
    print("begun", flush=True)
    time.sleep(600)

@asset
def after(slow):
    raise AssertionError("nobody runs this")
"""
PENSTOCK = (sys.executable, "-c", "from penstock.cli.main import main; main()")


@pytest.fixture
def start(tmp_path):
    """Starts a slow run with a stream for its output, and waits until its step has begun."""
    (tmp_path / "slow.py").write_text(SLOW)
    started = []

    def begin(out, read):
        process = subprocess.Popen([*PENSTOCK, "materialize", "-f", "slow.py"], cwd=tmp_path, stdout=out)
        started.append(process)
        os.close(out)  # so that reading ends when the process does
        said = b""
        while b"begun" not in said:
            piece = read()
            assert piece, f"it ended before its step began: {said.decode()}"
            said += piece
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def status(cli):
    (run,) = cli("run", "list", "--json").json
    return run["status"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_as_canceled(start, cli, number):
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as said:
        process = start(writer, lambda: said.read(1))
        process.send_signal(number)
        rest = said.read()
    assert process.wait(timeout=200) == 130
    assert b"stopped  slow" in rest
    assert "■ canceled: 0 steps done, 2 steps not run".encode() in rest
    assert status(cli) == "CANCELED"


def read_terminal(descriptor):
    """What a terminal shows next; nothing when its program has gone."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_a_terminal_shows_a_spinner_and_the_end(start, cli):
    ours, theirs = pty.openpty()
    process = start(theirs, lambda: read_terminal(ours))
    said = b""
    while b"slow" not in said:
        said += read_terminal(ours)
    process.send_signal(signal.SIGINT)
    while piece := read_terminal(ours):
        said += piece
    os.close(ours)
    assert process.wait(timeout=200) == 130
    assert "■ canceled".encode() in said
    assert status(cli) == "CANCELED"
