"""Sensors that look at runs: which runs their function is told in a tick.

Owns: ``ask_run_status_sensor``, which the definition reaches through its port. A tick reads the log from the
cursor on, never before it, and moves the cursor over everything that it has looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from attrs import define, field

from penstock.define.run_requests import SkipReason
from penstock.define.run_status_context import RunStatusSensorContext
from penstock.define.run_status_sensor import EVENT_OF, RunStatusSensorDefinition
from penstock.define.sensor_calls import who
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.sensor_result import RunReaction, refuse_own_cursor
from penstock.engine.failures import describe_error
from penstock.events.entries import EventLogRecord, RunStatusChangeRecordsFilter
from penstock.events.runs import Run, RunsFilter
from penstock.host.asset_sensors import place_of
from penstock.host.ticks import evaluate
from penstock.spi.store import EventQuery

RUNS_A_TICK = 5
"""How many runs the function is told in one tick."""
_PAGE, _PAGES = 100, 20


def ask_run_status_sensor(sensor: RunStatusSensorDefinition, context: SensorEvaluationContext) -> Any:
    """What the function of a run status sensor gives for the runs since the cursor.

    A function that asks for runs is told one run a tick, and the next run in the next tick.

    Args:
        sensor: whose function is asked.
        context: of the tick; its cursor is moved behind the last run that was looked at.

    Returns:
        Reactions to runs about which the function says nothing, then what it gave for the last one.

    Raises:
        InvariantViolationError: when the function gives a cursor of its own.
    """
    end = _end_of_log(context.instance)
    if place_of(context.cursor) is None:
        context.update_cursor(str(end))
        return SkipReason(f"{who(sensor)} looks at runs from here on: its cursor is {end}.")
    if sensor.required_resource_keys:
        _ = context.ground.resources  # what cannot be opened is the sensor's failure, not that of a run
    tick = _Tick(sensor=sensor, context=context)
    for record, run in _changes(sensor, context, end):
        if run is not None and sensor.looks_at(run):
            if len(tick.answers) == RUNS_A_TICK:
                return tick.answers
            if tick.tell(record, run):
                return tick.answers
        context.update_cursor(str(record.storage_id))
    return tick.answers or SkipReason(f"No run came into the status {sensor.run_status.value}.")


def _end_of_log(instance: Any) -> int:
    newest = instance.store.read(EventQuery(ascending=False, limit=1))
    return newest[0].id if newest else 0


def _changes(
    sensor: RunStatusSensorDefinition, context: SensorEvaluationContext, end: int
) -> Iterator[tuple[EventLogRecord, Run | None]]:
    """The changes since the cursor, each with its run; the cursor goes to the end of what has none."""
    after = place_of(context.cursor)
    for _ in range(_PAGES):
        wanted = RunStatusChangeRecordsFilter(
            EVENT_OF[sensor.run_status], after_storage_id=after, before_storage_id=end + 1
        )
        page = context.instance.fetch_run_status_changes(wanted, limit=_PAGE, ascending=True)
        runs = _runs(context.instance, page.records)
        for record in page.records:
            yield record, runs.get(record.run_id)
            after = record.storage_id
        if not page.has_more:
            context.update_cursor(str(max(end, after or 0)))  # the end is earlier once a run was deleted
            return


def _runs(instance: Any, records: list[EventLogRecord]) -> Mapping[str, Run]:
    ids = sorted({record.run_id for record in records})
    return {run.run_id: run for run in instance.get_runs(RunsFilter(run_ids=ids))} if ids else {}


@define(kw_only=True)
class _Tick:
    """One tick of a run status sensor, and what it has come to so far."""

    sensor: RunStatusSensorDefinition
    context: SensorEvaluationContext
    answers: list[Any] = field(factory=list[Any])

    def tell(self, record: EventLogRecord, run: Run) -> bool:
        """Tell the function a run; whether it answered, which ends the tick."""
        told = RunStatusSensorContext(
            sensor_name=self.sensor.name, run=run, event=record.event, ground=self.context.ground
        )
        status, fn = self.sensor.run_status, cast("Any", self.sensor.evaluation_fn)
        try:
            answer = evaluate(fn, told)
        except Exception as error:  # noqa: BLE001  # of the user's: told of this run, the others go on
            self.answers.append(RunReaction(run=run, run_status=status, error=describe_error(error)))
            return False
        refuse_own_cursor(answer, who(self.sensor))
        if answer is None or answer == []:
            self.answers.append(RunReaction(run=run, run_status=status))
            return False
        self.context.update_cursor(str(record.storage_id))
        self._keep(answer, RunReaction(run=run, run_status=status))
        return True

    def _keep(self, answer: Any, reaction: RunReaction) -> None:
        given: list[Any] = cast("list[Any]", answer) if isinstance(answer, list) else [answer]
        reason_alone = len(given) == 1 and isinstance(given[0], SkipReason)
        self.answers += [reaction] if reason_alone and self.answers else given
