"""Schedules of partitioned jobs: each tick asks for the partition that has just ended.

Owns: ``build_schedule_from_partitioned_job`` and ``follow_partitions``. The times follow from the partitions;
what there is at a tick is asked of them then. What stands for such a schedule while the assets of its job are
not known is ``unresolved_schedule``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.define.asset_job import UnresolvedAssetJobDefinition
from penstock.define.job import JobDefinition
from penstock.define.names import checked_name
from penstock.define.run_requests import SkipReason, run_request_for_partition
from penstock.define.schedule import DecoratedFunction, DefaultScheduleStatus, ScheduleDefinition
from penstock.define.unresolved_schedule import (
    AnySchedule,
    Moved,
    UnresolvedPartitionedAssetScheduleDefinition,
)
from penstock.errors import InvalidDefinitionError
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import view_of
from penstock.partitions.windows import TimeWindowPartitionsDefinition

_WANTED = "windows of time, static partitions, or several dimensions of which one is windows of time"


def build_schedule_from_partitioned_job(
    job: JobDefinition | UnresolvedAssetJobDefinition,
    description: str | None = None,
    name: str | None = None,
    minute_of_hour: int | None = None,
    hour_of_day: int | None = None,
    day_of_week: int | None = None,
    day_of_month: int | None = None,
    default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED,
    tags: Mapping[str, str] | None = None,
    cron_schedule: str | Sequence[str] | None = None,
    execution_timezone: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    owners: Sequence[str] | None = None,
) -> AnySchedule:
    """A schedule that runs a partitioned job for each partition when it is over.

    Args:
        job: with windows of time as partitions, alone or as one of several dimensions, of which all
            partitions of the newest window run; or with static partitions, all of which run at each tick.
        description, name, default_status, metadata, owners: see ``ScheduleDefinition``.
        minute_of_hour, hour_of_day, day_of_week, day_of_month: later than windows end; Sunday is day 0 of a
            week, the first is day 1 of a month.
        tags: of the runs.
        cron_schedule, execution_timezone: for static partitions, which do not say when.

    Raises:
        InvalidDefinitionError: when the job has no partitions that a schedule can follow, or the times do
            not fit them.
    """
    moved = Moved(
        minute_of_hour=minute_of_hour,
        hour_of_day=hour_of_day,
        day_of_week=day_of_week,
        day_of_month=day_of_month,
    )
    own = name or f"{job.name}_schedule"
    timing = (
        None if cron_schedule is None and execution_timezone is None else (cron_schedule, execution_timezone)
    )
    _refuse_contradiction(own, moved, timing)
    options = {
        "description": description,
        "default_status": default_status,
        "metadata": metadata,
        "owners": owners,
    }
    if isinstance(job, UnresolvedAssetJobDefinition) and job.partitions_def is None:
        return UnresolvedPartitionedAssetScheduleDefinition(
            name=checked_name(own, "schedule"),
            job=job,
            moved=moved,
            timing=timing,
            tags=tags,
            options=options,
        )
    return follow_partitions(job, own, moved, timing, tags, options)


def _refuse_contradiction(name: str, moved: Moved, timing: Any) -> None:
    if moved.day_of_week is not None and moved.day_of_month is not None:
        raise InvalidDefinitionError(
            f"The schedule {name!r} has day_of_week= and day_of_month=. Give one of them."
        )
    if timing is not None and moved.is_said:
        raise InvalidDefinitionError(
            f"The schedule {name!r} has cron_schedule= or execution_timezone=, and times besides. The first"
            " are for static partitions, the others for windows of time."
        )


def follow_partitions(
    job: JobDefinition | UnresolvedAssetJobDefinition,
    name: str,
    moved: Moved,
    timing: tuple[Any, str | None] | None,
    tags: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> ScheduleDefinition:
    """The schedule that follows the partitions of a job.

    Args:
        job: whose partitions are known.
        name: of the schedule.
        moved: when it ticks instead of when windows end.
        timing: cron lines and time zone of static partitions.
        tags: of the runs.
        options: further arguments of ``ScheduleDefinition``.

    Raises:
        InvalidDefinitionError: when the job has no partitions that can be followed so.
    """
    partitions = job.partitions_def
    windows = windows_of(partitions)
    if windows is None and not isinstance(partitions, StaticPartitionsDefinition):
        found = "no partitions" if partitions is None else repr(partitions)
        raise InvalidDefinitionError(
            f"The schedule {name!r} cannot follow the job {job.name!r}: wanted {_WANTED}, found {found}."
        )
    if windows is None:
        lines, zone = timing or (None, None)
        if lines is None or moved.is_said:
            raise InvalidDefinitionError(
                f"The schedule {name!r} of static partitions needs cron_schedule=: they do not say when."
            )
    elif timing is not None:
        raise InvalidDefinitionError(
            f"The schedule {name!r} of windows of time follows their own cron schedule and time zone. Leave"
            " out cron_schedule= and execution_timezone=, or move the ticks with hour_of_day= and the like."
        )
    else:
        lines, zone = _moved_lines(name, windows, moved), windows.timezone
    return ScheduleDefinition(
        name=name,
        cron_schedule=lines,
        job=job,
        execution_timezone=zone,
        execution_fn=DecoratedFunction(_asking(job, partitions, tags), _exclusions(windows)),
        **options,
    )


def windows_of(partitions: Any) -> TimeWindowPartitionsDefinition | None:
    """The windows of time among partitions: they themselves, or their one such dimension."""
    if isinstance(partitions, TimeWindowPartitionsDefinition):
        return partitions
    if not isinstance(partitions, MultiPartitionsDefinition):
        return None
    found = [
        one.partitions_def
        for one in partitions.partitions_defs
        if isinstance(one.partitions_def, TimeWindowPartitionsDefinition)
    ]
    return found[0] if len(found) == 1 else None


_FITTING = {
    "HOURLY": {"minute_of_hour"},
    "DAILY": {"minute_of_hour", "hour_of_day"},
    "WEEKLY": {"minute_of_hour", "hour_of_day", "day_of_week"},
    "MONTHLY": {"minute_of_hour", "hour_of_day", "day_of_month"},
}


def _moved_lines(name: str, windows: TimeWindowPartitionsDefinition, moved: Moved) -> str:
    """The cron line of windows, moved as wanted."""
    if not moved.is_said:
        return windows.cron_schedule
    kind = windows.schedule_type
    fitting = set[str]() if kind is None else _FITTING[kind.name]
    given = {key: getattr(moved, key) for key in sorted(set[str]().union(*_FITTING.values()))}
    strange = [key for key, value in given.items() if value is not None and key not in fitting]
    if strange:
        raise InvalidDefinitionError(
            f"The schedule {name!r} has {', '.join(f'{one}=' for one in strange)}, which windows by"
            f" {windows.cron_schedule!r} cannot follow. They can be moved by"
            f" {', '.join(f'{one}=' for one in sorted(fitting)) or 'nothing'}."
        )
    return windows.get_cron_schedule(**given)


def _asking(job: Any, partitions: Any, tags: Mapping[str, str] | None) -> Callable[[], Any]:
    """The function of the schedule: requests for what is there at a tick."""

    def ask() -> Any:
        keys = newest_keys(partitions)
        if not keys:
            return SkipReason(f"The job {job.name!r} has no partition yet.")
        return [run_request_for_partition(job, key, run_key=key, tags=tags) for key in keys]

    return ask


def newest_keys(partitions: Any) -> Sequence[str]:
    """The partitions that a tick asks for: of windows of time the newest, of static ones all.

    They are those of the moment that holds around, see ``partition_loading_context``.
    """
    if isinstance(partitions, StaticPartitionsDefinition):
        return partitions.get_partition_keys()
    if isinstance(partitions, MultiPartitionsDefinition):
        dimension = next(
            one for one in partitions.partitions_defs if one.partitions_def == windows_of(partitions)
        )
        newest = dimension.partitions_def.get_last_partition_key()
        if newest is None:
            return ()
        return partitions.get_multipartition_keys_with_dimension_value(dimension.name, newest)
    newest = partitions.get_last_partition_key()
    return () if newest is None else (newest,)


def _exclusions(windows: TimeWindowPartitionsDefinition | None) -> Callable[[], bool] | None:
    """Whether a tick is to run anything: not when the window that has just ended is left out."""
    if windows is None or not windows.timeline.has_holes:
        return None
    timeline = windows.timeline

    def is_kept() -> bool:
        ended = timeline.raw.up_to(view_of().moment()) - 2 + timeline.rules.end_offset
        start = timeline.raw.at(ended)
        return ended < 0 or timeline.kept.up_to(start) > timeline.kept.before(start)

    return is_kept
