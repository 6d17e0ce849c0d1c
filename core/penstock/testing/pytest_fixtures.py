"""Fixtures for pytest: ``pytest_plugins = ["penstock.testing.pytest_fixtures"]`` in your conftest.py.

Owns: the fixtures ``instance``, ``durable_instance`` and ``clock``. What they give is made elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from penstock.host.instance import Instance
from penstock.testing.clock import SettableClock
from penstock.testing.fixtures import instance_for_test


@pytest.fixture
def instance() -> Generator[Instance]:
    """An instance that keeps everything in memory."""
    with Instance.ephemeral() as made:
        yield made


@pytest.fixture
def durable_instance(tmp_path: Path) -> Generator[Instance]:
    """An instance in a folder of the test, which ``Instance.get()`` finds."""
    with instance_for_test(temp_dir=tmp_path / "penstock-home") as made:
        yield made


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until the test moves it."""
    return SettableClock()
