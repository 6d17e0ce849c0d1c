"""Asset graphs for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock import (
    AssetDep,
    AssetSpec,
    BackfillPolicy,
    DailyPartitionsDefinition,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
)
from penstock.automation.scheme import scheme_of_assets
from penstock.define.asset_graph import AssetGraph
from penstock.partitions.view import View

VIEW = View(datetime(2024, 6, 1, tzinfo=UTC))
DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-12")
WEEKS = WeeklyPartitionsDefinition("2024-01-07", end_date="2024-02-11")
YESTERDAY = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


def made(name, partitions_def=None, deps=(), policy=None):
    """An asset without a value."""

    @asset(name=name, partitions_def=partitions_def, deps=list(deps), backfill_policy=policy)
    def made_by() -> None: ...

    return made_by


def scheme(*assets):
    """The scheme of a backfill of all of them."""
    graph = AssetGraph.from_assets(assets)
    keys = [key for key in graph.in_order if key in graph.materializable_asset_keys]
    return scheme_of_assets(graph, keys)


def units(found):
    """The names of the parts of each unit, with its wave."""
    return [(unit.wave, {found.parts[place].name for place in unit.places}) for unit in found.units]


def year():
    """Days, what is made of the same days, weeks of these, and one of all; and days in order."""
    return [
        made("raw", DAYS),
        made("clean", DAYS, ["raw"]),
        made("weekly", WEEKS, ["clean"]),
        made("report", deps=["weekly"]),
        made("so_far", DAYS, ["raw", AssetDep("so_far", partition_mapping=YESTERDAY)]),
        made("batch", DAYS, ["raw"], BackfillPolicy.multi_run(5)),
    ]


__all__ = ["DAYS", "VIEW", "WEEKS", "YESTERDAY", "AssetSpec", "made", "scheme", "units", "year"]
