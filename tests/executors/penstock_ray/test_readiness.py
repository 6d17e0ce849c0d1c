"""Sleeping on descriptors, also those that ``select`` refuses."""

from __future__ import annotations

import fcntl
import os
import resource

import pytest

from penstock_ray.bell import Bell
from penstock_ray.readiness import sleep_on

HIGH = 1500


@pytest.fixture
def pipe():
    """Both ends of a pipe, the readable one with a number beyond those that ``select`` takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HIGH + 100), hard))
    low, writing = os.pipe()
    reading = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, HIGH)
    yield reading, writing
    for one in (low, reading, writing):
        os.close(one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_can_be_read_ends_the_sleep(pipe):
    reading, writing = pipe
    assert not sleep_on([reading], 0)
    os.write(writing, b"!")
    assert sleep_on([reading], 60)


def test_what_takes_more_ends_the_sleep(pipe):
    reading, writing = pipe
    assert sleep_on([reading], 60, [writing])


def test_a_bell_rings_until_it_is_hushed():
    bell = Bell()
    assert not sleep_on([bell], 0)
    for _ in range(100_000):  # more often than a pipe has room for
        bell.ring()
    assert sleep_on([bell], 60)
    while sleep_on([bell], 0):
        bell.hush()
    bell.hush()
    bell.close()
    bell.ring()
    bell.close()
