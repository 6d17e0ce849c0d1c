"""Sensors: what runs a job when its function says so, as definitions.

Owns: ``SensorDefinition`` and its decorator. What a tick comes to is told by ``evaluate_tick``, through the
port. Sensors that look at assets or at runs are in modules of their own. Must not know schedules, or the
daemon that ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from attrs import evolve, field, fields

from penstock.define import port
from penstock.define.names import as_tags, checked_name, name_of
from penstock.define.selection import AssetSelection
from penstock.define.sensor_calls import call_directly
from penstock.define.sensor_context import SensorEvaluationContext, build_sensor_context
from penstock.define.signature import read_shape
from penstock.define.spec_rules import check_owners
from penstock.define.targets import Target, as_text, read_targets
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.events.values import as_metadata
from penstock.metadata import MetadataValue
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.define.sensor_result import SensorExecutionData

DEFAULT_INTERVAL = 30
"""Seconds between two evaluations of a sensor that says nothing else."""
SensorReturnTypesUnion = Any
"""What a sensor function may give: a ``RunRequest``, a list, a ``SkipReason``, a ``SensorResult``, None."""


class SensorType(Enum):
    """What a sensor looks at."""

    STANDARD = "STANDARD"
    RUN_STATUS = "RUN_STATUS"
    ASSET = "ASSET"
    MULTI_ASSET = "MULTI_ASSET"
    AUTOMATION = "AUTOMATION"


class DefaultSensorStatus(Enum):
    """Whether a sensor runs before anybody switches it on or off."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


def _interval(given: Any) -> int:
    if given is None:
        return DEFAULT_INTERVAL
    if not isinstance(given, int):
        raise InvalidDefinitionError(
            f"minimum_interval_seconds of a sensor is a whole number, found {given!r:.200}."
        )
    return given


def _status(given: Any) -> DefaultSensorStatus:
    if not isinstance(given, DefaultSensorStatus):
        raise InvalidDefinitionError(
            f"default_status of a sensor is DefaultSensorStatus.RUNNING or .STOPPED, found {given!r:.200}."
        )
    return given


def _selection(given: Any) -> AssetSelection | None:
    return None if given is None else AssetSelection.from_coercible(given)


def _keys(given: Iterable[str] | None) -> frozenset[str]:
    return frozenset(given or ())


