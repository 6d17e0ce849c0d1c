"""The newest windows of time among partitions.

Owns: ``latest_windows``. By arithmetic: no keys are listed. Pure.
"""

from __future__ import annotations

from datetime import timedelta

from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_window import TimeWindow
from penstock.partitions.view import View
from penstock.partitions.windows import TimeWindowPartitionsDefinition


def latest_windows(
    definition: PartitionsDefinition, lookback: timedelta | None, view: View
) -> PartitionsSubset | None:
    """The partitions of the newest window; None where there are no windows of time.

    Args:
        definition: any partitions; of several dimensions the one of time counts.
        lookback: windows that begin within this time before the end of the newest count too.
        view: what counts as now, and who knows dynamic keys.
    """
    if isinstance(definition, TimeWindowPartitionsDefinition):
        return _windows(definition, lookback, view)
    if not isinstance(definition, MultiPartitionsDefinition) or not definition.has_time_window_dimension:
        return None
    return _slices(definition, lookback, view)


def _windows(
    definition: TimeWindowPartitionsDefinition, lookback: timedelta | None, view: View
) -> PartitionsSubset:
    newest = definition.get_last_partition_window(view.effective_dt)
    if newest is None:
        return definition.empty_subset()
    first = newest.start if lookback is None else max(definition.start, newest.end - lookback)
    return definition.get_partition_subset_in_time_window(TimeWindow(first, newest.end), view.effective_dt)


def _slices(
    definition: MultiPartitionsDefinition, lookback: timedelta | None, view: View
) -> PartitionsSubset:
    """The newest windows with everything of the other dimensions."""
    found = definition.empty_subset()
    name = definition.time_window_dimension.name
    windows = _windows(definition.time_window_partitions_def, lookback, view)
    at, store = view.effective_dt, view.dynamic_partitions_store
    ends: dict[str, tuple[str, str]] = {}
    for one in definition.partitions_defs:
        if one.name != name:
            first = one.partitions_def.get_first_partition_key(at, store)
            last = one.partitions_def.get_last_partition_key(at, store)
            if first is None or last is None:
                return found
            ends[one.name] = first, last
    for span in windows.get_partition_key_ranges(None, at, store):
        corners = {**ends, name: (span.start, span.end)}
        first, last = (
            MultiPartitionKey({dimension: pair[side] for dimension, pair in corners.items()})
            for side in (0, 1)
        )
        found = found.with_partition_key_range(PartitionKeyRange(first, last), at, store)
    return found
