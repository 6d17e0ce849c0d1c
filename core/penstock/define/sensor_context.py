"""What a sensor function is told: ``SensorEvaluationContext``, and how tests build one.

Owns: the cursor of one evaluation, and what is known of the evaluations before it. Instance, project,
resources and log stand in ``TickGround``. Must not know what the function gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from attrs import define, evolve, field

from penstock.define.tick_ground import TickGround
from penstock.errors import InvariantViolationError


def as_cursor(given: Any) -> str | None:
    """A cursor as it can be kept.

    Args:
        given: a text, or None for no cursor.

    Raises:
        InvariantViolationError: when it is something else.
    """
    if given is None or isinstance(given, str):
        return given
    raise InvariantViolationError(
        f"A sensor's cursor is a text, found {given!r:.200} ({type(given).__name__}). Write it as one, with"
        " str() or json.dumps()."
    )


@define(kw_only=True, eq=False)
class SensorEvaluationContext:
    """What a sensor function is told.

    Args:
        ground: instance, project and resources.
        cursor: where the last evaluation left off.
        given_name: of the sensor, when it is known.
        repository_name: of the project.
        last_run_key: of the last request that this sensor made.
        last_tick_completion_time: end of the last evaluation, in seconds since 1970.
        last_sensor_start_time: when the sensor was switched on, in seconds since 1970.
    """

    ground: TickGround = field(factory=TickGround)
    cursor: str | None = field(default=None, converter=as_cursor)
    given_name: str | None = field(default=None, alias="sensor_name")
    repository_name: str | None = None
    last_run_key: str | None = None
    last_tick_completion_time: float | None = None
    last_sensor_start_time: float | None = None
    cursor_updated: bool = field(default=False, init=False)

    @property
    def sensor_name(self) -> str:
        """The name of the sensor.

        Raises:
            InvariantViolationError: when the context was built without one.
        """
        if self.given_name is None:
            raise InvariantViolationError(
                "This context does not know which sensor it is for. Build it with sensor_name=."
            )
        return self.given_name

    @property
    def instance(self) -> Any:
        """The instance whose runs and assets it may look at.

        Raises:
            InvariantViolationError: when the context was built without one.
        """
        return self.ground.instance

    @property
    def repository_def(self) -> Any:
        """The project, None when the context was built without one."""
        return self.ground.project

    @property
    def resources(self) -> Any:
        """The resources as attributes; opened when they are first asked for."""
        return self.ground.resources

    @property
    def resource_defs(self) -> Mapping[str, Any]:
        """The resources that were given, by key."""
        return self.ground.given_resources

    @property
    def log(self) -> Any:
        """A standard logger."""
        return self.ground.log

    @property
    def last_completion_time(self) -> float | None:
        """Another name of ``last_tick_completion_time``."""
        return self.last_tick_completion_time

    @property
    def is_first_tick_since_sensor_start(self) -> bool:
        """Whether this is the first evaluation since the sensor was switched on."""
        began, last = self.last_sensor_start_time, self.last_tick_completion_time
        return not last or (began is not None and began > last)

    def update_cursor(self, cursor: str | None) -> None:
        """Remember where the next evaluation is to begin.

        Args:
            cursor: any text; None forgets it.

        Raises:
            InvariantViolationError: when it is no text.
        """
        self.cursor, self.cursor_updated = as_cursor(cursor), True

    def merge_resources(self, resources_dict: Mapping[str, Any]) -> Self:
        """The same context with more resources.

        Args:
            resources_dict: by key.
        """
        return evolve(self, ground=self.ground.with_resources(resources_dict))

    def __enter__(self) -> Self:
        self.ground.is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ground.is_entered = False
        self.ground.close()


def build_sensor_context(
    instance: Any = None,
    cursor: str | None = None,
    repository_name: str | None = None,
    repository_def: Any = None,
    sensor_name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    definitions: Any = None,
    last_sensor_start_time: float | None = None,
) -> SensorEvaluationContext:
    """A context to call or evaluate a sensor with in a test.

    As a context manager it closes its resources at the end.

    Args:
        instance: whose runs and assets it may look at.
        cursor: where the last evaluation left off.
        repository_name: of the project.
        repository_def, definitions: the project; either of them.
        sensor_name: of the sensor.
        resources: by key; these go before those of the project.
        last_sensor_start_time: when the sensor was switched on, in seconds since 1970.

    Raises:
        InvalidInvocationError: when the project is given twice.
        InvariantViolationError: when the cursor is no text.
    """
    return SensorEvaluationContext(
        ground=TickGround(
            instance=instance, repository_def=repository_def, definitions=definitions, resources=resources
        ),
        cursor=cursor,
        sensor_name=sensor_name,
        repository_name=repository_name,
        last_sensor_start_time=last_sensor_start_time,
    )
