"""What a run status sensor is told: the run, and the event that moved it.

Owns: ``RunStatusSensorContext``, ``RunFailureSensorContext`` and how tests build them. Must not know how runs
are found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from attrs import define, evolve, field

from penstock.define.tick_ground import TickGround
from penstock.errors import InvariantViolationError
from penstock.events.kinds import EventType
from penstock.events.runs import PARTITION_TAG, Run
from penstock.events.view import Event


@define(kw_only=True, eq=False)
class RunStatusSensorContext:
    """What a run status sensor is told.

    Args:
        sensor_name: of the sensor.
        run: the run.
        event: that brought the run into the status.
        ground: instance, project and resources.
        given_partition: the partition of the run; None for what its tags say.
    """

    sensor_name: str
    run: Run
    event: Event
    ground: TickGround = field(factory=TickGround)
    given_partition: str | None = field(default=None, alias="partition_key")

    @property
    def instance(self) -> Any:
        """The instance on which the run was."""
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
    def partition_key(self) -> str | None:
        """The partition of the run, None when it has none."""
        return self.run.tags.get(PARTITION_TAG) if self.given_partition is None else self.given_partition

    def for_run_failure(self) -> RunFailureSensorContext:
        """The same for a function with ``@run_failure_sensor``."""
        return RunFailureSensorContext(
            sensor_name=self.sensor_name,
            run=self.run,
            event=self.event,
            ground=self.ground,
            partition_key=self.given_partition,
        )

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


@define(kw_only=True, eq=False)
class RunFailureSensorContext(RunStatusSensorContext):
    """What a run failure sensor is told."""

    @property
    def failure_event(self) -> Event:
        """The failure of the run as a whole."""
        return self.event

    def get_step_failure_events(self) -> Sequence[Event]:
        """The failure of each step that failed, in order."""
        found = self.instance.get_records_for_run(self.run.run_id, of_type=EventType.STEP_FAILURE)
        return [record.event for record in found.records]


def build_run_status_sensor_context(
    sensor_name: str,
    event: Event,
    instance: Any,
    run: Run,
    context: Any = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    *,
    repository_def: Any = None,
) -> RunStatusSensorContext:
    """A context to call a run status sensor with in a test.

    As a context manager it closes its resources at the end.

    Args:
        sensor_name: of the sensor.
        event: that brought the run into the status, as ``result.get_run_success_event()`` gives it.
        instance: on which the run was.
        run: the run.
        context: a sensor context whose project and resources are taken over.
        resources: by key; these go before those of the project.
        partition_key: of the run; None for what its tags say.
        repository_def: the project.

    Raises:
        InvariantViolationError: when the run or the event is none.
    """
    _insist(run, Run, "run", "instance.get_run_by_id(result.run_id)")
    _insist(event, Event, "event", "result.get_run_success_event() or result.get_run_failure_event()")
    taken = TickGround() if context is None else context.ground
    ground = TickGround(
        instance=instance,
        repository_def=taken.project if repository_def is None else repository_def,
        resources={**taken.given_resources, **(resources or {})},
    )
    return RunStatusSensorContext(
        sensor_name=sensor_name, run=run, event=event, ground=ground, partition_key=partition_key
    )


def _insist(given: Any, kind: type, name: str, source: str) -> None:
    if not isinstance(given, kind):
        raise InvariantViolationError(
            f"build_run_status_sensor_context({name}=…) wants what {source} gives, found {given!r:.200}."
        )