@frozen(kw_only=True, eq=False)
class SensorDefinition:
    """Runs a job when its function says so.

    Args:
        name: of the sensor, by default that of its function.
        evaluation_fn: looks at the world and returns or yields requests.
        job, job_name, jobs: the job, its name, or the jobs that it may choose from.
        target: a job, or the assets that it makes.
        asset_selection: the assets of which its requests may choose, in the job of all assets.
        minimum_interval_seconds: pause between two evaluations.
        description, tags, metadata, owners: for people.
        default_status: whether it runs before anybody switches it on.
        required_resource_keys: what the function asks of ``context.resources``; resources that are
            parameters of it count by themselves.

    Raises:
        InvalidDefinitionError: when it has no function, two targets, or a name that cannot be.
    """

    sensor_type: ClassVar[SensorType] = SensorType.STANDARD
    context_class: ClassVar[type] = SensorEvaluationContext
    context_builder: ClassVar[str] = "build_sensor_context"

    name: str = field(default="", kw_only=False, converter=as_text)
    evaluation_fn: Callable[..., Any] | None = None
    given_job_name: str | None = field(default=None, alias="job_name")
    minimum_interval_seconds: int = field(default=None, converter=_interval)
    description: str | None = None
    given_job: Any = field(default=None, alias="job")
    given_jobs: Sequence[Any] | None = field(default=None, alias="jobs")
    default_status: DefaultSensorStatus = field(default=DefaultSensorStatus.STOPPED, converter=_status)
    asset_selection: AssetSelection | None = field(default=None, converter=_selection)
    own_resource_keys: frozenset[str] = field(default=None, converter=_keys, alias="required_resource_keys")
    given_tags: Mapping[str, Any] | None = field(default=None, alias="tags")
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=as_metadata)
    given_target: Any = field(default=None, alias="target")
    given_owners: Sequence[str] | None = field(default=None, alias="owners")
    targets: Sequence[Target] = field(init=False, repr=False)
    required_resource_keys: frozenset[str] = field(init=False, repr=False)
    tags: Mapping[str, str] = field(init=False, repr=False)
    owners: Sequence[str] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        fn = self.evaluation_fn
        if fn is None:
            raise InvalidDefinitionError(
                f"The sensor {self.name!r} has no function. Give evaluation_fn=, or write @sensor."
            )
        name = checked_name(self.name or name_of(fn), "sensor")
        made = {
            "name": name,
            "targets": self._read_targets(name),
            "required_resource_keys": self.own_resource_keys | self._asked_by_parameters(fn, name),
            "tags": as_tags(self.given_tags, f"sensor {name}"),
            "owners": check_owners(self.given_owners or (), f"sensor {name!r}"),
        }
        for attribute, value in made.items():
            object.__setattr__(self, attribute, value)

    def _read_targets(self, name: str) -> Sequence[Target]:
        found = read_targets(
            name,
            "sensor",
            job=self.given_job,
            job_name=self.given_job_name,
            jobs=self.given_jobs,
            target=self.given_target,
        )
        if found and self.asset_selection is not None:
            raise InvalidDefinitionError(
                f"The sensor {name!r} has asset_selection= and a job or target besides. Give one of them."
            )
        return found

    def _asked_by_parameters(self, fn: Callable[..., Any], name: str) -> frozenset[str]:
        shape = read_shape(fn)
        if shape.is_async:
            raise InvalidDefinitionError(
                f"The function of the sensor {name!r} ({shape.where}) is async. Write an ordinary one; it may"
                " call asyncio.run()."
            )
        asked = frozenset(shape.resources)
        if asked and self.own_resource_keys and self.sensor_type is SensorType.STANDARD:
            raise InvalidDefinitionError(
                f"The sensor {name!r} names resources in required_resource_keys"
                f" ({', '.join(sorted(self.own_resource_keys))}) and as parameters"
                f" ({', '.join(sorted(asked))}). Do one of them."
            )
        return asked

    # ---- its jobs -------------------------------------------------------------------------------

    @property
    def has_jobs(self) -> bool:
        """Whether it was given jobs, and not a name alone."""
        return any(target.has_job_def for target in self.targets)

    @property
    def jobs(self) -> Sequence[Any]:
        """The jobs that it may choose from.

        Raises:
            InvalidDefinitionError: when it was given none.
        """
        found = [target.job for target in self.targets if target.job is not None]
        if not found:
            raise self._without_job()
        return found

    @property
    def job(self) -> Any:
        """Its job.

        Raises:
            InvalidDefinitionError: when it was given none, several, or a name alone.
        """
        found = self._one_target().job
        if found is None:
            raise InvalidDefinitionError(
                f"The sensor {self.name!r} knows its job {self.job_name!r} by name alone. Ask the project."
            )
        return found

    @property
    def job_name(self) -> str:
        """The name of its job.

        Raises:
            InvalidDefinitionError: when it has none or several.
        """
        return self._one_target().job_name

    def _one_target(self) -> Target:
        if not self.targets:
            raise self._without_job()
        if len(self.targets) > 1:
            names = ", ".join(target.job_name for target in self.targets)
            raise InvalidDefinitionError(f"The sensor {self.name!r} has several jobs: {names}. Ask for jobs.")
        return self.targets[0]

    def _without_job(self) -> InvalidDefinitionError:
        return InvalidDefinitionError(f"The sensor {self.name!r} has no job. Give it job=, jobs= or target=.")

    def with_updated_jobs(self, new_jobs: Sequence[Any]) -> Self:
        """A copy with other jobs.

        Args:
            new_jobs: that it may choose from.
        """
        return self._with(
            given_job=None,
            given_job_name=None,
            given_target=None,
            asset_selection=None,
            given_jobs=tuple(new_jobs),
        )

    def _with(self, **attributes: Any) -> Self:
        """A copy with some attributes replaced; kinds of sensors take them under names of their own."""
        names = {one.name: one.alias or one.name for one in fields(type(self)) if one.init}
        return evolve(self, **{names[name]: value for name, value in attributes.items() if name in names})

    def with_updated_job(self, new_job: Any) -> Self:
        """A copy with another job.

        Args:
            new_job: the job.
        """
        return self.with_updated_jobs([new_job])

    def with_attributes(
        self, *, jobs: Sequence[Any] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> Self:
        """A copy with other jobs or metadata.

        Args:
            jobs: that it may choose from; None keeps them.
            metadata: for people; None keeps it.
        """
        made = self if jobs is None else self.with_updated_jobs(jobs)
        return made if metadata is None else evolve(made, metadata=metadata)

    # ---- evaluating -----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does.

        Raises:
            InvalidInvocationError: when the context is missing, or an argument is too many.
            ResourceRequirementError: when a resource is missing.
        """
        fn = self.evaluation_fn
        return None if fn is None else call_directly(self, fn, args, kwargs, build_sensor_context)

    def ask(self, context: SensorEvaluationContext) -> Any:
        """What its function gives in a tick; of a generator a list of all that it yields.

        Args:
            context: of the tick.
        """
        return port.call("evaluate_function", self.evaluation_fn, context)

    def evaluate_tick(self, context: SensorEvaluationContext) -> SensorExecutionData:
        """Evaluate once; nothing is run and nothing stored.

        Args:
            context: made by ``build_sensor_context``.

        Raises:
            InvariantViolationError: when the context is none, or the function gives what cannot be.
            UnknownPartitionError: when a request names a partition that its job has not.
        """
        if not isinstance(context, SensorEvaluationContext):
            raise InvariantViolationError(
                f"evaluate_tick wants what build_sensor_context makes, found {context!r:.200}."
            )
        return port.call("evaluate_sensor", self, context)


def named_after(fn: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a sensor with the name and the description of its function where they have none."""
    name, said = options.get("name"), options.get("description")
    return {**options, "name": name or name_of(fn), "description": fn.__doc__ if said is None else said}


def sensor(job_name: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], SensorDefinition]:
    """Make a sensor of a function that says what to run when.

    Args:
        job_name: which job, unless ``job=``, ``jobs=`` or ``target=`` gives it.
        options: see ``SensorDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> SensorDefinition:
        return SensorDefinition(evaluation_fn=fn, **named_after(fn, {"job_name": job_name, **options}))

    return decorate
