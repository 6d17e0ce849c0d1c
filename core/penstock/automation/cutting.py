"""Cutting a subset of partitions into ranges, each for one run.

Owns: ``Piece``, ``cut`` and ``subset_of``. Lazy on purpose: of a hundred thousand pieces only those that are
taken are made, and no keys but the ends of each. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from penstock.partitions.bits import runs_of
from penstock.partitions.boxes import BoxForm
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.forms import Form
from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.names import NameForm
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.values import frozen

Run = tuple[int, int]
"""First and last place of a range."""


@frozen
class Piece:
    """Consecutive partitions: the first and the last key, and how many there are."""

    first: str
    last: str
    count: int


def cut(
    subset: PartitionsSubset, per_run: int | None, view: View, *, newest_first: bool = False
) -> Iterator[Piece]:
    """The pieces of a subset, in order; all of them together are the subset, and no key is in two.

    Args:
        subset: of partitions that exist.
        per_run: at most so many partitions a piece; None for as many as follow each other.
        view: what counts as now, and who knows dynamic keys.
        newest_first: the other way round.
    """
    definition = subset.partitions_def
    if isinstance(definition, MultiPartitionsDefinition) and isinstance(form := definition.form, BoxForm):
        return _cut_boxes(definition, form, subset.body, per_run, view, newest_first=newest_first)
    line = _line(definition, subset.body, view)
    return (
        Piece(line.key_at(first), line.key_at(last), last - first + 1)
        for first, last in line.blocks(per_run, newest_first=newest_first)
    )


def subset_of(definition: PartitionsDefinition, first: str, last: str, view: View) -> PartitionsSubset:
    """The partitions from one key to another, both included.

    Raises:
        UnknownPartitionError: when one of them can never exist.
    """
    if first == last:
        return definition.subset_with_partition_keys([first])
    found = definition.empty_subset().with_partition_key_range(
        PartitionKeyRange(first, last), view.effective_dt, view.dynamic_partitions_store
    )
    return found if isinstance(definition.form, NameForm) else found & everything(definition, view)


def everything(definition: PartitionsDefinition, view: View) -> PartitionsSubset:
    """Every partition there is."""
    return definition.subset_with_all_partitions(view.effective_dt, view.dynamic_partitions_store)


# ---- one dimension -------------------------------------------------------------------------------


@frozen(eq=False)
class _Line:
    """Ranges of whole numbers, and the key of each number."""

    runs: Callable[[], Iterable[Run]]
    key_at: Callable[[int], str]

    def blocks(self, size: int | None, *, newest_first: bool) -> Iterator[Run]:
        runs = reversed(list(self.runs())) if newest_first else self.runs()
        for first, last in runs:
            yield from _blocks(first, last, size, newest_first=newest_first)


def _blocks(first: int, last: int, size: int | None, *, newest_first: bool) -> Iterator[Run]:
    step = last - first + 1 if size is None else size
    if newest_first:
        return ((max(end - step + 1, first), end) for end in range(last, first - 1, -step))
    return ((start, min(start + step - 1, last)) for start in range(first, last + 1, step))


def _line(definition: Any, body: Any, view: View) -> _Line:
    form: Form = definition.form
    if not isinstance(form, NameForm):
        return _Line(lambda: form.runs(body, view), form.key_at)
    keys: Sequence[str] = definition.get_partition_keys(view.effective_dt, view.dynamic_partitions_store)
    return _Line(
        lambda: runs_of(place for place, key in enumerate(keys) if key in body), lambda place: keys[place]
    )


# ---- several dimensions --------------------------------------------------------------------------


def _cut_boxes(
    definition: MultiPartitionsDefinition,
    form: BoxForm,
    body: Any,
    per_run: int | None,
    view: View,
    *,
    newest_first: bool,
) -> Iterator[Piece]:
    own = {one.name: one.partitions_def for one in definition.partitions_defs}
    for sides in _in_order(list(form.boxes(body)), newest_first=newest_first):
        lines = [_line(own[name], sides[name], view) for name in form.order]
        ranges = [list(line.blocks(None, newest_first=newest_first)) for line in lines]
        for box in product(*ranges):
            sizes = _sizes([last - first + 1 for first, last in box], per_run)
            blocks = [
                list(_blocks(*run, size, newest_first=newest_first))
                for run, size in zip(box, sizes, strict=True)
            ]
            for one in product(*blocks):
                yield Piece(
                    _key(form, lines, [first for first, _ in one]),
                    _key(form, lines, [last for _, last in one]),
                    prod(last - first + 1 for first, last in one),
                )


def _in_order(boxes: list[Any], *, newest_first: bool) -> list[Any]:
    """Boxes in an order that does not hang on chance."""
    return sorted(boxes, key=repr, reverse=newest_first)


def _sizes(lengths: list[int], per_run: int | None) -> list[int]:
    """How long a block may be in each dimension, so that it holds no more than that; the last first."""
    left, sizes = prod(lengths) if per_run is None else per_run, list[int]()
    for length in reversed(lengths):
        size = min(length, left)
        sizes.append(size)
        left = left // length if size == length else 1
        left = max(left, 1)
    return sizes[::-1]


def _key(form: BoxForm, lines: list[_Line], places: list[int]) -> str:
    parts = {name: line.key_at(place) for name, line, place in zip(form.order, lines, places, strict=True)}
    return MultiPartitionKey({name: parts[name] for name in form.forms})
