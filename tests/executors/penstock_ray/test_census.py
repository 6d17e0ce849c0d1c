"""Which nodes there are, while that changes."""

from __future__ import annotations

import threading

import pytest

from penstock_ray.census import Census
from penstock_ray.feasibility import Node

PATIENCE = 60.0


def node(name):
    return Node(name, "127.0.0.1", {"CPU": 1.0})


class Cluster:
    """Says which nodes there are, and lets a test wait until it was asked."""

    def __init__(self, *names):
        self.nodes = [node(one) for one in names]
        self.fault = None
        self.asked = threading.Semaphore(0)

    def __call__(self):
        self.asked.release()
        if self.fault is not None:
            raise self.fault
        return list(self.nodes)

    def wait(self):
        """Until it was asked anew, and the answer before was taken in."""
        while self.asked.acquire(blocking=False):
            pass
        for _ in range(2):
            assert self.asked.acquire(timeout=PATIENCE)


@pytest.fixture
def census():
    made = []

    def make(cluster):
        made.append(Census(cluster, every=0.001))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one._thread.join(PATIENCE)
        assert not one._thread.is_alive()


def names(census):
    return [one.id for one in census.nodes]


def test_nodes_that_come_and_go_are_known(census):
    cluster = Cluster("a", "b")
    made = census(cluster)
    assert names(made) == ["a", "b"]
    cluster.nodes.append(node("c"))
    cluster.wait()
    assert names(made) == ["a", "b", "c"]
    del cluster.nodes[0]
    cluster.wait()
    assert names(made) == ["b", "c"]


def test_who_looks_sees_at_a_glance_that_nothing_has_changed(census):
    cluster = Cluster("a", "b")
    made = census(cluster)
    before = made.nodes
    cluster.nodes.reverse()
    cluster.wait()
    assert made.nodes is before


def test_a_head_that_does_not_answer_changes_nothing(census):
    cluster = Cluster("a")
    made = census(cluster)
    cluster.fault = ConnectionError("away")
    cluster.nodes.clear()
    cluster.wait()
    assert names(made) == ["a"]
    cluster.fault = None
    cluster.nodes.append(node("b"))
    cluster.wait()
    assert names(made) == ["b"]


def test_a_cluster_that_cannot_be_asked_at_all_is_told(census):
    cluster = Cluster()
    cluster.fault = ConnectionError("nobody")
    with pytest.raises(ConnectionError):
        census(cluster)
