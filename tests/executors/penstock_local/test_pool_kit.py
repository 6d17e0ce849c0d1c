"""The process pool keeps every promise of the kit, forked, spawned, and with one place only."""

from __future__ import annotations

import polars as pl  # noqa: F401 - it sets an environment variable, which must not happen within a test
import pytest

from penstock.testing.conformance import ExecutorFeatures, ExecutorKit
from penstock_local.pool import ProcessPoolExecutor

FEATURES = ExecutorFeatures(
    reports=True,
    cancels_running=True,
    enforces_timeouts=True,
    survives_worker_loss=True,
    settles=True,
    rests=True,
    chains=64,
    lanes=frozenset({"process", "thread", "async"}),
    max_concurrent=2,
    window=34,  # and those that wait in threads
)


class TestForkedWorkers(ExecutorKit):
    features = FEATURES

    def make(self):
        return ProcessPoolExecutor({"max_concurrent": 2})


@pytest.mark.slow
class TestSpawnedWorkers(ExecutorKit):
    features = FEATURES
    many = 300

    def make(self):
        return ProcessPoolExecutor({"max_concurrent": 2, "start_method": "spawn"})
