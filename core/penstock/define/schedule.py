"""Schedules: what runs a job at certain times, as definitions.

Owns: ``ScheduleDefinition`` and its decorator. What a tick asks for is told by ``evaluate_tick``, through
the port; what its function is told is ``schedule_context``'s. Must not know sensors, nor who ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypedDict, Unpack

from attrs import evolve, field

from penstock.define import port
from penstock.define.names import as_tags, checked_name, name_of
from penstock.define.run_requests import RunRequest
from penstock.define.schedule_context import read_call
from penstock.define.signature import read_shape
from penstock.define.spec_rules import check_options, check_owners
from penstock.define.targets import AnyJob, Target, as_text, read_targets
from penstock.errors import InvalidDefinitionError, InvalidInvocationError
from penstock.events.values import as_metadata
from penstock.metadata import MetadataValue
from penstock.values import frozen

_NO_TAGS: Mapping[str, str] = {}
_METADATA: Any = as_metadata
_LISTED: Any = list  # tests of users compare what a tick comes to with lists


class DefaultScheduleStatus(Enum):
    """Whether a schedule runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


@frozen(kw_only=True)
class ScheduleExecutionData:
    """What a tick asks for.

    Args:
        run_requests: the runs.
        skip_message: why there are none.
        log_key: where the log of the evaluation is; None where none is kept.
    """

    run_requests: Sequence[RunRequest] = field(default=(), converter=_LISTED)
    skip_message: str | None = None
    log_key: Sequence[str] | None = None


@frozen(eq=False)
class DecoratedFunction:
    """A function with ``@schedule``, and what the decorator was given to go with it."""

    fn: Callable[..., Any]
    should_execute: Callable[..., Any] | None = None
    tags_fn: Callable[..., Any] | None = None


def _as_keys(keys: Iterable[str] | None) -> frozenset[str]:
    return frozenset(keys or ())


@frozen(kw_only=True, eq=False)
class ScheduleDefinition:
    """Runs a job at certain times.

    Args:
        name: by default ``<job>_schedule``.
        cron_schedule: one cron line or several, of five fields each; several tick at all of their times.
        job, job_name, target: what it runs, one of these; ``target`` takes assets too, in any spelling.
        run_config, run_config_fn: config of the runs, or what makes it of the context.
        tags, tags_fn: of the runs; tags describe the schedule too.
        should_execute: whether a tick is to run anything.
        execution_fn: says what to run, instead of always the same.
        execution_timezone: of the cron lines; None is UTC.
        default_status: whether it runs before anybody switches it on.
        required_resource_keys: what its functions use of ``context.resources``.
        environment_vars: kept for those who give it; schedules see the whole environment.
        description, metadata, owners: for people.

    Raises:
        InvalidDefinitionError: when it has no job or no cron line that can be read, two arguments say the
            same thing, or the time zone, a tag, an owner or the name is not possible.
    """

    name: str = field(default="", kw_only=False, converter=as_text)
    cron_schedule: str | Sequence[str] = ""
    given_job: Any = field(default=None, alias="job")
    given_job_name: str | None = field(default=None, alias="job_name")
    given_target: Any = field(default=None, alias="target")
    run_config: Any = None
    run_config_fn: Callable[..., Any] | None = None
    tags: Mapping[str, str] = field(default=_NO_TAGS)
    tags_fn: Callable[..., Any] | None = None
    should_execute: Callable[..., Any] | None = None
    execution_fn: Callable[..., Any] | DecoratedFunction | None = None
    execution_timezone: str | None = None
    default_status: DefaultScheduleStatus = DefaultScheduleStatus.STOPPED
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=_as_keys)
    environment_vars: Mapping[str, str] | None = None
    description: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=_METADATA)
    owners: Sequence[str] | None = None
    target: Target = field(init=False)

    def __attrs_post_init__(self) -> None:
        targets = read_targets(
            self.name,
            "schedule",
            job=self.given_job,
            job_name=self.given_job_name,
            target=self.given_target,
        )
        if not targets:
            raise InvalidDefinitionError(
                f"The schedule {self.name!r} has no job. Give job=, job_name= or target=."
            )
        name = checked_name(self.name or f"{targets[0].job_name}_schedule", "schedule")
        _set(self, "target", targets[0])
        _set(self, "name", name)
        port.call("check_timing", name, self.cron_schedule, self.execution_timezone)
        _refuse_doubled(self)
        _set(self, "tags", as_tags(self.tags, name))
        _set(self, "required_resource_keys", _resource_keys(self))
        if self.owners:
            _set(self, "owners", check_owners(self.owners, f"schedule {name!r}"))
        if not isinstance(self.default_status, DefaultScheduleStatus):
            raise InvalidDefinitionError(
                f"The schedule {name!r} has default_status={self.default_status!r}."
                " Wanted DefaultScheduleStatus.RUNNING or STOPPED."
            )

    # ---- what it runs ---------------------------------------------------------------------------

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it runs: one job."""
        return (self.target,)

    @property
    def job_name(self) -> str:
        """The name of the job that it runs."""
        return self.target.job_name

    @property
    def has_job(self) -> bool:
        """Whether the job itself was given, and not its name alone."""
        return self.target.has_job_def

    @property
    def has_anonymous_job(self) -> bool:
        """Whether it targets assets directly."""
        return self.target.is_anonymous

    @property
    def job(self) -> AnyJob:
        """The job that it runs.

        Raises:
            InvalidDefinitionError: when only its name was given.
        """
        if self.target.job is None:
            raise InvalidDefinitionError(
                f"The schedule {self.name!r} knows its job {self.job_name!r} only by name."
            )
        return self.target.job

    def with_updated_job(self, new_job: AnyJob) -> ScheduleDefinition:
        """A copy that runs another job, under the same name."""
        return evolve(self, job=new_job, job_name=None, target=None)

    def with_attributes(
        self, *, job: AnyJob | None = None, metadata: Mapping[str, Any] | None = None
    ) -> ScheduleDefinition:
        """A copy with another job or other metadata."""
        made = self if job is None else self.with_updated_job(job)
        return made if metadata is None else evolve(made, metadata=metadata)

    # ---- what happens at a tick -----------------------------------------------------------------

    def evaluate_tick(self, context: Any) -> ScheduleExecutionData:
        """What a tick asks for.

        Args:
            context: a ``ScheduleEvaluationContext``.

        Raises:
            ScheduleExecutionError: when a function of the schedule raised.
            InvariantViolationError: when the function gave something that asks for no run, or mixed.
        """
        return port.call("evaluate_schedule", self, context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does: with a context if it takes one, and resources by name.

        Returns:
            What the function returns.

        Raises:
            InvalidInvocationError: when it has no function, or takes other arguments.
        """
        fn = self.execution_fn.fn if isinstance(self.execution_fn, DecoratedFunction) else self.execution_fn
        if fn is None:
            raise InvalidInvocationError(
                f"The schedule {self.name!r} has no function to call. Use evaluate_tick(), or @schedule."
            )
        context, resources = read_call(fn, args, kwargs, f"Schedule {self.name!r}")
        return port.call("call_schedule", self, fn, context, resources)


