"""A range of partitions on a Ray cluster: what is made, recorded and read is what one process gives."""

from __future__ import annotations

from penstock import (
    AssetIn,
    AssetKey,
    BackfillPolicy,
    DailyPartitionsDefinition,
    FilesystemIOManager,
    Instance,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
    materialize,
)

BERLIN = "Europe/Berlin"
DAYS = DailyPartitionsDefinition("2024-03-24", end_date="2024-04-07", timezone=BERLIN)
WEEKS = WeeklyPartitionsDefinition("2024-03-24", end_date="2024-04-07", timezone=BERLIN)
ENDS = "penstock/asset_partition_range_start", "penstock/asset_partition_range_end"


@asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
def lengths(context) -> dict:
    windows = {key: DAYS.time_window_for_partition_key(key) for key in context.partition_keys}
    return {key: round((end.timestamp() - start.timestamp()) / 3600) for key, (start, end) in windows.items()}


@asset(
    partitions_def=DAYS,
    ins={"lengths": AssetIn(partition_mapping=TimeWindowPartitionMapping(start_offset=-1, end_offset=0))},
    backfill_policy=BackfillPolicy.single_run(),
)
def pairs(context, lengths: dict) -> dict:
    keys = list(lengths)
    return {day: lengths[keys[keys.index(day) - 1]] + lengths[day] for day in context.partition_keys}


@asset(partitions_def=WEEKS)
def weekly(lengths: dict) -> int:
    return sum(lengths.values())


def carry_out(folder, executor):
    """What two runs leave behind: the partitions that are recorded, and the values."""
    everything = [lengths, pairs, weekly]
    files = {"io_manager": FilesystemIOManager(base_dir=str(folder / "files"))}
    with Instance.local_temp(str(folder)) as instance:
        given = {"instance": instance, "resources": files, "executor": executor}
        for chosen, *ends in (
            ([lengths], "2024-03-24", "2024-04-06"),
            ([pairs], "2024-03-25", "2024-04-06"),
        ):
            done = materialize(everything, selection=chosen, tags=dict(zip(ENDS, ends, strict=True)), **given)
            assert done.success
        week = materialize(everything, selection=[weekly], partition_key="2024-03-31", **given)
        names = ("lengths", "pairs", "weekly")
        recorded = {name: sorted(instance.get_materialized_partitions(AssetKey(name))) for name in names}
        paired = {path.name: path.read_text() for path in sorted((folder / "files" / "pairs").iterdir())}
        return recorded, paired, week.output_for_node("weekly")


def test_a_range_on_a_cluster_comes_to_the_same_as_in_one_process(machines, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    expected = carry_out(here, "in_process")
    recorded, paired, week = expected
    assert [len(keys) for keys in recorded.values()] == [14, 13, 1]
    assert len(paired) == 13
    assert week == 7 * 24 - 1  # clocks went forward on March 31st
    assert carry_out(there, "ray") == expected
