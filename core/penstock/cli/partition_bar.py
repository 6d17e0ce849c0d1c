"""A partition grid as lines of text: one sign a cell, told apart by shape and by colour.

Owns: the signs, the labels beneath a bar and the legend. A cell that covers several partitions shows the
worst of them: a failure is seen at any zoom. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from penstock.cli.table import Style, cut
from penstock.partitions.cells import Axis
from penstock.query.partition_grid import Counts, PartitionGrid, Standing
from penstock.values import frozen

INDENT = "  "
_GAP = "  "
LONGEST_LABEL = 24
_SHADES = "░▒▓"

COLORS: Mapping[Standing, str] = {
    Standing.MATERIALIZED: "green",
    Standing.FAILED: "red",
    Standing.IN_PROGRESS: "blue",
    Standing.MISSING: "bright_black",
}


@frozen
class Sign:
    """What a cell shows: ``meaning`` stands in the legend."""

    text: str
    color: str
    meaning: str


_ALL: Mapping[Standing, Sign] = {
    Standing.MATERIALIZED: Sign("█", "green", "materialized"),
    Standing.FAILED: Sign("X", "red", "failed"),
    Standing.IN_PROGRESS: Sign("»", "blue", "in progress"),
    Standing.MISSING: Sign("·", "bright_black", "missing"),
}
_SOME_FAILED = Sign("x", "red", "some failed")
_SOME_IN_PROGRESS = Sign(">", "blue", "some in progress")
_PARTLY = [Sign(shade, "green", "materialized in part") for shade in _SHADES]
_LEGEND = (
    _ALL[Standing.MATERIALIZED], _PARTLY[1], _ALL[Standing.FAILED], _SOME_FAILED, _ALL[Standing.IN_PROGRESS],
    _SOME_IN_PROGRESS, _ALL[Standing.MISSING],
)  # fmt: skip


def sign_of(counts: Counts, size: int) -> Sign:
    """What a cell shows.

    Args:
        counts: how many of its partitions are of each standing.
        size: how many partitions it covers.
    """
    for standing, sign in _ALL.items():
        if counts.get(standing, 0) >= size:
            return sign
    if counts.get(Standing.FAILED):
        return _SOME_FAILED
    if counts.get(Standing.IN_PROGRESS):
        return _SOME_IN_PROGRESS
    return _PARTLY[counts.get(Standing.MATERIALIZED, 0) * len(_PARTLY) // size]


def bar(grid: PartitionGrid, row: int, style: Style) -> str:
    """One row of a grid."""
    signs = [sign_of(grid.at(row, n), grid.cells.size((row, n))) for n in range(grid.cells.across.cells)]
    return "".join(
        style("".join(sign.text for sign in alike), color)
        for color, alike in groupby(signs, key=lambda sign: sign.color)
    )


def scale(axis: Axis) -> str:
    """The keys beneath a bar, each from the cell on that it begins."""
    first, last = axis.key_at(0), axis.key_at(axis.total - 1)
    if axis.total == 1:
        return first
    if axis.cells < len(first) + len(_GAP) + len(last):
        return f"{first} … {last}"
    line, until = first, axis.cells - len(last)
    for quarter in (1, 2, 3):
        cell = axis.cells * quarter // 4
        key = axis.ends(cell)[0]
        if len(line) + len(_GAP) <= cell and cell + len(key) + len(_GAP) <= until:
            line = f"{line:{cell}}{key}"
    return f"{line:{until}}{last}"


def legend(grid: PartitionGrid) -> list[Sign]:
    """The signs that occur in a grid; one stands for all that mean the same."""
    seen = {
        sign_of(grid.at(row, column), grid.cells.size((row, column))).meaning
        for row in range(grid.rows)
        for column in range(grid.cells.across.cells)
    }
    return [sign for sign in _LEGEND if sign.meaning in seen]


def zoom(grid: PartitionGrid) -> str:
    """How many partitions a cell covers; empty when it is one."""
    across, down = grid.cells.across, grid.cells.down
    sizes = [_sizes(axis) for axis in (across, *((down,) if down else ()))]
    sizes += [str(axis.total) for axis in grid.cells.others]
    told = [size for size in sizes if size != "1"]
    return f"a cell is {' × '.join(told)} partitions" if told else ""


def _sizes(axis: Axis) -> str:
    few, rest = divmod(axis.total, axis.cells)
    return f"{few:,} or {few + 1:,}" if rest else f"{few:,}"


def bar_lines(grid: PartitionGrid, style: Style) -> Iterator[str]:
    """One bar with its keys beneath."""
    yield INDENT + bar(grid, 0, style)
    yield INDENT + style(scale(grid.cells.across), "bright_black")


def row_labels(axis: Axis, longest: int = LONGEST_LABEL) -> list[str]:
    """What stands in front of each row: its key, or the first and last of several; cut when longer."""
    ends = [axis.ends(row) for row in range(axis.cells)]
    labels = [first if first == last else f"{first} … {last}" for first, last in ends]
    return [cut(label, longest) for label in labels]


def matrix_lines(grid: PartitionGrid, labels: Sequence[str], style: Style) -> Iterator[str]:
    """A bar a row, with its label in front and its tally behind, and the keys beneath."""
    width = max(map(len, labels))
    for row, label in enumerate(labels):
        tally = style(tally_of(grid.of_row(row)), "bright_black")
        yield f"{INDENT}{style(f'{label:{width}}', 'cyan')}{_GAP}{bar(grid, row, style)}{_GAP}{tally}"
    keys = scale(grid.cells.across)
    before = width + len(_GAP) - max(len(keys) - grid.cells.across.cells, 0)
    yield f"{INDENT}{' ' * before}{style(keys, 'bright_black')}"


def tally_of(counts: Counts) -> str:
    """A row in figures: how many are made of how many."""
    return f"{counts.get(Standing.MATERIALIZED, 0):,}/{sum(counts.values()):,}"


def told(counts: Counts) -> Sequence[tuple[str, str]]:
    """Standings that occur, in words, each with its colour."""
    return [(f"{counts[one]:,} {one.value}", COLORS[one]) for one in Standing if counts.get(one)]
