"""Which partitions a run covers, and which upstream ones its nodes read: decided before it begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock import (
    AssetDep,
    AssetIn,
    AssetKey,
    AssetSpec,
    DailyPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    PartitionKeyRange,
    PartitionMapping,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    UpstreamPartitionsResult,
    WeeklyPartitionsDefinition,
    asset,
    asset_check,
    multi_asset,
)
from penstock.define.asset_job import build_asset_job
from penstock.errors import (
    InvalidDefinitionError,
    InvariantViolationError,
    UnknownPartitionError,
)
from penstock.partitions.view import View
from penstock.plan.partitions import covered_keys, definitions_in, reads_of, refuse_unsuitable

NOW = View(datetime(2024, 1, 20, 12, tzinfo=UTC))
DAYS = DailyPartitionsDefinition("2024-01-01")
BEFORE = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@asset(partitions_def=DAYS)
def days():
    return 1


def reads(*assets, keys=(), selection=None):
    made = build_asset_job("j", [days, *assets], selection=selection or list(assets))
    return reads_of(made, keys, NOW)


def read(one, *keys):
    return reads(one, keys=keys)[one.op.name][AssetKey("days")]


# ---- what is covered -----------------------------------------------------------------------------


def test_a_key_covers_itself():
    assert covered_keys(DAYS, NOW, key="2024-01-05", ends=None) == ("2024-01-05",)


def test_a_range_covers_both_ends_and_what_lies_between():
    ends = PartitionKeyRange("2024-01-05", "2024-01-07")
    assert covered_keys(DAYS, NOW, key=None, ends=ends) == ("2024-01-05", "2024-01-06", "2024-01-07")


def test_nothing_asked_for_covers_nothing():
    assert covered_keys(DAYS, NOW, key=None, ends=None) == ()


def test_a_key_of_several_dimensions_knows_its_parts():
    grid = MultiPartitionsDefinition({"zone": StaticPartitionsDefinition(["n"]), "day": DAYS})
    (found,) = covered_keys(grid, NOW, key="2024-01-05|n", ends=None)
    assert isinstance(found, MultiPartitionKey)
    assert found.keys_by_dimension == {"day": "2024-01-05", "zone": "n"}


@pytest.mark.parametrize("key", ["2024-01-20", "2023-12-31", "x"])
def test_a_key_that_does_not_exist_is_refused(key):
    with pytest.raises(UnknownPartitionError, match=key):
        covered_keys(DAYS, NOW, key=key, ends=None)


def test_a_reversed_range_is_refused():
    with pytest.raises(UnknownPartitionError, match="wrong way round"):
        covered_keys(DAYS, NOW, key=None, ends=PartitionKeyRange("2024-01-07", "2024-01-05"))


# ---- what is read --------------------------------------------------------------------------------


def test_the_same_partitions_are_known_to_be_the_same():
    @asset(partitions_def=DAYS)
    def next_to(days): ...

    found = read(next_to, "2024-01-05", "2024-01-06")
    assert found.is_same
    assert list(found.keys) == ["2024-01-05", "2024-01-06"]


def test_a_mapping_on_an_argument_counts():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=BEFORE)})
    def lagged(days): ...

    found = read(lagged, "2024-01-05")
    assert not found.is_same
    assert list(found.keys) == ["2024-01-04"]


def test_a_mapping_on_a_dependency_counts():
    @asset(partitions_def=DAYS, deps=[AssetDep(days, partition_mapping=BEFORE)])
    def lagged(): ...

    assert list(read(lagged, "2024-01-05").keys) == ["2024-01-04"]


def test_a_mapping_on_a_spec_counts():
    @multi_asset(specs=[AssetSpec("a", deps=[AssetDep(days, partition_mapping=BEFORE)], partitions_def=DAYS)])
    def lagged(): ...

    assert list(read(lagged, "2024-01-05").keys) == ["2024-01-04"]


def test_an_inferred_mapping_follows_time():
    @asset(partitions_def=WeeklyPartitionsDefinition("2024-01-01"))
    def weeks(days): ...

    assert list(read(weeks, "2024-01-07").keys) == [f"2024-01-{day:02}" for day in range(7, 14)]


def test_a_reader_without_partitions_reads_all_that_exist():
    @asset
    def everything(days): ...

    assert len(read(everything).keys) == 19


def test_a_check_looks_at_what_the_run_makes():
    @asset_check(asset=days)
    def fine(days): ...

    made = build_asset_job("j", [days, fine])
    found = reads_of(made, ("2024-01-05",), NOW)["days_fine"]
    assert found[AssetKey("days")].is_same


def test_a_partitioned_reader_of_a_run_without_keys_reads_none():
    @asset(partitions_def=DAYS)
    def next_to(days): ...

    assert reads(next_to) == {}


def test_missing_partitions_are_told_when_they_are_asked_for():
    @asset(partitions_def=WeeklyPartitionsDefinition("2023-01-01"))
    def weeks(days): ...

    found = read(weeks, "2023-12-31")
    assert found.missing == ("2023-12-31",)
    with pytest.raises(InvariantViolationError, match=r"'weeks', which reads 'days', wants .*'2023-12-31'"):
        _ = found.keys


def test_before_the_first_partition_there_is_none():
    @asset(partitions_def=DAYS, ins={"total": AssetIn(partition_mapping=BEFORE)})
    def total(total): ...

    found = reads(total, keys=("2024-01-01",))["total"][AssetKey("total")]
    assert list(found.keys) == []


def test_a_range_that_reads_itself_reads_what_lies_before():
    @asset(partitions_def=DAYS, ins={"total": AssetIn(partition_mapping=BEFORE)})
    def total(total): ...

    keys = ("2024-01-05", "2024-01-06", "2024-01-07")
    assert list(reads(total, keys=keys)["total"][AssetKey("total")].keys) == ["2024-01-04"]


def test_an_asset_that_reads_its_own_partition_is_refused():
    @multi_asset(specs=[AssetSpec("own", deps=["own"], partitions_def=DAYS)])
    def own(): ...

    with pytest.raises(InvalidDefinitionError, match="does not only look back"):
        reads(own, keys=("2024-01-05",))


class Mine(PartitionMapping):
    """Reads the first partition, or fails."""

    def __init__(self, fault=None):
        self.fault = fault

    def get_upstream_mapped_partitions_result_for_partitions(
        self, downstream_partitions_subset, downstream_partitions_def, upstream_partitions_def, *_args, **_kw
    ):
        if self.fault is not None:
            raise self.fault
        return UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys(["2024-01-01"]))


def test_a_mapping_of_ones_own_is_asked():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=Mine())})
    def first(days): ...

    assert list(read(first, "2024-01-05").keys) == ["2024-01-01"]


def test_a_mapping_that_raises_is_named():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=Mine(RuntimeError("no luck")))})
    def first(days): ...

    with pytest.raises(InvalidDefinitionError, match=r"Mine of 'first', which reads 'days'.*no luck"):
        read(first, "2024-01-05")


# ---- different partitions ------------------------------------------------------------------------


def test_different_partitions_in_one_run_are_refused():
    @asset(partitions_def=StaticPartitionsDefinition(["a"]))
    def letters(): ...

    layer = build_asset_job("__ASSET_JOB", [days, letters]).assets
    assert layer is not None
    assert [name for _, name in definitions_in(layer)] == ["days", "letters"]
    with pytest.raises(InvalidDefinitionError, match=r"'days'.*'letters'"):
        refuse_unsuitable(layer, "this selection")


def test_different_partitions_of_one_function_are_told_by_asset():
    letters = StaticPartitionsDefinition(["a"])

    specs = [AssetSpec("x", partitions_def=DAYS), AssetSpec("y", partitions_def=letters)]

    @multi_asset(specs=specs, can_subset=True)
    def both(): ...

    layer = build_asset_job("__ASSET_JOB", [both]).assets
    assert layer is not None
    assert definitions_in(layer) == [(DAYS, "x"), (letters, "y")]


def test_equal_partitions_are_one():
    @asset(partitions_def=DailyPartitionsDefinition("2024-01-01"))
    def more(): ...

    layer = build_asset_job("__ASSET_JOB", [days, more]).assets
    assert layer is not None
    assert len(definitions_in(layer)) == 1
