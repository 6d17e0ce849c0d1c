"""Sensors: what runs a job when its function says so, as definitions.

Owns: ``SensorDefinition``, its decorator, and the context that its function is given. What a tick asks for
is told by ``evaluate_tick``, through the port. Must not know schedules, or the daemon that ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from attrs import define, field

from penstock.define.targets import as_text, call_evaluation, name_target
from penstock.values import frozen


class DefaultSensorStatus(Enum):
    """Whether a sensor runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


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

    name: str = field(default="", kw_only=False, converter=as_text)
    evaluation_fn: Callable[..., Any]
    job: Any = None
    given_jobs: Sequence[Any] = field(default=(), alias="jobs", converter=lambda jobs: tuple(jobs or ()))
    job_name: str = field(default="", converter=as_text)
    minimum_interval_seconds: int | None = None
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED
    description: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict[str, Any])
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=frozenset)

    def __attrs_post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.evaluation_fn.__name__)
        if self.job is not None or self.job_name:
            name_target(self, "sensor")

    @property
    def jobs(self) -> Sequence[Any]:
        """The jobs that it brings into a project."""
        return self.given_jobs if self.job is None else (self.job, *self.given_jobs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does."""
        return call_evaluation(self.evaluation_fn, args, kwargs)


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
