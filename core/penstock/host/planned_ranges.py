"""Partitions as ranges that can be shown: first and last key, and how many there are.

Owns: ``PlannedRange`` and ``ranges_in``. The cost goes by ranges, not by partitions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.values import frozen


@frozen
class PlannedRange:
    """Partitions without a gap between them.

    Args:
        first: key of the first one.
        last: key of the last one.
        count: how many there are.
    """

    first: str
    last: str
    count: int


def ranges_in(subset: PartitionsSubset, view: View) -> tuple[PlannedRange, ...]:
    """The ranges of a subset, in order; of several dimensions its boxes.

    Args:
        subset: any partitions.
        view: who knows dynamic keys.
    """
    form = subset.partitions_def.form
    count = _counter(subset, view)
    return tuple(
        PlannedRange(form.key_at(first), form.key_at(last), count(first, last))
        for first, last in form.runs(subset.body, view)
    )


def _counter(subset: PartitionsSubset, view: View) -> Callable[[Any, Any], int]:
    """How many partitions a range has, from its ends."""
    definition, numbers = subset.partitions_def, dict[str, int]()

    def count(first: Any, last: Any) -> int:
        if first == last:
            return 1
        if isinstance(first, int):
            return last - first + 1
        if not isinstance(first, str):
            return len(definition.form.span(first, last, view))
        if not numbers:
            keys = definition.get_partition_keys(view.effective_dt, view.dynamic_partitions_store)
            numbers.update((key, number) for number, key in enumerate(keys))
        return numbers[last] - numbers[first] + 1

    return count