def _set(made: ScheduleDefinition, name: str, value: Any) -> None:
    object.__setattr__(made, name, value)


def _resource_keys(made: ScheduleDefinition) -> frozenset[str]:
    """The keys of the resources that the functions of a schedule use."""
    if not isinstance(made.execution_fn, DecoratedFunction):
        return made.required_resource_keys
    named = frozenset(read_shape(made.execution_fn.fn).resources)
    if named and not named >= made.required_resource_keys:
        raise InvalidDefinitionError(
            f"The schedule {made.name!r} asks for resources by required_resource_keys and by parameters of"
            " its function. Use one of the two."
        )
    return named | made.required_resource_keys


def _refuse_doubled(made: ScheduleDefinition) -> None:
    """Refuse arguments of which only one can count."""
    plain = ("run_config", "run_config_fn", "tags_fn", "should_execute")
    pairs = [("run_config", "run_config_fn"), ("tags", "tags_fn")]
    pairs += [("execution_fn", one) for one in plain]
    for first, second in pairs:
        if getattr(made, first) and getattr(made, second):
            raise InvalidDefinitionError(
                f"The schedule {made.name!r} has {first}= and {second}=. Give one of them."
            )


class ScheduleOptions(TypedDict, total=False):
    """What may be said of a decorated schedule beside times, name and tags; see ``ScheduleDefinition``."""

    job: Any
    job_name: str | None
    target: Any
    execution_timezone: str | None
    default_status: DefaultScheduleStatus
    required_resource_keys: Iterable[str] | None
    environment_vars: Mapping[str, str] | None
    description: str | None
    metadata: Mapping[str, Any] | None
    owners: Sequence[str] | None


def schedule(
    cron_schedule: str | Sequence[str],
    *,
    name: str | None = None,
    tags: Mapping[str, Any] | None = None,
    tags_fn: Callable[..., Any] | None = None,
    should_execute: Callable[..., Any] | None = None,
    **options: Unpack[ScheduleOptions],
) -> Callable[[Callable[..., Any]], ScheduleDefinition]:
    """Make a schedule of a function that says what to run at each time.

    The function takes a context, if it wants one, and resources as annotated parameters. It returns or
    yields run requests, a ``SkipReason``, or the run config of one run as a dict.

    Args:
        cron_schedule: one cron line or several.
        name: by default that of the function.
        tags, tags_fn: of the run, when the function returns a dict; requests bring their own.
        should_execute: whether a tick is to call the function.
        options: see ``ScheduleOptions``.

    Raises:
        InvalidDefinitionError: see ``ScheduleDefinition``.
    """
    for one in ("run_config", "run_config_fn", "execution_fn"):
        if one in options:
            raise InvalidDefinitionError(
                f"@schedule takes no {one}=: its function says what to run. Use ScheduleDefinition(…)."
            )
    check_options(options, ScheduleOptions.__annotations__, "@schedule")
    if callable(cron_schedule):
        raise InvalidDefinitionError(
            "@schedule needs its times: @schedule(cron_schedule='0 6 * * *', job=…)."
        )

    def decorate(fn: Callable[..., Any]) -> ScheduleDefinition:
        own = name or name_of(fn)
        if tags and tags_fn:
            raise InvalidDefinitionError(f"The schedule {own!r} has tags= and tags_fn=. Give one of them.")
        described: dict[str, Any] = {"description": fn.__doc__, **options}
        return ScheduleDefinition(
            name=own,
            cron_schedule=cron_schedule,
            execution_fn=DecoratedFunction(fn, should_execute, tags_fn),
            tags=tags or _NO_TAGS,
            **described,
        )

    return decorate
