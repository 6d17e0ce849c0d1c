"""A store in memory."""

from __future__ import annotations

import pytest

from penstock.store.open import open_store


@pytest.fixture
def store():
    made = open_store("memory:")
    yield made
    made.close()
