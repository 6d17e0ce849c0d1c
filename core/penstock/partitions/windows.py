"""Partitions that are windows of time, each from one tick of a schedule to the next.

Owns: ``ScheduleType`` and ``TimeWindowPartitionsDefinition``; the arithmetic is that of ``timeline``.

The rules of time:

- The first window is the first that begins at or after ``start``.
- A window is a partition as soon as it is over; ``end_offset`` adds windows that are not over yet, or holds
  back as many of the newest. No window that ends after ``end`` is a partition, whatever the offset.
- A key is the beginning of its window, written in ``fmt`` on the wall of the time zone.
- Where the clocks change, the table in ``grid`` holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import TypedDict, Unpack

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions import window_lookups
from penstock.partitions.cron import read_cron, said_of
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.forms import Form
from penstock.partitions.key_format import in_zone, read_time, seconds
from penstock.partitions.span_form import SpanForm
from penstock.partitions.timeline import Timeline, WindowRules, timeline_of
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.partitions.window_lookups import ScheduleType
from penstock.partitions.zones import start_of_decade, zone_named


class WindowOptions(TypedDict, total=False):
    """What else may be said about windows of time."""

    minute_offset: int | None
    hour_offset: int | None
    day_offset: int | None
    cron_schedule: str | None
    exclusions: Sequence[str | datetime] | None


class TimeWindowPartitionsDefinition(PartitionsDefinition):
    """One partition for each window of a schedule.

    Args:
        start: before the first window begins; a datetime, a date, or a text written in ``fmt``.
        fmt: how keys are written, as of ``strftime``.
        end: after the last window ends; None goes on for ever.
        schedule_type: hourly, daily, weekly or monthly, instead of a cron schedule.
        timezone: IANA name, None is UTC.
        end_offset: windows that exist before they are over; negative ones are held back.
        options: ``cron_schedule``, or ``minute_offset``, ``hour_offset`` and ``day_offset`` with a schedule
            type (days of a week count from Sunday, 0; of a month from 1); ``exclusions``, datetimes and cron
            schedules at which no window begins.

    Raises:
        InvalidDefinitionError: when a date, the time zone, the schedule or the format is not possible, or
            the start is after the end.
    """

    __slots__ = ("timeline",)
    timeline: Timeline

    def __init__(
        self,
        start: datetime | date | str,
        fmt: str,
        end: datetime | date | str | None = None,
        schedule_type: ScheduleType | None = None,
        timezone: str | None = None,
        end_offset: int = 0,
        **options: Unpack[WindowOptions],
    ) -> None:
        zone = timezone or "UTC"
        exclusions = options.get("exclusions") or ()
        rules = WindowRules(
            start=_moment("start", start, fmt, zone),
            end=None if end is None else _moment("end", end, fmt, zone),
            timezone=zone,
            fmt=fmt,
            end_offset=end_offset,
            cron_schedule=_schedule(schedule_type, options),
            excluded=tuple(one for one in exclusions if isinstance(one, str)),
            holes=tuple(seconds(in_zone(one, zone_named(zone))) for one in _datetimes(exclusions)),
        )
        _refuse_offset(end_offset)
        if not _FIRST <= rules.start <= _LAST:
            raise InvalidDefinitionError(f"Partitions start in the years 1000 to 9000, not at {start!s}.")
        if rules.end is not None and rules.end < rules.start:
            raise InvalidDefinitionError(f"The partitions start at {start!s}, after their end at {end!s}.")
        object.__setattr__(self, "timeline", timeline_of(rules))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A partitions definition cannot be changed: {name}. Make another.")

    def __getstate__(self) -> WindowRules:
        return self.timeline.rules

    def __setstate__(self, rules: WindowRules) -> None:
        object.__setattr__(self, "timeline", timeline_of(rules))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TimeWindowPartitionsDefinition) and other.timeline.rules == self.timeline.rules
        )

    def __hash__(self) -> int:
        return hash(self.timeline.rules)

    def __repr__(self) -> str:
        rules = self.timeline.rules
        end = "" if rules.end is None else f", end={self.end.isoformat() if self.end else ''}"
        rest = "".join(
            f", {name}={value!r}"
            for name, value in {
                "end_offset": rules.end_offset, "excluded": rules.excluded, "holes": rules.holes,
            }.items()
            if value
        )  # fmt: skip
        return (
            f"{type(self).__name__}({rules.cron_schedule!r}, start={self.start.isoformat()}{end},"
            f" timezone={rules.timezone!r}, fmt={rules.fmt!r}{rest})"
        )

    def __str__(self) -> str:
        ends = f" to {self.timeline.last_key}" if self.timeline.last_key else ""
        return f"{said_of(self.cron_schedule)} from {self.timeline.key_at(0)}{ends}, {self.timezone}"

    # ---- what was said ----------------------------------------------------------------------

    @property
    def start(self) -> datetime:
        """Before the first window begins."""
        return self.timeline.time_at(self.timeline.rules.start)

    @property
    def end(self) -> datetime | None:
        """After the last window ends."""
        moment = self.timeline.rules.end
        return None if moment is None else self.timeline.time_at(moment)

    @property
    def timezone(self) -> str:
        """The IANA name of the time zone."""
        return self.timeline.rules.timezone

    @property
    def fmt(self) -> str:
        """How keys are written."""
        return self.timeline.rules.fmt

    @property
    def end_offset(self) -> int:
        """Windows that exist before they are over."""
        return self.timeline.rules.end_offset

    @property
    def cron_schedule(self) -> str:
        """The schedule whose ticks begin windows."""
        return self.timeline.rules.cron_schedule

    @property
    def exclusions(self) -> Sequence[str | datetime]:
        """Schedules and moments at which no window begins."""
        return [*self.timeline.rules.excluded, *map(self.timeline.time_at, self.timeline.rules.holes)]

    # ---- arithmetic -------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """Subsets are kept as ranges of places."""
        return SpanForm(self.timeline)

    def _count(self, view: View) -> int:
        return self.timeline.count(view)

    def _key_at(self, place: int, view: View) -> str:
        return self.timeline.key_at(place)

    def _place_of(self, key: str, view: View) -> int | None:
        return self.timeline.place_among(key, self.timeline.count(view))

    def _keys_between(self, first: int, end: int, view: View) -> Sequence[str]:
        return self.timeline.keys_between(first, end)

    def _unknown(self, key: str, view: View) -> UnknownPartitionError:
        return self.timeline.unknown(key, view)

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key there is at a time, in order.

        Args:
            current_time: what counts as now, with a time zone.
            dynamic_partitions_store: is not asked.
        """
        view = view_of(current_time, dynamic_partitions_store)
        return self._keys_between(0, self._count(view), view)

    time_window_for_partition_key = window_lookups.time_window_for_partition_key
    start_time_for_partition_key = window_lookups.start_time_for_partition_key
    end_time_for_partition_key = window_lookups.end_time_for_partition_key
    get_first_partition_window = window_lookups.get_first_partition_window
    get_last_partition_window = window_lookups.get_last_partition_window
    get_next_partition_key = window_lookups.get_next_partition_key
    get_next_partition_window = window_lookups.get_next_partition_window
    get_prev_partition_window = window_lookups.get_prev_partition_window
    get_partition_key = window_lookups.get_partition_key
    get_partition_key_for_timestamp = window_lookups.get_partition_key_for_timestamp
    get_partition_key_range_for_time_window = window_lookups.get_partition_key_range_for_time_window
    get_partition_keys_in_time_window = window_lookups.get_partition_keys_in_time_window
    get_partition_subset_in_time_window = window_lookups.get_partition_subset_in_time_window
    get_num_partitions_in_window = window_lookups.get_num_partitions_in_window
    get_cron_schedule = window_lookups.get_cron_schedule
    time_windows_for_partition_keys = window_lookups.time_windows_for_partition_keys
    schedule_type = property(window_lookups.schedule_type)
    minute_offset = property(window_lookups.minute_offset)
    hour_offset = property(window_lookups.hour_offset)
    day_offset = property(window_lookups.day_offset)


