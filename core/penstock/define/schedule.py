"""Schedules: what runs a job at certain times, as definitions.

Owns: ``ScheduleDefinition``, its decorator, and the context that its function is given. What a tick asks
for is told by ``evaluate_tick``, through the port. Must not know sensors, or the daemon that ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import define, field

from penstock.define.targets import as_text, call_evaluation, name_target
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


class DefaultScheduleStatus(Enum):
    """Whether a schedule runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


@define(kw_only=True)
class ScheduleEvaluationContext:
    """What a schedule function is told.

    Args:
        scheduled_execution_time: when it was to run, or None.
        instance: whose runs and assets it may look at.
        resources: by key.
    """

    scheduled_execution_time: datetime | None = None
    instance: Any = None
    resources: Any = None
    repository_def: Any = None


def build_schedule_context(
    instance: Any = None,
    scheduled_execution_time: datetime | None = None,
    *,
    resources: Mapping[str, Any] | None = None,
    repository_def: Any = None,
) -> ScheduleEvaluationContext:
    """A context to call a schedule with in a test.

    Args:
        instance: whose runs and assets it may look at.
        scheduled_execution_time: when it was to run.
        resources: values by key.
        repository_def: the project.
    """
    return ScheduleEvaluationContext(
        scheduled_execution_time=scheduled_execution_time,
        instance=instance,
        resources=resources or {},
        repository_def=repository_def,
    )


@frozen(kw_only=True, eq=False)
class ScheduleDefinition:
    """Runs a job at certain times.

    Args:
        name: by default ``<job>_schedule``.
        cron_schedule: one cron line or several, of five fields each.
        job, job_name: which job.
        run_config, tags: of its runs.
        execution_fn: says what to run, instead of always the same.
        execution_timezone: of the cron lines; None is UTC.
        default_status: whether it runs before anybody switches it on.
        description, metadata: for people.
        required_resource_keys: what the function asks for.
    """

    name: str = field(default="", kw_only=False, converter=as_text)
    cron_schedule: str | Sequence[str] = ""
    job: Any = None
    job_name: str = field(default="", converter=as_text)
    run_config: Any = None
    tags: Mapping[str, str] = field(factory=dict[str, str])
    execution_fn: Callable[..., Any] | None = None
    execution_timezone: str | None = None
    default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED
    description: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict[str, Any])
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=frozenset)

    def __attrs_post_init__(self) -> None:
        if not self.cron_schedule:
            raise InvalidDefinitionError(f"The schedule {self.name!r} has no cron_schedule. Give one.")
        name_target(self, "schedule")

    @property
    def jobs(self) -> Sequence[Any]:
        """The jobs that it brings into a project."""
        return () if self.job is None else (self.job,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does.

        Raises:
            InvalidDefinitionError: when it has none.
        """
        if self.execution_fn is None:
            raise InvalidDefinitionError(f"The schedule {self.name!r} has no function to call.")
        return call_evaluation(self.execution_fn, args, kwargs)


def schedule(
    cron_schedule: str | Sequence[str], **options: Any
) -> Callable[[Callable[..., Any]], ScheduleDefinition]:
    """Make a schedule of a function that says what to run at each time.

    Args:
        cron_schedule: one cron line or several.
        options: see ``ScheduleDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> ScheduleDefinition:
        given: dict[str, Any] = {"name": fn.__name__, "description": fn.__doc__, **options}
        return ScheduleDefinition(cron_schedule=cron_schedule, execution_fn=fn, **given)

    return decorate
