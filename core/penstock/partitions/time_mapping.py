"""The mapping between windows of time: a window reads those it overlaps, or those around it.

Owns: ``TimeWindowPartitionMapping``. Ranges of windows are mapped as a whole; only between different
schedules of which one has holes, made by exclusions, are windows mapped one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import field

from penstock.errors import InvalidDefinitionError
from penstock.partitions.carry import shift_between
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import PartitionMapping, UpstreamPartitionsResult, reading
from penstock.partitions.spans import Run, Spans, merged, span
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.values import frozen


@frozen
class TimeWindowPartitionMapping(PartitionMapping):
    """A window of time reads the upstream windows that it overlaps.

    Args:
        start_offset: downstream windows by which the span that is read starts later; -1 starts one earlier.
        end_offset: downstream windows by which the span ends later; both at -1 read the window before.
        allow_nonexistent_upstream_partitions: whether windows that upstream does not have are never missed.

    Windows before the first one upstream are missed unless ``start_offset`` reaches back, and windows that
    do not exist yet unless ``end_offset`` reaches forward.

    Raises:
        InvalidDefinitionError: when the span would end before it starts.
    """

    start_offset: int = 0
    end_offset: int = 0
    allow_nonexistent_upstream_partitions: bool = field(default=False)

    def __attrs_post_init__(self) -> None:
        if self.start_offset > self.end_offset:
            raise InvalidDefinitionError(
                f"A window that starts {self.start_offset} and ends {self.end_offset} windows later is empty:"
                " start_offset is at most end_offset."
            )

    @property
    def looks_back(self) -> bool:
        """Whether a partition reads only windows before its own."""
        return self.end_offset < 0

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The windows that these overlap, as far as they exist; the others are missing."""
        view = view_of(current_time, dynamic_partitions_store)
        up, down = _sides(upstream_partitions_def, downstream_partitions_def)
        body = reading(self, downstream_partitions_subset).body
        wanted = merged(sorted(self._wanted(body, down, up)))
        everything = up.form.everything(view)
        found = PartitionsSubset(up, Spans(wanted) & everything)
        return UpstreamPartitionsResult(found, self._missing(Spans(wanted), everything, up))

    def _wanted(
        self, body: object, down: TimeWindowPartitionsDefinition, up: TimeWindowPartitionsDefinition
    ) -> Iterator[Run]:
        shift = _shift(down, up)
        if shift is None:
            return (self._overlapped(run, down, up) for run in _seamless(body, down))
        first, last = shift + self.start_offset, shift + self.end_offset
        return ((start + first, end + last) for start, end in _windows(body).runs)

    def ranges_read(
        self,
        places: Iterable[int],
        downstream: TimeWindowPartitionsDefinition,
        upstream: TimeWindowPartitionsDefinition,
        view: View,
    ) -> Iterator[Run]:
        """What each of some windows reads, as the upstream places from one up to but without another.

        Args:
            places: of the downstream windows.
            downstream, upstream: their definitions.
            view: says which upstream windows there are.
        """
        count, shift = upstream.timeline.count(view), _shift(downstream, upstream)
        for place in places:
            if shift is None:
                first, end = self._overlapped((place, place + 1), downstream, upstream)
            else:
                first, end = place + shift + self.start_offset, place + shift + self.end_offset + 1
            first, end = max(first, 0), min(end, count)
            yield (first, end) if first < end else (0, 0)

    def _overlapped(
        self, run: Run, down: TimeWindowPartitionsDefinition, up: TimeWindowPartitionsDefinition
    ) -> Run:
        start = down.timeline.kept.at(run[0] + self.start_offset)
        end = down.timeline.end_at(run[1] - 1 + self.end_offset)
        return up.timeline.overlapping(start, end)

    def _missing(self, wanted: Spans, there: Spans, up: TimeWindowPartitionsDefinition) -> PartitionsSubset:
        missing = Spans()
        if not self.allow_nonexistent_upstream_partitions:
            missing = wanted - there
            if self.start_offset < 0:
                missing = missing & span(0, _FAR)
            if self.end_offset > 0:
                missing = missing & span(-_FAR, 0)
        return PartitionsSubset(up, missing)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """The partitions whose spans overlap these windows."""
        view: View = view_of(current_time, dynamic_partitions_store)
        up, down = _sides(upstream_partitions_def, downstream_partitions_def)
        overlapped = _overlapped_by(upstream_partitions_subset.body, up, down)
        runs = [(start - self.end_offset, end - self.start_offset) for start, end in overlapped]
        return PartitionsSubset(down, Spans(merged(sorted(runs))) & down.form.everything(view))

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse partitions that are no windows of time, or of different time zones.

        Raises:
            InvalidDefinitionError: with what does not fit.
        """
        _sides(upstream_partitions_def, downstream_partitions_def)


_FAR = 1 << 60


def _sides(
    up: PartitionsDefinition, down: PartitionsDefinition | None
) -> tuple[TimeWindowPartitionsDefinition, TimeWindowPartitionsDefinition]:
    if not isinstance(up, TimeWindowPartitionsDefinition):
        raise _no_windows("upstream", up)
    if not isinstance(down, TimeWindowPartitionsDefinition):
        raise _no_windows("downstream", down)
    if up.timezone != down.timezone:
        raise InvalidDefinitionError(
            f"TimeWindowPartitionMapping wants one time zone on both sides; upstream has {up.timezone!r},"
            f" downstream {down.timezone!r}. Use one of them, or a mapping of your own."
        )
    return up, down


def _no_windows(side: str, found: PartitionsDefinition | None) -> InvalidDefinitionError:
    return InvalidDefinitionError(
        f"TimeWindowPartitionMapping wants windows of time on both sides; {side} it found {found!r}."
    )


def _shift(own: TimeWindowPartitionsDefinition, to: TimeWindowPartitionsDefinition) -> int | None:
    """What makes a place the place of the same window; None between different schedules."""
    return shift_between(own, to) if own.form.identity == to.form.identity else None


def _overlapped_by(
    body: object, own: TimeWindowPartitionsDefinition, to: TimeWindowPartitionsDefinition
) -> Iterator[Run]:
    """The places in another definition that the windows of a subset overlap."""
    shift = _shift(own, to)
    if shift is not None:
        return ((start + shift, end + shift) for start, end in _windows(body).runs)
    line = own.timeline
    return (
        to.timeline.overlapping(line.kept.at(start), line.end_at(end - 1))
        for start, end in _seamless(body, own)
    )


def _windows(body: object) -> Spans:
    if not isinstance(body, Spans):
        raise InvalidDefinitionError(f"These are no windows of time: {body!r}.")
    return body


def _seamless(body: object, definition: TimeWindowPartitionsDefinition) -> Iterator[Run]:
    """The ranges of a subset that cover time without holes."""
    runs = _windows(body)
    if not definition.timeline.has_holes:
        yield from runs.runs
        return
    for place in runs:
        yield place, place + 1
