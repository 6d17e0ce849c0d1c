"""Schedules of asset jobs whose partitions are not known before all assets of a project are.

Owns: what stands for such a schedule until then. How it follows partitions is ``partitioned_schedule``'s,
reached through the port: projects without such schedules load none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from penstock.define import port
from penstock.define.asset_job import UnresolvedAssetJobDefinition
from penstock.define.job import JobDefinition
from penstock.define.schedule import ScheduleDefinition
from penstock.define.targets import Target
from penstock.values import frozen


@frozen(kw_only=True)
class Moved:
    """When a schedule ticks instead of when its windows end; None is as they end."""

    minute_of_hour: int | None = None
    hour_of_day: int | None = None
    day_of_week: int | None = None
    day_of_month: int | None = None

    @property
    def is_said(self) -> bool:
        """Whether anything is other than the windows say."""
        return self != _AS_THEY_END


_AS_THEY_END = Moved()


@frozen(kw_only=True, eq=False)
class UnresolvedPartitionedAssetScheduleDefinition:
    """The schedule of an asset job whose partitions are not known before its assets are.

    Args:
        name: of the schedule.
        job: whose partitions it follows.
        moved: when it ticks instead of when windows end.
        timing: cron lines and time zone, for static partitions.
        tags: of the runs.
        options: further arguments of ``ScheduleDefinition``.
    """

    name: str
    job: UnresolvedAssetJobDefinition
    moved: Moved
    timing: tuple[Any, str | None] | None
    tags: Mapping[str, str] | None
    options: Mapping[str, Any]

    required_resource_keys: frozenset[str] = frozenset()

    @property
    def job_name(self) -> str:
        """The name of its job."""
        return self.job.name

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it runs: one job."""
        return (Target(job_name=self.job.name, job=self.job),)

    def resolve(self, resolved_job: JobDefinition) -> ScheduleDefinition:
        """The schedule, now that the job is known.

        Args:
            resolved_job: the job, resolved against the assets of the project.

        Raises:
            InvalidDefinitionError: when its partitions are none that a schedule can follow.
        """
        made: ScheduleDefinition = port.call(
            "follow_partitions", resolved_job, self.name, self.moved, self.timing, self.tags, self.options
        )
        return made.with_updated_job(self.job)

    def with_metadata(self, metadata: Mapping[str, Any]) -> UnresolvedPartitionedAssetScheduleDefinition:
        """A copy with other metadata."""
        return evolve(self, options={**self.options, "metadata": metadata})


AnySchedule = ScheduleDefinition | UnresolvedPartitionedAssetScheduleDefinition
