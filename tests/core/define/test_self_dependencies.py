"""What may not depend on itself is refused where it is written."""

from __future__ import annotations

import pytest

from penstock import AssetCheckSpec, asset
from penstock.errors import InvalidDefinitionError


def test_an_asset_without_partitions_may_not_read_itself():
    with pytest.raises(InvalidDefinitionError, match="depends on itself"):

        @asset(deps=["loop"])
        def loop(): ...


def test_a_check_need_not_wait_for_its_own_asset():
    with pytest.raises(InvalidDefinitionError, match="its own asset"):
        AssetCheckSpec("c", asset="a", additional_deps=["a"])
