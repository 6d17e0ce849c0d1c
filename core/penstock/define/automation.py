"""Schedules and sensors: what starts runs, as definitions.

Owns: ``ScheduleDefinition``, ``SensorDefinition``, their decorators, what their functions return and the
contexts that tests build for them. This is the part that a project needs to hold them and a test to call
them; ticks, cron arithmetic and the daemon come with the automation room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import define, field

from penstock.define.names import checked_name
from penstock.define.signature import read_shape
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen


class DefaultScheduleStatus(Enum):
    """Whether a schedule runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class DefaultSensorStatus(Enum):
    """Whether a sensor runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


@frozen
class SkipReason:
    """Nothing is to run this time, and why."""

    skip_message: str | None = None


@frozen
class RunRequest:
    """A run that a schedule or sensor asks for.

    Args:
        run_key: asked for once and never again under this key; None asks every time.
        run_config: of the run.
        tags: of the run.
        job_name: which job, when there are several.
        asset_selection: which assets of the job, all by default.
        stale_assets_only: whether up-to-date assets are left out.
        partition_key: of a partitioned job.
        asset_check_keys: which checks, those of the assets by default.
    """

    run_key: str | None = None
    run_config: Any = None
    tags: Mapping[str, Any] = field(factory=dict[str, Any])
    job_name: str | None = None
    asset_selection: Sequence[AssetKey] | None = None
    stale_assets_only: bool = False
    partition_key: str | None = None
    asset_check_keys: Sequence[AssetCheckKey] | None = None


@define(kw_only=True)
class SensorEvaluationContext:
    """What a sensor function is told.

    Args:
        cursor: where the last evaluation left off.
        instance: whose runs and assets it may look at.
        resources: by key.
        sensor_name: of the sensor, when known.
    """

    cursor: str | None = None
    instance: Any = None
    resources: Any = None
    sensor_name: str | None = None
    repository_def: Any = None

    def update_cursor(self, cursor: str | None) -> None:
        """Remember where the next evaluation is to begin."""
        self.cursor = cursor


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


def build_sensor_context(
    instance: Any = None,
    cursor: str | None = None,
    *,
    resources: Mapping[str, Any] | None = None,
    sensor_name: str | None = None,
    repository_def: Any = None,
) -> SensorEvaluationContext:
    """A context to call a sensor with in a test.

    Args:
        instance: whose runs and assets it may look at.
        cursor: where the last evaluation left off.
        resources: values by key.
        sensor_name: of the sensor.
        repository_def: the project.
    """
    return SensorEvaluationContext(
        cursor=cursor,
        instance=instance,
        resources=resources or {},
        sensor_name=sensor_name,
        repository_def=repository_def,
    )


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


def _as_text(given: str | None) -> str:
    return given or ""


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

    name: str = field(default="", kw_only=False, converter=_as_text)
    cron_schedule: str | Sequence[str] = ""
    job: Any = None
    job_name: str = field(default="", converter=_as_text)
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
        _name_target(self, "schedule")

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
        return _called(self.execution_fn, args, kwargs)


@frozen(kw_only=True, eq=False)
class SensorDefinition:
    """Runs a job when its function says so.

    Args:
        name: of the sensor.
        evaluation_fn: looks at the world and returns or yields requests.
        job, given_jobs, job_name: which job, or which jobs it may choose from.
        minimum_interval_seconds: pause between two evaluations, None for the default of 30.
        default_status: whether it runs before anybody switches it on.
        description, metadata: for people.
        required_resource_keys: what the function asks for.
    """

    name: str = field(default="", kw_only=False, converter=_as_text)
    evaluation_fn: Callable[..., Any]
    job: Any = None
    given_jobs: Sequence[Any] = field(default=(), alias="jobs", converter=lambda jobs: tuple(jobs or ()))
    job_name: str = field(default="", converter=_as_text)
    minimum_interval_seconds: int | None = None
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED
    description: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict[str, Any])
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=frozenset)

    def __attrs_post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.evaluation_fn.__name__)
        if self.job is not None or self.job_name:
            _name_target(self, "sensor")

    @property
    def jobs(self) -> Sequence[Any]:
        """The jobs that it brings into a project."""
        return self.given_jobs if self.job is None else (self.job, *self.given_jobs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does."""
        return _called(self.evaluation_fn, args, kwargs)


def _name_target(definition: Any, what: str) -> None:
    job = definition.job
    if job is None and not definition.job_name:
        raise InvalidDefinitionError(f"The {what} {definition.name!r} has no job. Give job= or job_name=.")
    if job is not None:
        object.__setattr__(definition, "job_name", job.name)
    if not definition.name:
        object.__setattr__(definition, "name", f"{definition.job_name}_{what}")
    checked_name(definition.name, what)


def _called(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a function that may or may not take a context."""
    shape = read_shape(fn)
    takes_context = shape.context is not None or bool(shape.order)
    return fn(*args, **kwargs) if takes_context else fn(**kwargs)


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


def sensor(job_name: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], SensorDefinition]:
    """Make a sensor of a function that says what to run when.

    Args:
        job_name: which job, unless ``job=`` gives it.
        options: see ``SensorDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> SensorDefinition:
        given: dict[str, Any] = {
            "name": fn.__name__,
            "description": fn.__doc__,
            "job_name": job_name,
            **options,
        }
        return SensorDefinition(evaluation_fn=fn, **given)

    return decorate
