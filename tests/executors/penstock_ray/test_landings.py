"""How long to wait for what tasks told, once Ray has the end of their batch."""

from __future__ import annotations

import pytest
import ray
from test_flights import batch_of
from test_hearing import Voice

from penstock_ray.landings import Landings
from penstock_ray.losses import lost
from penstock_ray.traffic import Traffic
from penstock_ray.workers import Worker

pytestmark = pytest.mark.usefixtures("cluster")


def interrupted():
    raise KeyboardInterrupt


@pytest.fixture
def traffic():
    return Traffic()


@pytest.fixture
def landings(traffic):
    return Landings(traffic)


def sent(traffic, control):
    batch = batch_of("a")
    batch.control = control
    traffic.add(batch)
    return batch


def ended(traffic):
    """Whether each flight that has ended may have begun."""
    return {one.flight.key: lost(one.flight, one.error).started for one in traffic.take_ended()}


def test_a_task_that_was_interrupted_in_a_worker_may_have_begun_before_that_is_heard(traffic, landings):
    batch = sent(traffic, ray.remote(max_retries=0)(interrupted).remote())
    landings.find([batch], 90.0)
    assert landings.are_held
    batch.worker = batch.open["a"].worker = Worker(Voice(), task="a")
    batch.open["a"].started = 1.0
    while landings.are_held:
        landings.find([], 0.0)
    assert ended(traffic) == {"a": True}


def test_a_task_that_was_interrupted_and_told_its_end_is_over(traffic, landings):
    batch = sent(traffic, ray.remote(max_retries=0)(interrupted).remote())
    batch.worker = batch.open["a"].worker = Worker(Voice())
    batch.open["a"].started = 1.0
    landings.find([batch], 90.0)
    assert ended(traffic) == {"a": True}


def test_a_task_that_ray_never_handed_to_a_worker_never_began(traffic, landings):
    nowhere = ray.remote(max_retries=0, resources={"nowhere": 1})(interrupted).remote()
    batch = sent(traffic, nowhere)
    ray.cancel(nowhere)
    landings.find([batch], 90.0)
    assert not landings.are_held
    assert ended(traffic) == {"a": False}
