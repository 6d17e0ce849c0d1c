"""What ``penstock asset show`` says about partitions: how many stand where, a grid, and ranges.

Owns: how much of it fits the screen. Signs and labels are the matter of ``partition_bar``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.cli.partition_bar import (
    COLORS,
    INDENT,
    LONGEST_LABEL,
    bar_lines,
    legend,
    matrix_lines,
    row_labels,
    tally_of,
    told,
    zoom,
)
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.partitions.view import View
from penstock.query.partition_grid import PartitionGrid, grid_of, ranges_of
from penstock.query.partitions import PartitionStatuses

LABEL = 14
_UNLIMITED_WIDTH = 80
_LEAST_BAR = 10
_ROWS, _MORE_ROWS = 20, 100
_RANGES, _MORE_RANGES, _RANGES_IN_JSON = 10, 200, 1_000


def show_partitions(screen: Screen, statuses: PartitionStatuses, view: View) -> None:
    """Write a line of figures, the grid with its legend, and the ranges of one dimension."""
    rows = _MORE_ROWS if screen.verbose else _ROWS
    narrow = grid_of(statuses, view, columns=1, rows=rows)
    screen.say()
    if narrow is None:
        screen.labeled("partitions", "none yet", LABEL)
        return
    width = (screen.width or _UNLIMITED_WIDTH) - len(INDENT) * 2
    labels = row_labels(narrow.cells.down, min(width // 3, LONGEST_LABEL)) if narrow.cells.down else []
    columns = max(width - _beside(narrow, labels), _LEAST_BAR)
    grid = grid_of(statuses, view, columns=columns, rows=rows) or narrow
    _figures(screen, grid)
    screen.say()
    for line in matrix_lines(grid, labels, screen.style) if labels else bar_lines(grid, screen.style):
        screen.say(line)
    _below(screen, grid)
    if not labels:
        _ranges(screen, statuses, grid)


def _beside(grid: PartitionGrid, labels: Sequence[str]) -> int:
    """How much room labels and tallies take."""
    if not labels:
        return 0
    tallies = [len(tally_of(grid.of_row(row))) for row in range(grid.rows)]
    return max(map(len, labels)) + max(tallies) + 2 * len(INDENT)


def plain_partitions(statuses: PartitionStatuses, view: View) -> dict[str, Any]:
    """JSON-able data: totals, and ranges or the counts of each row."""
    grid = grid_of(statuses, view, columns=1, rows=_RANGES_IN_JSON)
    if grid is None:
        return {"total": 0}
    if grid.cells.down is not None:
        return grid.to_plain()
    found = ranges_of(statuses, grid.cells.across, _RANGES_IN_JSON)
    ranges = {"ranges": [one.to_plain() for one in found.ranges], "ranges_in_all": found.total}
    return {**grid.to_plain(), **ranges}


def _figures(screen: Screen, grid: PartitionGrid) -> None:
    parts = told(grid.totals)
    text = f"{grid.cells.total:,}: {', '.join(part for part, _ in parts)}"
    label = screen.style(f"{'partitions':{LABEL}}", "bright_black")
    if screen.width is not None and LABEL + len(text) > screen.width:
        screen.labeled("partitions", text, LABEL)
        return
    screen.say(
        f"{label}{grid.cells.total:,}: {', '.join(screen.style(part, color) for part, color in parts)}"
    )


def _below(screen: Screen, grid: PartitionGrid) -> None:
    """The legend, how much a cell covers, and which dimension is where."""
    screen.say()
    for line in legend_lines(screen, grid):
        screen.say(f"{INDENT}{line}")
    down, others = grid.cells.down, grid.cells.others
    across = f"across: {grid.cells.across.name}" if grid.cells.across.name else ""
    beneath = f"down: {down.name}" if down else ""
    within = f"in each cell: {' and '.join(axis.name for axis in others)}" if others else ""
    notes = ", ".join(note for note in (across, beneath, within, zoom(grid)) if note)
    if notes:
        lines = [screen.style(line, "bright_black") for line in screen.folded(notes, INDENT)]
        screen.say(INDENT + "\n".join(lines))


def legend_lines(screen: Screen, grid: PartitionGrid) -> list[str]:
    """The legend, in as many lines as it needs."""
    lines, taken = [""], 0
    room = (screen.width or _UNLIMITED_WIDTH) - len(INDENT)
    for sign in legend(grid):
        length = len(sign.text) + 1 + len(sign.meaning)
        gap = INDENT if lines[-1] else ""
        if gap and taken + len(gap) + length > room:
            lines, taken, gap = [*lines, ""], 0, ""
        lines[-1] += f"{gap}{screen.style(sign.text, sign.color)} {sign.meaning}"
        taken += len(gap) + length
    return lines


def _ranges(screen: Screen, statuses: PartitionStatuses, grid: PartitionGrid) -> None:
    limit = _MORE_RANGES if screen.verbose else _RANGES
    found = ranges_of(statuses, grid.cells.across, limit)
    rows: list[tuple[str | Cell, ...]] = [
        (
            Cell(one.standing.value, COLORS[one.standing]),
            one.first,
            one.last,
            Cell(f"{one.count:,}", right=True),
        )
        for one in found.ranges
    ]
    screen.say()
    screen.table(("status", "from", "to", "count"), rows)
    left = found.total - len(found.ranges)
    if left:
        which = "earlier" if found.newest else "more"
        more = "" if screen.verbose else " (-v)"
        screen.say(screen.style(f"… and {left:,} {which} ranges{more}", "bright_black"))
