"""What the function of a schedule is told: ``ScheduleEvaluationContext``.

Owns: that context, making one for a test, and reading a call with one. What it stands on is ``tick_ground``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, Self

from penstock.define.signature import read_shape
from penstock.define.tick_ground import TickGround
from penstock.errors import InvalidInvocationError, InvariantViolationError


class ScheduleEvaluationContext:
    """What a schedule function is told.

    As a context manager it keeps its resources open until the end of the block; without, they are open
    during each evaluation.

    Args:
        ground: instance, project, resources and log.
        scheduled_execution_time: when the function was to be called.
    """

    __penstock_context__: ClassVar[bool] = True

    def __init__(self, ground: TickGround, scheduled_execution_time: datetime | None = None) -> None:
        self.ground = ground
        self.given_time = scheduled_execution_time

    def __enter__(self) -> Self:
        self.ground.is_entered = True
        return self

    def __exit__(self, *failure: object) -> None:
        self.ground.is_entered = False
        self.ground.close()

    @property
    def scheduled_execution_time(self) -> datetime:
        """The tick: a moment with its time zone, which is that of the schedule.

        Raises:
            InvariantViolationError: when the context was built without it.
        """
        if self.given_time is None:
            raise InvariantViolationError(
                "This context has no scheduled_execution_time. Build it with scheduled_execution_time=."
            )
        return self.given_time if self.given_time.tzinfo else self.given_time.replace(tzinfo=UTC)

    @property
    def instance(self) -> Any:
        """Whose runs and assets it may look at.

        Raises:
            InvariantViolationError: when the context was built without one.
        """
        return self.ground.instance

    @property
    def repository_def(self) -> Any:
        """The project.

        Raises:
            InvariantViolationError: when the context was built without it.
        """
        return self.ground.repository_def

    @property
    def resources(self) -> Any:
        """The resources as attributes, opened when they are first asked for."""
        return self.ground.resources

    @property
    def log(self) -> Any:
        """A standard logger."""
        return self.ground.log

    def in_zone(self, zone: tzinfo) -> ScheduleEvaluationContext:
        """The same with the tick on the wall of a zone; a time without a zone is meant there."""
        given = self.given_time
        if given is None or given.tzinfo is zone:
            return self
        moved = given.astimezone(zone) if given.tzinfo else given.replace(tzinfo=zone)
        return ScheduleEvaluationContext(self.ground, moved)

    def with_resources(self, resources: Mapping[str, Any]) -> ScheduleEvaluationContext:
        """The same with more resources."""
        return ScheduleEvaluationContext(self.ground.with_resources(resources), self.given_time)


def build_schedule_context(
    instance: Any = None,
    scheduled_execution_time: datetime | None = None,
    resources: Mapping[str, Any] | None = None,
    repository_def: Any = None,
    *,
    definitions: Any = None,
) -> ScheduleEvaluationContext:
    """A context to call or evaluate a schedule with in a test.

    Args:
        instance: whose runs and assets it may look at.
        scheduled_execution_time: the tick; without a time zone it is meant in that of the schedule.
        resources: by key; definitions, configurable resources or plain objects.
        repository_def, definitions: the project, one of both; its resources are there too.
    """
    ground = TickGround(
        instance=instance, repository_def=repository_def, definitions=definitions, resources=resources
    )
    return ScheduleEvaluationContext(ground, scheduled_execution_time)


def read_call(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], who: str
) -> tuple[Any, Mapping[str, Any]]:
    """The context and the resources with which a schedule is called in a test.

    Args:
        fn: its function.
        args, kwargs: at most a context, and resources by name.
        who: ``"Schedule 'nightly'"``, for messages.

    Returns:
        The context, None when there is none; resources by name.

    Raises:
        InvalidInvocationError: when the function wants a context and gets none, or gets something else.
    """
    shape = read_shape(fn)
    named = shape.context or next(iter(shape.inputs), None)
    resources = {key: value for key, value in kwargs.items() if key in shape.resources}
    others = [*args, *(value for key, value in kwargs.items() if key not in shape.resources)]
    strange = [key for key in kwargs if key not in shape.resources and key not in (named, "context")]
    if len(others) > 1 or strange or any(not hasattr(one, "ground") for one in others if one is not None):
        raise InvalidInvocationError(
            f"{who} is called with a context alone, and resources by name; found {len(args)}"
            f" argument{'' if len(args) == 1 else 's'}{' and ' + ', '.join(kwargs) if kwargs else ''}."
            f" It has the resources {', '.join(shape.resources) or 'none'}."
        )
    if named and not others:
        raise InvalidInvocationError(
            f"{who} takes a context, but was called without one. Make one with build_schedule_context(…) and"
            " pass it first."
        )
    return (others[0] if others else None), resources
