"""Lookups between keys, windows and moments: the methods of ``TimeWindowPartitionsDefinition``.

Owns: those that are put together from the arithmetic of the definition, and ``ScheduleType``. ``W`` is the
definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from penstock.errors import InvariantViolationError, UnknownPartitionError
from penstock.partitions.key_format import in_zone, seconds
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.spans import span
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_window import TimeWindow
from penstock.partitions.timeline import Timeline
from penstock.partitions.view import DynamicPartitionsStore
from penstock.partitions.zones import zone_named


class ScheduleType(Enum):
    """A schedule by its usual name."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class W(Protocol):
    """Windows of time, as far as these lookups need them."""

    @property
    def timeline(self) -> Timeline:
        """The arithmetic of the windows."""
        ...

    def get_num_partitions(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> int:
        """How many partitions there are."""
        ...


def time_window_for_partition_key(self: W, partition_key: str) -> TimeWindow:
    """The window of a partition, which need not be over.

    Raises:
        UnknownPartitionError: when the key never exists.
    """
    place = self.timeline.place_of(partition_key)
    if place is None:
        raise self.timeline.unknown(partition_key, None)
    return self.timeline.window_at(place)


def start_time_for_partition_key(self: W, partition_key: str) -> datetime:
    """When the window of a partition begins."""
    return time_window_for_partition_key(self, partition_key).start


def end_time_for_partition_key(self: W, partition_key: str) -> datetime:
    """When the window of a partition ends."""
    return time_window_for_partition_key(self, partition_key).end


def time_windows_for_partition_keys(
    self: W, partition_keys: Iterable[str], validate: bool = True
) -> Sequence[TimeWindow]:
    """Windows of partitions, in order of time; those that follow each other are one.

    Args:
        partition_keys: in any order.
        validate: is not asked: a key that never exists has no window.
    """
    del validate
    found: list[TimeWindow] = []
    for window in sorted(time_window_for_partition_key(self, key) for key in set(partition_keys)):
        if found and found[-1].end == window.start:
            found[-1] = TimeWindow(found[-1].start, window.end)
        else:
            found.append(window)
    return found


def get_first_partition_window(self: W, current_time: datetime | None = None) -> TimeWindow | None:
    """The window of the first partition, None when there is none yet."""
    return self.timeline.window_at(0) if self.get_num_partitions(current_time) else None


def get_last_partition_window(self: W, current_time: datetime | None = None) -> TimeWindow | None:
    """The window of the last partition, None when there is none yet."""
    count = self.get_num_partitions(current_time)
    return self.timeline.window_at(count - 1) if count else None


def get_next_partition_key(self: W, partition_key: str, current_time: datetime | None = None) -> str | None:
    """The key after a key, None after the last.

    Raises:
        UnknownPartitionError: when the key never exists.
    """
    place = self.timeline.place_of(partition_key)
    if place is None:
        raise self.timeline.unknown(partition_key, None)
    exists = place + 1 < self.get_num_partitions(current_time)
    return self.timeline.key_at(place + 1) if exists else None


def get_next_partition_window(
    self: W, end_dt: datetime, respect_bounds: bool = True, current_time: datetime | None = None
) -> TimeWindow | None:
    """The first window that begins at a moment or after it.

    Args:
        end_dt: the moment, as the end of the window before.
        respect_bounds: whether only partitions that exist count.
        current_time: what counts as now.
    """
    return _bounded(self, self.timeline.kept.before(_moment(self, end_dt)), respect_bounds, current_time)


def get_prev_partition_window(
    self: W, start_dt: datetime, respect_bounds: bool = True, current_time: datetime | None = None
) -> TimeWindow | None:
    """The last window that ends at a moment or before it.

    Args:
        start_dt: the moment, as the start of the window after.
        respect_bounds: whether only partitions that exist count.
        current_time: what counts as now.
    """
    return _bounded(self, self.timeline.count_over(_moment(self, start_dt)) - 1, respect_bounds, current_time)


def _bounded(self: W, place: int, bounded: bool, current_time: datetime | None) -> TimeWindow | None:
    if bounded and not 0 <= place < self.get_num_partitions(current_time):
        return None
    return self.timeline.window_at(place)


def get_partition_key(self: W, key: str | date | datetime) -> str:
    """A key from a text or a date.

    Raises:
        UnknownPartitionError: when there is no such window.
    """
    written = key if isinstance(key, str) else key.strftime(self.timeline.rules.fmt)
    if self.timeline.place_of(written) is None:
        raise self.timeline.unknown(written, None)
    return written


def get_partition_key_for_timestamp(self: W, timestamp: float, end_closed: bool = False) -> str:
    """The key of the window that a moment is in, or of the last one before it.

    Args:
        timestamp: seconds since 1970 UTC.
        end_closed: whether the moment at which a window ends belongs to it, and not to the next.
    """
    return self.timeline.key_at(_place_at(self, timestamp, end_closed=end_closed))


def _place_at(self: W, timestamp: float, *, end_closed: bool) -> int:
    if end_closed:
        return self.timeline.kept.before(int(-(-timestamp // 1))) - 1
    return self.timeline.kept.up_to(int(timestamp // 1)) - 1


def get_partition_key_range_for_time_window(
    self: W, time_window: TimeWindow, respect_bounds: bool = True
) -> PartitionKeyRange:
    """From the window in which a span of time starts to the last one that ends within it.

    Args:
        time_window: the span.
        respect_bounds: whether both ends are to be within start and end.

    Raises:
        UnknownPartitionError: when they are not, or no window ends within the span.
    """
    start, end = (_moment(self, one) for one in time_window)
    first, last = _place_at(self, start, end_closed=False), self.timeline.count_over(end) - 1
    if first > last or (respect_bounds and first < 0):
        begin = self.timeline.window_at(0).start.isoformat()
        raise UnknownPartitionError(
            f"No partitions cover the time from {time_window.start.isoformat()} to"
            f" {time_window.end.isoformat()}: the first one begins at {begin}."
        )
    return PartitionKeyRange(*(self.timeline.key_at(place) for place in (first, last)))


def get_partition_keys_in_time_window(
    self: W, time_window: TimeWindow, current_time: datetime | None = None
) -> Sequence[str]:
    """The keys of the partitions that begin within a span of time."""
    first, end = _begins_within(self, time_window, current_time)
    return self.timeline.keys_between(first, end)


def get_partition_subset_in_time_window(
    self: W, time_window: TimeWindow, current_time: datetime | None = None
) -> PartitionsSubset:
    """The partitions that begin within a span of time."""
    return PartitionsSubset(self, span(*_begins_within(self, time_window, current_time)))


def get_num_partitions_in_window(
    self: W, time_window: TimeWindow, current_time: datetime | None = None
) -> int:
    """How many partitions begin within a span of time."""
    first, end = _begins_within(self, time_window, current_time)
    return max(end - first, 0)


def _begins_within(self: W, time_window: TimeWindow, current_time: datetime | None) -> tuple[int, int]:
    first, end = (self.timeline.kept.before(_moment(self, one)) for one in time_window)
    return max(first, 0), min(end, self.get_num_partitions(current_time))


def get_cron_schedule(
    self: W,
    minute_of_hour: int | None = None,
    hour_of_day: int | None = None,
    day_of_week: int | None = None,
    day_of_month: int | None = None,
) -> str:
    """A cron schedule that ticks when a partition has come to be, or later as these say.

    Args:
        minute_of_hour: instead of the minute at which windows begin.
        hour_of_day: instead of the hour; for windows of a day or more.
        day_of_week: instead of the day; for windows of a week.
        day_of_month: instead of the day; for windows of a month.
    """
    parts = self.timeline.rules.cron_schedule.split()
    changed = zip(parts, (minute_of_hour, hour_of_day, day_of_month, None, day_of_week), strict=True)
    return " ".join(part if other is None else str(other) for part, other in changed)


def schedule_type(self: W) -> ScheduleType | None:
    """The usual name of the schedule, None when it has none."""
    shape = tuple(part if part == "*" else "n" if part.isdigit() else "?" for part in _parts(self))
    return _USUAL.get(shape)


def minute_offset(self: W) -> int:
    """The minute at which windows begin.

    Raises:
        InvariantViolationError: when the schedule has none.
    """
    return _offset(self, 0, "minute")


def hour_offset(self: W) -> int:
    """The hour at which windows of a day or more begin.

    Raises:
        InvariantViolationError: when the schedule has none.
    """
    return _offset(self, 1, "hour")


def day_offset(self: W) -> int:
    """The day at which windows of a week (0 is Sunday) or of a month begin.

    Raises:
        InvariantViolationError: when the schedule has none.
    """
    return _offset(self, 2 if schedule_type(self) is ScheduleType.MONTHLY else 4, "day")


_USUAL: dict[tuple[str, ...], ScheduleType] = {
    ("n", "*", "*", "*", "*"): ScheduleType.HOURLY,
    ("n", "n", "*", "*", "*"): ScheduleType.DAILY,
    ("n", "n", "*", "*", "n"): ScheduleType.WEEKLY,
    ("n", "n", "n", "*", "*"): ScheduleType.MONTHLY,
}


def _parts(self: W) -> list[str]:
    return self.timeline.rules.cron_schedule.split()


def _offset(self: W, place: int, what: str) -> int:
    part = _parts(self)[place] if schedule_type(self) else "*"
    if part == "*":
        raise InvariantViolationError(
            f"Windows by the schedule {self.timeline.rules.cron_schedule!r} begin at no one {what}."
            f" Ask {what}_offset of hours, days, weeks or months that have it."
        )
    return int(part)


def _moment(self: W, time: datetime) -> int:
    return seconds(in_zone(time, zone_named(self.timeline.rules.timezone)))
