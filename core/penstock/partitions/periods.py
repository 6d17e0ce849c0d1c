"""Hours, days, weeks and months: windows of time by their usual names.

Owns: the four definitions that people write most. They are windows of a schedule like any others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict, Unpack

from penstock.partitions.key_format import DAY_FORMAT, HOUR_FORMAT
from penstock.partitions.windows import ScheduleType, TimeWindowPartitionsDefinition


class PeriodOptions(TypedDict, total=False):
    """What else may be said about hours, days, weeks and months."""

    fmt: str | None
    end_offset: int
    exclusions: Sequence[str | datetime] | None


class HourlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition an hour, there as soon as the hour is over.

    Args:
        start_date: the first hour, as ``fmt`` writes it, a date or a datetime.
        end_date: the hour after the last one; None goes on for ever.
        minute_offset: when an hour begins.
        timezone: IANA name, None is UTC.
        options: ``fmt`` (``%Y-%m-%d-%H:%M``), ``end_offset`` (hours that exist before they are over) and
            ``exclusions`` (datetimes and cron schedules at which no hour begins).

    Raises:
        InvalidDefinitionError: when something said is not possible.
    """

    __slots__ = ()

    def __init__(
        self,
        start_date: datetime | date | str,
        end_date: datetime | date | str | None = None,
        minute_offset: int = 0,
        timezone: str | None = None,
        **options: Unpack[PeriodOptions],
    ) -> None:
        super().__init__(
            start_date,
            options.get("fmt") or HOUR_FORMAT,
            end_date,
            ScheduleType.HOURLY,
            timezone,
            options.get("end_offset", 0),
            minute_offset=minute_offset,
            exclusions=options.get("exclusions"),
        )


class DailyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a day, there as soon as the day is over.

    Args:
        start_date: the first day, as ``fmt`` writes it, a date or a datetime.
        end_date: the day after the last one; None goes on for ever.
        minute_offset, hour_offset: when a day begins.
        timezone: IANA name, None is UTC.
        options: ``fmt`` (``%Y-%m-%d``), ``end_offset`` (days that exist before they are over) and
            ``exclusions`` (datetimes and cron schedules at which no day begins).

    Raises:
        InvalidDefinitionError: when something said is not possible.
    """

    __slots__ = ()

    def __init__(
        self,
        start_date: datetime | date | str,
        end_date: datetime | date | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        timezone: str | None = None,
        **options: Unpack[PeriodOptions],
    ) -> None:
        super().__init__(
            start_date,
            options.get("fmt") or DAY_FORMAT,
            end_date,
            ScheduleType.DAILY,
            timezone,
            options.get("end_offset", 0),
            minute_offset=minute_offset,
            hour_offset=hour_offset,
            exclusions=options.get("exclusions"),
        )


class WeeklyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a week, there as soon as the week is over.

    Args:
        start_date: before the first week begins, as ``fmt`` writes it, a date or a datetime.
        end_date: after the last week ends; None goes on for ever.
        minute_offset, hour_offset: when a week begins, on its first day.
        day_offset: the first day of a week; 0 is Sunday.
        timezone: IANA name, None is UTC.
        options: ``fmt`` (``%Y-%m-%d``), ``end_offset`` (weeks that exist before they are over) and
            ``exclusions`` (datetimes and cron schedules at which no week begins).

    Raises:
        InvalidDefinitionError: when something said is not possible.
    """

    __slots__ = ()

    def __init__(
        self,
        start_date: datetime | date | str,
        end_date: datetime | date | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 0,
        timezone: str | None = None,
        **options: Unpack[PeriodOptions],
    ) -> None:
        super().__init__(
            start_date,
            options.get("fmt") or DAY_FORMAT,
            end_date,
            ScheduleType.WEEKLY,
            timezone,
            options.get("end_offset", 0),
            minute_offset=minute_offset,
            hour_offset=hour_offset,
            day_offset=day_offset,
            exclusions=options.get("exclusions"),
        )


class MonthlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a month, there as soon as the month is over.

    Args:
        start_date: before the first month begins, as ``fmt`` writes it, a date or a datetime.
        end_date: after the last month ends; None goes on for ever.
        minute_offset, hour_offset: when a month begins, on its first day.
        day_offset: the first day of a month, from 1; months without it are part of the one before.
        timezone: IANA name, None is UTC.
        options: ``fmt`` (``%Y-%m-%d``), ``end_offset`` (months that exist before they are over) and
            ``exclusions`` (datetimes and cron schedules at which no month begins).

    Raises:
        InvalidDefinitionError: when something said is not possible.
    """

    __slots__ = ()

    def __init__(
        self,
        start_date: datetime | date | str,
        end_date: datetime | date | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 1,
        timezone: str | None = None,
        **options: Unpack[PeriodOptions],
    ) -> None:
        super().__init__(
            start_date,
            options.get("fmt") or DAY_FORMAT,
            end_date,
            ScheduleType.MONTHLY,
            timezone,
            options.get("end_offset", 0),
            minute_offset=minute_offset,
            hour_offset=hour_offset,
            day_offset=day_offset,
            exclusions=options.get("exclusions"),
        )
