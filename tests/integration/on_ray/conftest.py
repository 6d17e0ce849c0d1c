"""A Ray cluster of several nodes on the loopback, for whole runs in which something goes wrong."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # fault_steps.py and fault_scene.py

import numpy as np  # noqa: F401 - as the next one
import polars as pl  # noqa: F401 - it sets an environment variable, which must not happen within a test
import ray
from attrs import define
from fault_scene import Scene, until
from ray._private import ray_constants
from ray.cluster_utils import Cluster

from penstock.testing.conformance.executor import remains

LOOPBACK = "127.0.0.1"
STORE = 100 << 20
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # tests call nobody
    "RAY_enable_metrics_collection": "0",
    "RAY_process_group_cleanup_enabled": "1",  # as in a Ray that the executor starts itself
    "RAY_AUTH_MODE": "disabled",  # a token would be written into the home folder
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the address of this machine is the loopback's
}
# Ray leaves sockets and log files of its own to the garbage collector, and starts processes that outlive it
# by a moment; none of that is ours, and no other warning is let through.
OF_RAY = [
    "ignore:unclosed:ResourceWarning",
    r"ignore:subprocess \d+ is still running:ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:Tip. In future versions of Ray:FutureWarning",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))
            item.add_marker(pytest.mark.xdist_group("ray"))
            for line in OF_RAY:
                item.add_marker(pytest.mark.filterwarnings(line))


@define
class Machines:
    """A cluster; this process is attached to its head, which runs no steps."""

    cluster: Cluster

    @property
    def address(self):
        return self.cluster.address

    def add(self, node_ip_address=LOOPBACK, **resources):
        """Another node of one processor with these custom resources."""
        more = {"num_cpus": 1, "resources": resources, "node_ip_address": node_ip_address}
        before = signal.getsignal(signal.SIGTERM)
        try:
            return self.cluster.add_node(**node(**more))
        finally:
            signal.signal(signal.SIGTERM, before)  # each node of Ray puts a handler of its own there

    def pids(self, machine):
        """Of the processes of a node."""
        raylet = machine.all_processes["raylet"][0].process.pid
        return [raylet, *remains.descendants(raylet)]

    def kill(self, machine):
        """As a machine that loses its power: every process of it at once."""
        pids = self.pids(machine)
        self.cluster.remove_node(machine, allow_graceful=False)
        until(lambda: not any(map(remains.is_alive, pids)), f"processes of the node end: {pids}")


def node(**options):
    return {
        "object_store_memory": STORE,
        "include_dashboard": False,
        "node_ip_address": LOOPBACK,
        **options,
    }


@contextmanager
def environment(**more):
    """Ray's settings, which its processes inherit."""
    wanted = SETTINGS | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | more
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    usual, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = usual
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def running(*nodes, **system):
    """A cluster of these nodes; at its end no process of it is left."""
    with environment():
        head = node(num_cpus=0) | ({"_system_config": system} if system else {})
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for one in nodes:
                cluster.add_node(**one)
            ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
            pids = remains.descendants(os.getpid())
            yield Machines(cluster)
        finally:
            ray.shutdown()
            pids = [*pids, *remains.descendants(os.getpid())]
            cluster.shutdown()
            time.sleep(0.1)
        until(lambda: not any(map(remains.is_alive, pids)), "no process of the cluster is left")


@pytest.fixture(scope="session")
def machines(steady_environment):
    """A head without processors, and two nodes of one processor each."""
    left, right = (node(num_cpus=1, resources={name: 1}) for name in ("left", "right"))
    steady = steady_environment(**SETTINGS, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    with steady as hold, running(left, right) as made:
        hold()
        yield made


@pytest.fixture
def scene(machines, tmp_path):
    return Scene(tmp_path, "ray")


@pytest.fixture
def standing():
    """Starts a cluster of one node with settings of its own, in a process of its own; gives its address."""
    begun = []

    def start(**settings):
        program = Path(__file__).with_name("standing_cluster.py")
        path = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **SETTINGS, "PYTHONPATH": path, **settings},
        )  # fmt: skip
        begun.append(process)
        return process.stdout.readline().strip()

    yield start
    for process in begun:
        pids = [process.pid, *remains.descendants(process.pid)]
        process.communicate("", timeout=90)
        until(lambda pids=pids: not any(map(remains.is_alive, pids)), "no process of the cluster is left")
