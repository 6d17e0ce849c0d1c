"""Where the partitions of an asset stand, as a grid and as ranges: what people look at.

Owns: ``Standing``, ``PartitionGrid`` and ``ranges_of``. Counts go by the ranges of a subset, so that a
million partitions cost what a few ranges cost. Reads no store: it is given the statuses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum
from heapq import merge
from itertools import islice
from typing import Any

from penstock.partitions.cells import Axis, Cells, Place, cells_of
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.query.partitions import PartitionStatuses
from penstock.values import frozen


class Standing(Enum):
    """Where a partition stands."""

    MATERIALIZED = "materialized"
    FAILED = "failed"
    IN_PROGRESS = "in progress"
    MISSING = "missing"

    @property
    def slug(self) -> str:
        """Its name in JSON and in options."""
        return self.name.lower()


Counts = Mapping[Standing, int]


@frozen(kw_only=True)
class PartitionGrid:
    """Cells, and how many partitions of each standing are in them.

    Args:
        cells: the columns and rows.
        counts: standing → row and column → how many; cells without any are left out.
    """

    cells: Cells
    counts: Mapping[Standing, Mapping[Place, int]]

    def at(self, row: int, column: int) -> Counts:
        """How many partitions of each standing are in a cell."""
        return {one: found[row, column] for one, found in self.counts.items() if (row, column) in found}

    def of_row(self, row: int) -> Counts:
        """How many partitions of each standing are in a row."""
        return {one: sum(n for at, n in self.counts[one].items() if at[0] == row) for one in Standing}

    @property
    def totals(self) -> Counts:
        """How many partitions of each standing there are."""
        return {one: sum(self.counts[one].values()) for one in Standing}

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return 1 if self.cells.down is None else self.cells.down.cells

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data: totals, and of several dimensions the counts of each row."""
        plain: dict[str, Any] = {"total": self.cells.total, **_plain(self.totals)}
        down = self.cells.down
        if down is not None:
            ends = [down.ends(row) for row in range(down.cells)]
            rows = [
                {"first": first, "last": last, **_plain(self.of_row(row))}
                for row, (first, last) in enumerate(ends)
            ]
            plain["by"] = {"dimension": down.name, "rows": rows}
        return plain


@frozen(kw_only=True)
class PartitionRange:
    """Partitions that follow each other and stand alike.

    Args:
        first, last: keys.
        count: how many there are.
    """

    standing: Standing
    first: str
    last: str
    count: int

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return {"status": self.standing.slug, "first": self.first, "last": self.last, "count": self.count}


@frozen(kw_only=True)
class PartitionRanges:
    """Ranges in order.

    Args:
        ranges: those that are shown.
        total: how many there are.
        newest: whether those shown are the last ones; otherwise the first ones.
    """

    ranges: tuple[PartitionRange, ...]
    total: int
    newest: bool


def grid_of(statuses: PartitionStatuses, view: View, *, columns: int, rows: int) -> PartitionGrid | None:
    """The grid of an asset's partitions.

    Args:
        statuses: where they stand.
        view: from where they are looked at.
        columns, rows: so many at most.

    Returns:
        None when there is no partition.
    """
    cells = cells_of(statuses.missing.partitions_def, view, columns=columns, rows=rows)
    if cells is None:
        return None
    return PartitionGrid(
        cells=cells, counts={one: cells.counts(subset) for one, subset in subsets_of(statuses).items()}
    )


def ranges_of(statuses: PartitionStatuses, axis: Axis, limit: int) -> PartitionRanges:
    """The partitions of one dimension as ranges of equal standing.

    Args:
        statuses: where they stand.
        axis: their order.
        limit: so many ranges at most; of windows of time the newest, otherwise the first.
    """
    runs = [_runs(one, axis, subset.body) for one, subset in subsets_of(statuses).items()]
    found, total = merge(*runs, key=lambda run: run[0]), 0
    kept: list[tuple[int, int, Standing]] | deque[tuple[int, int, Standing]]
    if axis.is_time:
        kept = deque(maxlen=limit)
        for total, run in enumerate(found, 1):  # noqa: B007 - how many there were is wanted
            kept.append(run)
    else:
        kept = list(islice(found, limit))
        total = len(kept) + sum(1 for _ in found)
    ranges = tuple(
        PartitionRange(standing=one, first=axis.key_at(start), last=axis.key_at(end - 1), count=end - start)
        for start, end, one in kept
    )
    return PartitionRanges(ranges=ranges, total=total, newest=axis.is_time)


def _runs(standing: Standing, axis: Axis, body: object) -> Iterator[tuple[int, int, Standing]]:
    return ((start, end, standing) for start, end in axis.runs(body))


def subsets_of(statuses: PartitionStatuses) -> Mapping[Standing, PartitionsSubset]:
    """The subset of each standing."""
    return {
        Standing.MATERIALIZED: statuses.materialized,
        Standing.FAILED: statuses.failed,
        Standing.IN_PROGRESS: statuses.in_progress,
        Standing.MISSING: statuses.missing,
    }


def _plain(counts: Counts) -> dict[str, int]:
    return {one.slug: counts.get(one, 0) for one in Standing}
