"""What connecting to Ray leaves as it was, and what it says when it fails."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penstock_ray.connection import Connection, _own_sigterm
from penstock_ray.feasibility import Node


def test_who_answers_sigterm_stays_who_it_was():
    before = signal.getsignal(signal.SIGTERM)

    def own(*_):
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, own)
        with _own_sigterm():
            signal.signal(signal.SIGTERM, lambda *_: None)  # as ray.init does
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("made", "hosts", "is_alone"),
    [
        (Connection("here", is_own=True, is_started=True), ["here"], True),
        (Connection("here", is_own=False), ["here", "here"], True),
        (Connection("here", is_own=False), ["here", "there"], False),
        (Connection("here", is_own=True), ["here"], False),
    ],
    ids=["started for the run", "of the process", "of several machines", "attached"],
)
def test_workers_may_come_from_elsewhere_where_a_cluster_may_grow(made, hosts, is_alone):
    assert made.is_alone([Node(str(number), host, {}) for number, host in enumerate(hosts)]) is is_alone


def test_what_ray_does_not_take_for_a_ray_of_its_own_is_told():
    program = (
        "from penstock_ray.config import RayConfig\n"
        "from penstock_ray.connection import connect\n"
        "connect(RayConfig(local={'nonsense': 1}), {})\n"
    )  # in a process that has no Ray, unlike this one most of the time
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 1
    assert re.search("UnmetExecutorRequirementsError: Wanted to start a Ray(?s:.*)nonsense", done.stderr)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_ray_of_its_own_stays_between_two_runs_and_ends_with_the_last(tmp_path):
    program = Path(__file__).with_name("rest_program.py")
    done = subprocess.run(
        [sys.executable, program, str(tmp_path)], check=True, capture_output=True, text=True, timeout=240
    )
    found = json.loads(done.stdout.splitlines()[-1])
    answers, rays = zip(*found["runs"], strict=True)
    assert answers == (1, 2, 3)
    assert rays[0] == rays[1]
    assert (found["stays"], found["left"]) == (True, False)
