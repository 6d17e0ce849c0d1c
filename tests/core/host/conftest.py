"""An instance in memory."""

from __future__ import annotations

import pytest

from penstock.host.instance import Instance


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made
