"""A subset laid onto a line or a table of cells: how many of its partitions stand in each.

Owns: ``Axis`` and ``Cells``, what a partition grid is drawn from. A cell covers a span of partitions, so a
million of them fit on a screen; counting goes by the ranges of a subset, not by its keys. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod

from penstock.partitions.bits import Bits
from penstock.partitions.boxes import BoxForm
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.names import NameForm, NumberedNames
from penstock.partitions.spans import Spans, span
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.values import frozen

Place = tuple[int, int]
"""A row and a column."""


@frozen(kw_only=True)
class Axis:
    """The partitions of one dimension in order, cut into spans of nearly equal length.

    Args:
        name: of the dimension; empty when there is only one.
        definition: of the partitions.
        total: how many partitions there are.
        cells: how many spans they are cut into.
        keys: the keys in order, of partitions whose order only their keys tell; None for others.
        is_time: whether they are windows of time.
    """

    name: str
    definition: PartitionsDefinition
    total: int
    cells: int
    keys: Sequence[str] | None = None
    is_time: bool = False

    def edge(self, cell: int) -> int:
        """The place where a cell begins."""
        return cell * self.total // self.cells

    def cell_of(self, place: int) -> int:
        """The cell in which a place stands."""
        return ((place + 1) * self.cells - 1) // self.total

    def ends(self, cell: int) -> tuple[str, str]:
        """The first and the last key of a cell."""
        return self.key_at(self.edge(cell)), self.key_at(self.edge(cell + 1) - 1)

    def key_at(self, place: int) -> str:
        """The key of a place."""
        return self.definition.form.key_at(place) if self.keys is None else self.keys[place]

    def size(self, cell: int) -> int:
        """How many partitions a cell covers."""
        return self.edge(cell + 1) - self.edge(cell)

    def runs(self, body: object) -> Iterator[tuple[int, int]]:
        """The ranges of places of a body, from a place up to but without another, in order."""
        if isinstance(body, Bits):
            return _bit_runs(body)
        return iter((self._spans(body) & span(0, self.total)).runs)

    def spread(self, body: object) -> dict[int, int]:
        """How many partitions of a body stand in each cell that has some."""
        if isinstance(body, Bits):
            return self._spread_bits(body)
        found: Counter[int] = Counter()
        for start, end in self.runs(body):
            place, cell = start, self.cell_of(start)
            while place < end:
                until = min(end, self.edge(cell + 1))
                found[cell] += until - place
                place, cell = until, cell + 1
        return found

    def _spread_bits(self, body: Bits) -> dict[int, int]:
        counts = {
            cell: (body.mask >> self.edge(cell) & (1 << self.size(cell)) - 1).bit_count()
            for cell in range(self.cells)
        }
        return {cell: count for cell, count in counts.items() if count}

    def _spans(self, body: object) -> Spans:
        if isinstance(body, Spans):
            return body
        assert isinstance(body, (frozenset, NumberedNames))  # noqa: S101 - no other form is left
        assert self.keys is not None  # noqa: S101 - names are listed
        runs: list[tuple[int, int]] = []
        for place, key in enumerate(self.keys):
            if key in body:
                if runs and runs[-1][1] == place:
                    runs[-1] = (runs[-1][0], place + 1)
                else:
                    runs.append((place, place + 1))
        return Spans(tuple(runs))


def _bit_runs(body: Bits) -> Iterator[tuple[int, int]]:
    """Ranges of set bits, found a range and not a bit at a time."""
    text = f"{body.mask:b}"[::-1]
    start = text.find("1")
    while start >= 0:
        gap = text.find("0", start)
        end = len(text) if gap < 0 else gap
        yield start, end
        start = text.find("1", end)


@frozen(kw_only=True)
class Cells:
    """The cells of a definition: one row of them, or of several dimensions a table of two of these.

    Args:
        definition: of the partitions.
        across: the columns.
        down: the rows; None when there is one.
        others: the dimensions that each cell sums up.
    """

    definition: PartitionsDefinition
    across: Axis
    down: Axis | None = None
    others: tuple[Axis, ...] = ()

    @property
    def total(self) -> int:
        """How many partitions there are."""
        rows = 1 if self.down is None else self.down.total
        return self.across.total * rows * prod(axis.total for axis in self.others)

    def size(self, place: Place) -> int:
        """How many partitions a cell covers."""
        rows = 1 if self.down is None else self.down.size(place[0])
        return self.across.size(place[1]) * rows * prod(axis.total for axis in self.others)

    def counts(self, subset: PartitionsSubset) -> Mapping[Place, int]:
        """How many partitions of a subset stand in each cell that has some."""
        form = self.definition.form
        if not isinstance(form, BoxForm):
            return {(0, column): count for column, count in self.across.spread(subset.body).items()}
        found: Counter[Place] = Counter()
        for sides in form.boxes(subset.body):
            times = prod(axis.spread(sides[axis.name]).get(0, 0) for axis in self.others)
            rows = {0: 1} if self.down is None else self.down.spread(sides[self.down.name])
            columns = self.across.spread(sides[self.across.name])
            for row, high in rows.items():
                for column, wide in columns.items():
                    found[row, column] += high * wide * times
        return found


def cells_of(definition: PartitionsDefinition, view: View, *, columns: int, rows: int) -> Cells | None:
    """The cells of a definition.

    Of several dimensions, time goes across, or else the one with most partitions; the one with most of the
    rest goes down; each cell sums up what is left.

    Args:
        definition: of the partitions.
        view: from where they are looked at.
        columns, rows: so many at most.

    Returns:
        None when there is no partition.
    """
    if not isinstance(definition, MultiPartitionsDefinition):
        whole = _axis("", definition, view, columns)
        return Cells(definition=definition, across=whole) if whole.total else None
    axes = [_axis(one.name, one.partitions_def, view, columns) for one in definition.dimensions]
    if not all(axis.total for axis in axes):
        return None
    across, *rest = sorted(axes, key=lambda axis: (not axis.is_time, -axis.total, axis.name))
    rest.sort(key=lambda axis: (-axis.total, axis.name))
    down = _axis(rest[0].name, rest[0].definition, view, rows) if rest else None
    others = tuple(_axis(axis.name, axis.definition, view, 1) for axis in rest[1:])
    return Cells(definition=definition, across=across, down=down, others=others)


def _axis(name: str, definition: PartitionsDefinition, view: View, cells: int) -> Axis:
    asked = view.effective_dt, view.dynamic_partitions_store
    named = isinstance(definition.form, NameForm)
    keys = definition.get_partition_keys(*asked) if named else None
    total = definition.get_num_partitions(*asked) if keys is None else len(keys)
    return Axis(
        name=name,
        definition=definition,
        total=total,
        cells=max(min(cells, total), 1),
        keys=keys,
        is_time=isinstance(definition, TimeWindowPartitionsDefinition),
    )
