"""The partitions of the same keys in another definition.

Owns: ``carried``. Between windows of one schedule that only start or end differently whole ranges are
carried over; between all others key by key.
"""

from __future__ import annotations

from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.spans import Spans, span
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.windows import TimeWindowPartitionsDefinition


def carried(subset: PartitionsSubset, to: PartitionsDefinition) -> tuple[PartitionsSubset, tuple[str, ...]]:
    """The partitions of the same keys, and the keys that can have no partition there.

    Args:
        subset: partitions of any definition.
        to: another definition.
    """
    own = subset.partitions_def
    if own == to:
        return PartitionsSubset(to, subset.body), ()
    if (
        isinstance(own, TimeWindowPartitionsDefinition)
        and isinstance(to, TimeWindowPartitionsDefinition)
        and own.form.identity == to.form.identity
        and isinstance(subset.body, Spans)
    ):
        return _shifted(subset.body, own, to)
    form = to.form
    keys = list(map(str, subset))  # a key of other dimensions is the same key when it is written the same
    places = list(zip(keys, form.places_of(keys), strict=True))
    strange = tuple(key for key, place in places if place is None)
    return PartitionsSubset(to, form.body_of(place for _, place in places if place is not None)), strange


def _shifted(
    body: Spans, own: TimeWindowPartitionsDefinition, to: TimeWindowPartitionsDefinition
) -> tuple[PartitionsSubset, tuple[str, ...]]:
    shift = shift_between(own, to)
    moved = Spans(tuple((start + shift, end + shift) for start, end in body.runs))
    end = to.timeline.rules.end
    possible = span(0, max(to.timeline.count_over(end), 0)) if end is not None else span(0, 1 << 60)
    strange = tuple(map(to.form.key_at, moved - possible))
    return PartitionsSubset(to, moved & possible), strange


def shift_between(own: TimeWindowPartitionsDefinition, to: TimeWindowPartitionsDefinition) -> int:
    """What is added to a place to make it the place of the same window, in one schedule."""
    if to.timeline.rules.start >= own.timeline.rules.start:
        return -own.timeline.kept.before(to.timeline.kept.at(0))
    return to.timeline.kept.before(own.timeline.kept.at(0))