_FIRST, _LAST = start_of_decade(100), start_of_decade(900)
_MOST = 100_000


def _refuse_offset(offset: object) -> None:
    if not isinstance(offset, int) or abs(offset) > _MOST:
        raise InvalidDefinitionError(f"end_offset is a whole number up to {_MOST:,}, found {offset!r}.")


def _moment(what: str, given: datetime | date | str, fmt: str, zone_name: str) -> int:
    zone = zone_named(zone_name)
    if isinstance(given, datetime):
        return seconds(in_zone(given, zone))
    if isinstance(given, date):
        return seconds(datetime.combine(given, time(), zone))
    try:
        return seconds(in_zone(read_time(given, fmt), zone))
    except (TypeError, ValueError) as fault:
        raise InvalidDefinitionError(
            f"The {what} {given!r} of the partitions is not written as {fmt!r}. Give it so, or as a datetime."
        ) from fault


def _datetimes(exclusions: Iterable[str | datetime]) -> list[datetime]:
    found = [one for one in exclusions if not isinstance(one, str)]
    for one in found:
        if not isinstance(one, datetime):  # pyright: ignore[reportUnnecessaryIsInstance] - users give anything
            raise InvalidDefinitionError(f"Exclusions are datetimes and cron schedules, found {one!r}.")
    return found


def _schedule(schedule_type: ScheduleType | None, options: WindowOptions) -> str:
    cron = options.get("cron_schedule")
    minute, hour, day = (options.get(name) for name in ("minute_offset", "hour_offset", "day_offset"))
    offsets = [one for one in (minute, hour, day) if one is not None]
    if (cron is None) == (schedule_type is None) or (cron is not None and offsets):
        raise InvalidDefinitionError(
            "Windows of time want either a cron_schedule or a schedule_type (which may have offsets)."
        )
    if cron is not None:
        read_cron(cron)
        return cron
    return cron_of(schedule_type, minute or 0, hour or 0, day)


def cron_of(schedule_type: ScheduleType | None, minute: int, hour: int, day: int | None) -> str:
    """The cron schedule of a usual name with offsets.

    Raises:
        InvalidDefinitionError: when an offset is out of its range.
    """
    for name, value, end in (("minute_offset", minute, 59), ("hour_offset", hour, 23)):
        if not 0 <= value <= end:
            raise InvalidDefinitionError(f"{name} is between 0 and {end}, found {value}.")
    match schedule_type:
        case ScheduleType.HOURLY:
            return f"{minute} * * * *"
        case ScheduleType.WEEKLY:
            return f"{minute} {hour} * * {_within(day or 0, 0, 6)}"
        case ScheduleType.MONTHLY:
            return f"{minute} {hour} {_within(1 if day is None else day, 1, 31)} * *"
        case _:
            return f"{minute} {hour} * * *"


def _within(day: int, low: int, high: int) -> int:
    if not low <= day <= high:
        raise InvalidDefinitionError(f"day_offset is between {low} and {high}, found {day}.")
    return day
