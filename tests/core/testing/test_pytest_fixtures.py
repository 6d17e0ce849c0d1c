from __future__ import annotations

from penstock.host.instance import Instance
from penstock.testing.pytest_fixtures import clock, durable_instance, instance

__all__ = ["clock", "durable_instance", "instance"]


def test_the_instance_is_in_memory(instance):
    assert instance.is_ephemeral


def test_the_durable_instance_is_the_default_one(durable_instance):
    with Instance.get() as same:
        assert same.home == durable_instance.home


def test_the_clock_can_be_moved(clock):
    before = clock()
    clock.advance(1)
    assert clock() == before + 1
