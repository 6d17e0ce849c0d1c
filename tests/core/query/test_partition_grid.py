from __future__ import annotations

from datetime import UTC, datetime

from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import View
from penstock.query.partition_grid import Standing, grid_of, ranges_of
from penstock.query.partitions import PartitionStatuses

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11")
VIEW = View(datetime(2025, 1, 1, tzinfo=UTC))


def statuses(definition, *, made=(), failed=(), running=()):
    made, failed, running = (definition.subset_with_partition_keys(keys) for keys in (made, failed, running))
    missing = definition.subset_with_all_partitions(VIEW.effective_dt) - made - failed - running
    return PartitionStatuses(materialized=made, failed=failed, in_progress=running, missing=missing)


def days(*numbers):
    return [f"2024-01-{number:02}" for number in numbers]


def test_totals_and_cells_say_how_many_stand_where():
    grid = grid_of(statuses(DAYS, made=days(1, 2, 3), failed=days(4)), VIEW, columns=2, rows=1)
    assert grid.totals == {
        Standing.MATERIALIZED: 3, Standing.FAILED: 1, Standing.IN_PROGRESS: 0, Standing.MISSING: 6,
    }  # fmt: skip
    assert grid.at(0, 0) == {Standing.MATERIALIZED: 3, Standing.FAILED: 1, Standing.MISSING: 1}
    assert grid.at(0, 1) == {Standing.MISSING: 5}


def test_ranges_follow_each_other():
    found = statuses(DAYS, made=days(1, 2, 5), failed=days(3), running=days(10))
    grid = grid_of(found, VIEW, columns=2, rows=1)
    ranges = ranges_of(found, grid.cells.across, 10)
    assert [(one.standing.value, one.first[-2:], one.last[-2:], one.count) for one in ranges.ranges] == [
        ("materialized", "01", "02", 2),
        ("failed", "03", "03", 1),
        ("missing", "04", "04", 1),
        ("materialized", "05", "05", 1),
        ("missing", "06", "09", 4),
        ("in progress", "10", "10", 1),
    ]
    assert ranges.total == 6


def test_of_too_many_ranges_the_newest_windows_and_the_first_keys_are_shown():
    found = statuses(DAYS, made=days(1, 3, 5))
    grid = grid_of(found, VIEW, columns=2, rows=1)
    ranges = ranges_of(found, grid.cells.across, 2)
    assert [one.last for one in ranges.ranges] == days(5, 10)
    assert (ranges.total, ranges.newest) == (6, True)
    letters = StaticPartitionsDefinition([*"abcdef"])
    found = statuses(letters, made="ace")
    ranges = ranges_of(found, grid_of(found, VIEW, columns=2, rows=1).cells.across, 2)
    assert [one.last for one in ranges.ranges] == ["a", "b"]
    assert (ranges.total, ranges.newest) == (6, False)


def test_several_dimensions_are_counted_by_row():
    table = MultiPartitionsDefinition({"day": DAYS, "region": StaticPartitionsDefinition(["north", "south"])})
    grid = grid_of(statuses(table, made=["2024-01-01|south", "2024-01-02|south"]), VIEW, columns=5, rows=5)
    plain = grid.to_plain()
    rows = [(row["first"], row["last"], row["materialized"], row["missing"]) for row in plain["by"]["rows"]]
    assert (plain["total"], plain["materialized"], plain["missing"]) == (20, 2, 18)
    assert plain["by"]["dimension"] == "region"
    assert rows == [("north", "north", 0, 10), ("south", "south", 2, 8)]
