"""The decorators that make a partitioned config of a function.

Owns: ``partitioned_config``, ``static_partitioned_config``, ``dynamic_partitioned_config`` and those for
windows of time, whose functions get the start and the end of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack, cast

from penstock.define.partitioned_config import PartitionedConfig
from penstock.errors import InvalidDefinitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.periods import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.windows import TimeWindowPartitionsDefinition

Decorator = Callable[[Callable[..., Any]], PartitionedConfig]
OfKey = Callable[[str], Mapping[str, Any] | None]
OfWindow = Callable[[datetime, datetime], Mapping[str, Any] | None]


def partitioned_config(
    partitions_def: PartitionsDefinition, tags_for_partition_key_fn: OfKey | None = None
) -> Decorator:
    """Make run config for any partitions of a function that takes the key.

    Args:
        partitions_def: the partitions of the job.
        tags_for_partition_key_fn: key → tags of the run.
    """

    def decorate(fn: Callable[..., Any]) -> PartitionedConfig:
        return PartitionedConfig(
            partitions_def,
            run_config_for_partition_key_fn=fn,
            tags_for_partition_key_fn=tags_for_partition_key_fn,
            decorated_fn=fn,
        )

    return decorate


def static_partitioned_config(
    partition_keys: Sequence[str],
    tags_for_partition_fn: OfKey | None = None,
    tags_for_partition_key_fn: OfKey | None = None,
) -> Decorator:
    """Make run config for listed partitions of a function that takes the key.

    Args:
        partition_keys: the keys, each once.
        tags_for_partition_fn, tags_for_partition_key_fn: two names for key → tags of the run.

    Raises:
        InvalidDefinitionError: when a key stands twice.
    """
    tags = _one_of(tags_for_partition_fn, tags_for_partition_key_fn)
    return partitioned_config(StaticPartitionsDefinition(partition_keys), tags)


def dynamic_partitioned_config(
    partition_fn: Callable[[datetime | None], Sequence[Any]],
    tags_for_partition_fn: OfKey | None = None,
    tags_for_partition_key_fn: OfKey | None = None,
) -> Decorator:
    """Make run config for partitions that a function lists, of a function that takes the key.

    Args:
        partition_fn: the current time → the keys.
        tags_for_partition_fn, tags_for_partition_key_fn: two names for key → tags of the run.
    """
    tags = _one_of(tags_for_partition_fn, tags_for_partition_key_fn)
    return partitioned_config(DynamicPartitionsDefinition(partition_fn), tags)


class WindowOptions(TypedDict, total=False):
    """What may be said of the windows beside where they start; as of the partitions definitions."""

    timezone: str | None
    fmt: str | None
    end_offset: int
    end_date: datetime | str | None
    exclusions: Any


class HourOptions(WindowOptions, total=False):
    """``minute_offset``: minutes after the full hour at which a window begins."""

    minute_offset: int


class DayOptions(HourOptions, total=False):
    """``hour_offset``: hours after midnight at which a window begins."""

    hour_offset: int


class WeekOptions(DayOptions, total=False):
    """``day_offset``: the day of the week (0 is Sunday) or of the month on which a window begins."""

    day_offset: int


def hourly_partitioned_config(
    start_date: datetime | str,
    *,
    tags_for_partition_fn: OfWindow | None = None,
    **options: Unpack[HourOptions],
) -> Decorator:
    """Make run config for hours of a function that takes start and end of the hour.

    Args:
        start_date: when the first hour begins.
        tags_for_partition_fn: start and end → tags of the run.
        options: as of ``HourlyPartitionsDefinition``.
    """
    return _of_windows(HourlyPartitionsDefinition(start_date, **options), tags_for_partition_fn)


def daily_partitioned_config(
    start_date: datetime | str,
    *,
    tags_for_partition_fn: OfWindow | None = None,
    **options: Unpack[DayOptions],
) -> Decorator:
    """Make run config for days of a function that takes start and end of the day.

    Args:
        start_date: when the first day begins.
        tags_for_partition_fn: start and end → tags of the run.
        options: as of ``DailyPartitionsDefinition``.
    """
    return _of_windows(DailyPartitionsDefinition(start_date, **options), tags_for_partition_fn)


def weekly_partitioned_config(
    start_date: datetime | str,
    *,
    tags_for_partition_fn: OfWindow | None = None,
    **options: Unpack[WeekOptions],
) -> Decorator:
    """Make run config for weeks of a function that takes start and end of the week.

    Args:
        start_date: when the first week may begin.
        tags_for_partition_fn: start and end → tags of the run.
        options: as of ``WeeklyPartitionsDefinition``.
    """
    return _of_windows(WeeklyPartitionsDefinition(start_date, **options), tags_for_partition_fn)


def monthly_partitioned_config(
    start_date: datetime | str,
    *,
    tags_for_partition_fn: OfWindow | None = None,
    **options: Unpack[WeekOptions],
) -> Decorator:
    """Make run config for months of a function that takes start and end of the month.

    Args:
        start_date: when the first month may begin.
        tags_for_partition_fn: start and end → tags of the run.
        options: as of ``MonthlyPartitionsDefinition``.
    """
    return _of_windows(MonthlyPartitionsDefinition(start_date, **options), tags_for_partition_fn)


def _of_windows(definition: TimeWindowPartitionsDefinition, tags_fn: OfWindow | None) -> Decorator:
    def by_key(fn: Callable[[datetime, datetime], Any]) -> Callable[[str], Any]:
        return lambda key: fn(*definition.time_window_for_partition_key(key))

    def decorate(fn: Callable[..., Any]) -> PartitionedConfig:
        return PartitionedConfig(
            definition,
            run_config_for_partition_key_fn=by_key(fn),
            tags_for_partition_key_fn=None if tags_fn is None else cast("OfKey", by_key(tags_fn)),
            decorated_fn=fn,
        )

    return decorate


def _one_of(one: OfKey | None, other: OfKey | None) -> OfKey | None:
    if one is not None and other is not None:
        raise InvalidDefinitionError(
            "tags_for_partition_fn and tags_for_partition_key_fn are two names for the same. Give one."
        )
    return other if one is None else one
