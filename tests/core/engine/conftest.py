"""Runs whose clock, chance and pauses belong to the test."""

from __future__ import annotations

import pytest

from penstock import Instance
from penstock.engine.program import Tools
from penstock.host.launch import Launch, launch


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1_000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def run():
    """Runs a job with a clock of its own; gives the result and the pauses."""

    def carry_out(job, chance=0.5, **given):
        time = Time()
        tools = Tools(now=time, sleep=time.sleep, chance=lambda: chance)
        with Instance.ephemeral() as instance:
            launched = Launch(tools=tools, raise_on_error=False, stores_op_outputs=False, **given)
            return launch(job, launched, instance), time.slept

    return carry_out
