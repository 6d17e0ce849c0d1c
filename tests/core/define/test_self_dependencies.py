"""What may not depend on itself is refused where it is written."""

from __future__ import annotations

import pytest

from penstock import (
    AssetCheckSpec,
    AssetDep,
    AssetSpec,
    DailyPartitionsDefinition,
    Definitions,
    TimeWindowPartitionMapping,
    asset,
    multi_asset,
)
from penstock.errors import InvalidDefinitionError


def test_an_asset_without_partitions_may_not_read_itself():
    with pytest.raises(InvalidDefinitionError, match="depends on itself"):

        @asset(deps=["loop"])
        def loop(): ...


def test_a_check_need_not_wait_for_its_own_asset():
    with pytest.raises(InvalidDefinitionError, match="its own asset"):
        AssetCheckSpec("c", asset="a", additional_deps=["a"])


@pytest.mark.parametrize("mapping", [None, TimeWindowPartitionMapping(), TimeWindowPartitionMapping(-1, 0)])
def test_an_asset_that_would_read_its_own_present_is_refused(mapping):
    days = DailyPartitionsDefinition("2024-01-01")
    with pytest.raises(InvalidDefinitionError, match=r"(?s)'balance'.*depends on itself.*only look back"):

        @asset(partitions_def=days, deps=[AssetDep("balance", partition_mapping=mapping)])
        def balance() -> None: ...


def test_assets_of_one_function_that_read_themselves_are_a_fault():
    days = DailyPartitionsDefinition("2024-01-01")

    @multi_asset(specs=[AssetSpec("balance", deps=["balance"], partitions_def=days)])
    def books() -> None: ...

    with pytest.raises(InvalidDefinitionError, match=r"(?s)'balance' depends on itself.*only look back"):
        Definitions.validate_loadable(Definitions(assets=[books]))


def test_an_asset_that_reads_its_own_past_is_none():
    past = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @asset(
        partitions_def=DailyPartitionsDefinition("2024-01-01"),
        deps=[AssetDep("balance", partition_mapping=past)],
    )
    def balance() -> None: ...

    Definitions.validate_loadable(Definitions(assets=[balance]))
