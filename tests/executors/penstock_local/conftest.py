"""A stage on which the tests of the pool play, closed and looked over when they end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pool_deeds.py, beside the tests

from penstock.testing.conformance.executor.stage import Stage, Terms
from penstock_local.pool import ProcessPoolExecutor


@pytest.fixture
def play(tmp_path, request):
    """Make a stage for a pool of a config; at the end it is closed, and nothing may be left."""
    stages = []

    def make(**config):
        config = {"max_concurrent": 2, **config}
        folder = tmp_path / str(len(stages))
        folder.mkdir()
        terms = Terms(
            make=lambda: ProcessPoolExecutor(config),
            features=ProcessPoolExecutor(config).features,
            places=config["max_concurrent"],
            tolerates=("multiprocessing.resource_tracker",),
        )
        stages.append(Stage(terms, folder))
        return stages[-1]

    yield make
    for stage in stages:
        try:
            stage.finish()
        finally:
            stage.abandon()
