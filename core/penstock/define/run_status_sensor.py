"""Sensors that look at runs: their function is told each run that came into a status.

Owns: ``RunStatusSensorDefinition``, its decorators, and which runs one looks at. The runs are found by the
host, through the port. Must not know instances.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, overload

from attrs import field

from penstock.define import port
from penstock.define.run_status_context import RunFailureSensorContext, RunStatusSensorContext
from penstock.define.sensor import SensorDefinition, SensorType, named_after
from penstock.define.sensor_calls import call_directly
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.targets import AnyJob
from penstock.errors import InvalidDefinitionError
from penstock.events.kinds import EventType
from penstock.events.runs import Run, RunStatus
from penstock.values import frozen

EVENT_OF: Mapping[RunStatus, EventType] = {
    RunStatus.QUEUED: EventType.RUN_ENQUEUED,
    RunStatus.STARTING: EventType.RUN_STARTING,
    RunStatus.STARTED: EventType.RUN_START,
    RunStatus.SUCCESS: EventType.RUN_SUCCESS,
    RunStatus.FAILURE: EventType.RUN_FAILURE,
    RunStatus.CANCELING: EventType.RUN_CANCELING,
    RunStatus.CANCELED: EventType.RUN_CANCELED,
}
"""Which event brings a run into each status; a run is never stored as ``NOT_STARTED``."""


@frozen(kw_only=True)
class JobSelector:
    """A job of another code location.

    Args:
        location_name: of the code location.
        repository_name: of the project in it, None for any.
        job_name: of the job.
    """

    location_name: str
    repository_name: str | None = None
    job_name: str = ""


@frozen(kw_only=True)
class CodeLocationSelector:
    """Every job of a code location.

    Args:
        location_name: of the code location.
    """

    location_name: str


@frozen(kw_only=True)
class RepositorySelector:
    """Every job of a project in a code location.

    Args:
        location_name: of the code location.
        repository_name: of the project in it.
    """

    location_name: str
    repository_name: str


_Selectors = JobSelector | CodeLocationSelector | RepositorySelector


def _monitored(given: Sequence[Any] | None) -> tuple[Any, ...]:
    found = tuple(given or ())
    for one in found:
        if not isinstance(one, AnyJob | _Selectors):
            raise InvalidDefinitionError(
                "monitored_jobs of a run status sensor wants jobs, a JobSelector or a CodeLocationSelector,"
                f" found {one!r:.200} ({type(one).__name__})."
            )
    return found


def _status(given: Any) -> RunStatus:
    if given not in EVENT_OF:
        raise InvalidDefinitionError(
            f"A run status sensor looks at {', '.join(f'RunStatus.{one.name}' for one in EVENT_OF)},"
            f" found {given!r:.200}."
        )
    return given


@frozen(kw_only=True, eq=False)
class RunStatusSensorDefinition(SensorDefinition):
    """Does something when a run comes into a status.

    It begins with the runs that move after its first evaluation. Its cursor is a place in the log.

    Args:
        run_status: the status.
        run_status_sensor_fn: takes the context and resources.
        monitored_jobs: whose runs it looks at; none for those of all jobs.
        monitor_all_code_locations: whether it looks at runs of other code locations too.
        request_job, request_jobs: the jobs of which it may ask for runs.

    Raises:
        InvalidDefinitionError: when there is no such status, or jobs are given besides all of them.
    """

    sensor_type: ClassVar[SensorType] = SensorType.RUN_STATUS
    context_class: ClassVar[type] = RunStatusSensorContext
    context_builder: ClassVar[str] = "build_run_status_sensor_context"

    run_status: RunStatus = field(converter=_status)
    evaluation_fn: Callable[..., Any] | None = field(default=None, alias="run_status_sensor_fn")
    monitored_jobs: Sequence[Any] = field(default=None, converter=_monitored)
    monitor_all_code_locations: bool = field(default=None, converter=bool)
    given_job: Any = field(default=None, alias="request_job")
    given_jobs: Sequence[Any] | None = field(default=None, alias="request_jobs")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.monitored_jobs and self.monitor_all_code_locations:
            raise InvalidDefinitionError(
                f"The sensor {self.name!r} has monitored_jobs and looks at all code locations."
                " Give one of them."
            )

    def looks_at(self, run: Run) -> bool:
        """Whether a run is of a job that it looks at.

        Args:
            run: that came into the status.
        """
        return not self.monitored_jobs or any(_is_of(run, one) for one in self.monitored_jobs)

    def ask(self, context: SensorEvaluationContext) -> Any:
        """What its function gives for the runs since the cursor.

        Args:
            context: of the tick.
        """
        return port.call("ask_run_status_sensor", self, context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does."""
        fn = self.evaluation_fn
        return None if fn is None else call_directly(self, fn, args, kwargs, None)


def _is_of(run: Run, monitored: Any) -> bool:
    if isinstance(monitored, JobSelector):
        return (run.code_location, run.job_name) == (monitored.location_name, monitored.job_name)
    if isinstance(monitored, CodeLocationSelector | RepositorySelector):
        return run.code_location == monitored.location_name
    return run.job_name == monitored.name


def run_status_sensor(
    run_status: RunStatus, name: str | None = None, **options: Any
) -> Callable[[Callable[..., Any]], RunStatusSensorDefinition]:
    """Make a sensor of a function that is told each run that comes into a status.

    Args:
        run_status: the status.
        name: of the sensor, by default that of the function.
        options: see ``RunStatusSensorDefinition`` and ``SensorDefinition``.
    """
    options = _renamed(options)

    def decorate(fn: Callable[..., Any]) -> RunStatusSensorDefinition:
        given = named_after(fn, {"name": name, **options})
        return RunStatusSensorDefinition(run_status=run_status, run_status_sensor_fn=fn, **given)

    return decorate


@overload
def run_failure_sensor(name: Callable[..., Any]) -> RunStatusSensorDefinition: ...


@overload
def run_failure_sensor(
    name: str | None = None, **options: Any
) -> Callable[[Callable[..., Any]], RunStatusSensorDefinition]: ...


def run_failure_sensor(name: Any = None, **options: Any) -> Any:
    """Make a sensor of a function that is told each run that fails.

    Args:
        name: of the sensor, by default that of the function; or the function itself.
        options: see ``RunStatusSensorDefinition`` and ``SensorDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> RunStatusSensorDefinition:
        @functools.wraps(fn)
        def failed(*args: Any, **kwargs: Any) -> Any:
            return fn(*map(_failed, args), **{key: _failed(value) for key, value in kwargs.items()})

        return run_status_sensor(RunStatus.FAILURE, name if isinstance(name, str) else None, **options)(
            failed
        )

    return decorate(name) if callable(name) else decorate


def _failed(argument: Any) -> Any:
    is_told = isinstance(argument, RunStatusSensorContext) and not isinstance(
        argument, RunFailureSensorContext
    )
    return argument.for_run_failure() if is_told else argument


def _renamed(options: dict[str, Any]) -> dict[str, Any]:
    """Options with the names that older programs use replaced by those of today."""
    older = {"job_selection": "monitored_jobs", "monitor_all_repositories": "monitor_all_code_locations"}
    return {older.get(key, key): value for key, value in options.items()}
