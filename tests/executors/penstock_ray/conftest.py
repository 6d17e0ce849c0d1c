"""One Ray for all tests of the session, small and without anything that they do not look at."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # doubles.py, beside the tests

import numpy as np  # noqa: F401 - it sets an environment variable while it is imported, before Ray runs
import ray
from doubles import Shared

from penstock_ray.executor import RayExecutor

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # tests call nobody
    "RAY_enable_metrics_collection": "0",
    "RAY_process_group_cleanup_enabled": "1",  # as in a Ray that the executor starts itself
    "RAY_AUTH_MODE": "disabled",  # a token would be written into the home folder
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
            for line in OF_RAY:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture(scope="session")
def cluster(steady_environment):
    """Ray with two processors, shut down at the end."""
    with steady_environment(**SETTINGS) as hold:
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=512 << 20,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        hold()
        yield
        ray.shutdown()


@pytest.fixture
def executor(cluster, request):
    """An executor that has begun a run; ``@pytest.mark.parametrize(..., indirect=True)`` gives its config."""
    made = RayExecutor(getattr(request, "param", None))
    made.begin(Shared(request.node.name))
    yield made
    made.close()
