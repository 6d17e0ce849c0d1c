"""The executor kit, on a Ray of this machine: over the hub, and through the mailbox."""

from __future__ import annotations

import os

import polars as pl  # noqa: F401 - while it is imported it sets a variable, which tests must not
import pytest

from penstock.spi.executor import ExecutorFeatures
from penstock.testing.conformance.executor.kit import ExecutorKit
from penstock_ray.executor import RayExecutor

# Ray keeps the exit status of workers to itself; Linux tells anybody since 6.15
KERNEL = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
UNTOLD = "this kernel tells the exit status of a process to its parent alone"
NEED_A_STATUS = (
    "test_a_worker_that_exits_is_told_with_its_code",
    "test_a_worker_that_exits_as_if_all_were_well_is_a_loss",
    "test_a_worker_that_is_killed_is_told_with_the_signal",
    "test_a_segmentation_fault_is_told_with_the_signal",
)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
class TestRayExecutor(ExecutorKit):
    features = ExecutorFeatures(
        reports=True,
        cancels_running=True,
        enforces_timeouts=True,
        survives_worker_loss=True,
        rests=True,
        chains=256,
        max_concurrent=2,
        window=2000,
    )

    gaps = dict.fromkeys(NEED_A_STATUS, UNTOLD) if KERNEL < (6, 15) else {}
    # the workers belong to the Ray of the session, which outlives each run
    tolerates = ("multiprocessing.resource_tracker", "ray::", "raylet", "gcs_server", "/ray/")

    def make(self):
        return RayExecutor({"max_concurrent": 2})
