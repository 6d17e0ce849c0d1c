from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock.cli.partition_bar import bar_lines, legend, matrix_lines, row_labels, scale, sign_of, zoom
from penstock.cli.partition_block import show_partitions
from penstock.cli.screen import Screen
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import View
from penstock.query.partition_grid import Standing, grid_of
from penstock.query.partitions import PartitionStatuses

MADE, FAILED, RUNNING, MISSING = Standing
YEAR = DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01", timezone="America/New_York")
VIEW = View(datetime(2025, 1, 1, tzinfo=UTC))


def plain(text, _color):
    return text


def statuses(definition, made=(), failed=()):
    made, failed = (definition.subset_with_partition_keys(keys) for keys in (made, failed))
    missing = definition.subset_with_all_partitions(VIEW.effective_dt) - made - failed
    return PartitionStatuses(
        materialized=made, failed=failed, in_progress=definition.empty_subset(), missing=missing
    )


def year(columns):
    return grid_of(
        statuses(YEAR, YEAR.get_partition_keys()[:100], ["2013-06-01"]), VIEW, columns=columns, rows=1
    )


@pytest.mark.parametrize(
    ("counts", "sign"),
    [
        ({MADE: 9}, "█"),
        ({MADE: 8, MISSING: 1}, "▓"),
        ({MADE: 4, MISSING: 5}, "▒"),
        ({MADE: 1, MISSING: 8}, "░"),
        ({MISSING: 9}, "·"),
        ({FAILED: 9}, "X"),
        ({FAILED: 1, MADE: 8}, "x"),
        ({FAILED: 1, RUNNING: 8}, "x"),
        ({RUNNING: 9}, "»"),
        ({RUNNING: 1, MADE: 8}, ">"),
    ],
)
def test_a_cell_shows_the_worst_of_its_partitions(counts, sign):
    assert sign_of(counts, 9).text == sign


def test_one_failure_among_very_many_is_seen():
    assert "x" in next(bar_lines(year(10), plain))


def test_a_bar_has_its_keys_beneath():
    assert list(bar_lines(year(60), plain)) == [
        "  ████████████████▒·······x···································",
        "  2013-01-01     2013-04-02     2013-07-02          2013-12-31",
    ]


def test_keys_that_do_not_fit_beneath_a_bar_stand_side_by_side():
    assert scale(year(10).cells.across) == "2013-01-01 … 2013-12-31"


def test_the_legend_explains_the_signs_that_are_there():
    assert [sign.text for sign in legend(year(60))] == ["█", "▒", "x", "·"]
    assert [sign.text for sign in legend(year(365))] == ["█", "X", "·"]


def test_it_is_said_how_many_partitions_a_cell_covers():
    assert zoom(year(365)) == ""
    assert zoom(year(73)) == "a cell is 5 partitions"
    assert zoom(year(60)) == "a cell is 6 or 7 partitions"


def test_several_dimensions_are_a_row_each():
    table = MultiPartitionsDefinition({"day": YEAR, "region": StaticPartitionsDefinition(["north", "south"])})
    grid = grid_of(statuses(table, ["2013-01-01|south"]), VIEW, columns=30, rows=20)
    assert list(matrix_lines(grid, row_labels(grid.cells.down), plain)) == [
        "  north  ······························  0/365",
        "  south  ░·····························  1/365",
        "         2013-01-01          2013-12-31",
    ]


def test_rows_that_are_too_many_are_put_together():
    table = MultiPartitionsDefinition({"day": YEAR, "letter": StaticPartitionsDefinition([*"abcdef"])})
    grid = grid_of(statuses(table), VIEW, columns=30, rows=4)
    labels = [line.split("·")[0].strip() for line in matrix_lines(grid, row_labels(grid.cells.down), plain)]
    assert labels[:4] == ["a", "b … c", "d", "e … f"]
    assert zoom(grid) == "a cell is 12 or 13 × 1 or 2 partitions"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("several", [False, True])
def test_nothing_is_wider_than_the_screen(capsys, width, several):
    regions = StaticPartitionsDefinition(["the far north", "the deep south"])
    definition = MultiPartitionsDefinition({"day": YEAR, "region": regions}) if several else YEAR
    show_partitions(Screen(width=width), statuses(definition), VIEW)
    longest = max(map(len, capsys.readouterr().out.splitlines()))
    assert longest <= max(width, 40)


def test_colours_are_put_around_cells_that_are_alike(capsys):
    show_partitions(Screen(width=60, color=True), statuses(YEAR, YEAR.get_partition_keys()[:100]), VIEW)
    first = next(line for line in capsys.readouterr().out.splitlines() if "█" in line)
    assert first.count("\x1b[32m") == 1
