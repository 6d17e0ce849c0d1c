"""Partitions that are windows of time: a day each.

Owns: ``TimeWindow`` and ``DailyPartitionsDefinition``. Keys are reckoned, not listed: whether a key
exists costs the same for ten days and for ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from penstock.errors import InvalidDefinitionError, InvariantViolationError, UnknownPartitionError
from penstock.values import frozen

DAY_FORMAT = "%Y-%m-%d"


class TimeWindow(NamedTuple):
    """From ``start`` up to but without ``end``, both with a time zone."""

    start: datetime
    end: datetime


@frozen(repr=False)
class DailyPartitionsDefinition:
    """One partition a day, there as soon as the day is over.

    Args:
        start_date: the first day, as ``fmt`` writes it, or a datetime.
        end_date: the day after the last one; None goes on for ever.
        minute_offset, hour_offset: when a day begins.
        timezone: name of the time zone, None is UTC.
        fmt: how keys are written.
        end_offset: days that exist before they are over; negative ones are held back.

    Raises:
        InvalidDefinitionError: when a date is not written in ``fmt``.
    """

    start_date: str | datetime
    end_date: str | datetime | None = None
    minute_offset: int = 0
    hour_offset: int = 0
    timezone: str | None = None
    fmt: str = DAY_FORMAT
    end_offset: int = 0

    def __attrs_post_init__(self) -> None:
        for given in (self.start_date, self.end_date):
            if isinstance(given, str) and _day(given, self.fmt) is None:
                raise InvalidDefinitionError(
                    f"The date {given!r} of daily partitions is not written as {self.fmt!r}."
                )

    @property
    def first_day(self) -> date:
        """The day of the first partition."""
        return self._as_day(self.start_date)

    def _as_day(self, given: str | datetime) -> date:
        found = _day(given, self.fmt) if isinstance(given, str) else given.date()
        if found is None:  # refused when the definition was made
            raise InvalidDefinitionError(f"{given!r} is no date of the form {self.fmt!r}.")
        return found

    def _begins(self, day: date) -> datetime:
        zone = ZoneInfo(self.timezone) if self.timezone else UTC
        return datetime.combine(day, time(self.hour_offset, self.minute_offset), tzinfo=zone)

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """The window of a partition.

        Raises:
            UnknownPartitionError: when the key is none.
        """
        self.validate_partition_key(partition_key)
        day = self._as_day(partition_key)
        return TimeWindow(self._begins(day), self._begins(day + timedelta(days=1)))

    def _last_day(self, current_time: datetime | None) -> date | None:
        """The day of the newest partition at a time; None when the time is not given and no end is."""
        last = None if self.end_date is None else self._as_day(self.end_date) - timedelta(days=1)
        if current_time is None:
            return last
        zone = ZoneInfo(self.timezone) if self.timezone else UTC
        day = current_time.astimezone(zone).date()
        over = day - timedelta(days=1 if current_time >= self._begins(day) else 2)
        newest = over + timedelta(days=self.end_offset)
        return newest if last is None else min(last, newest)

    def get_partition_keys(self, current_time: datetime | None = None) -> Sequence[str]:
        """Every key up to a time.

        Args:
            current_time: with a time zone; may be left out when there is an ``end_date``.

        Raises:
            InvariantViolationError: when neither says where to stop.
        """
        last = self._last_day(current_time)
        if last is None:
            raise InvariantViolationError(
                "Daily partitions without end_date grow every day: pass current_time= to list their keys."
            )
        days = (last - self.first_day).days + 1
        return [(self.first_day + timedelta(days=number)).strftime(self.fmt) for number in range(days)]

    def has_partition_key(self, partition_key: str, current_time: datetime | None = None) -> bool:
        """Whether there is such a key at a time; without a time, whether there ever will be."""
        day = _day(partition_key, self.fmt)
        if day is None or day.strftime(self.fmt) != partition_key or day < self.first_day:
            return False
        last = self._last_day(current_time)
        return last is None or day <= last

    def validate_partition_key(self, partition_key: str, current_time: datetime | None = None) -> None:
        """Refuse a key that does not exist.

        Raises:
            UnknownPartitionError: naming the key and the first one that exists.
        """
        if not self.has_partition_key(partition_key, current_time):
            until = "" if self.end_date is None else f", before {self.end_date}"
            raise UnknownPartitionError(
                f"There is no partition {partition_key!r}: wanted a day written as {self.fmt!r}, from"
                f" {self.first_day.strftime(self.fmt)!r} on{until}."
            )

    def __repr__(self) -> str:
        return f"DailyPartitionsDefinition({self.start_date!r})"


def _day(text: str, fmt: str) -> date | None:
    try:
        return datetime.strptime(text, fmt).replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        return None
