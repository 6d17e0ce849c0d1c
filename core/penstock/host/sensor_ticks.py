"""Ticks of sensors: the function is asked, its answer read, its requests resolved.

Owns: ``evaluate_sensor``, which definitions reach through their port. It runs nothing and stores nothing:
whoever carries a tick out does. What an answer comes to is decided by ``automation.sensor_answers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from penstock.automation.dynamic_requests import Changed, refuse_contradictions
from penstock.automation.sensor_answers import of_all_assets, read_sensor_answer
from penstock.automation.ticks import resolve_requests
from penstock.define.asset_job import IMPLICIT_JOB
from penstock.define.run_requests import RunRequest
from penstock.define.sensor import SensorDefinition
from penstock.define.sensor_calls import who
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.sensor_result import SensorExecutionData
from penstock.define.targets import Target
from penstock.errors import InvariantViolationError
from penstock.host.ticks import surroundings, tick
from penstock.partitions.view import View

SENSOR_TAG = "penstock/sensor_name"
"""The tag of a run that says which sensor asked for it."""


def evaluate_sensor(sensor: SensorDefinition, context: SensorEvaluationContext) -> SensorExecutionData:
    """One tick of a sensor.

    Args:
        sensor: whose function is asked.
        context: of the tick; its cursor is moved by the function.

    Raises:
        InvariantViolationError: when the function gives what cannot be, or sets the cursor twice.
        UnknownPartitionError: when a request names a partition that its job has not.
    """
    if context.given_name is None:
        context.given_name = sensor.name
    ground, subject = context.ground, who(sensor)
    with tick(ground, subject, sensor.required_resource_keys):
        answer = read_sensor_answer(sensor.ask(context), subject)
    if answer.cursor is not None and context.cursor_updated:
        raise InvariantViolationError(
            f"{subject} set the cursor twice: by context.update_cursor() and by SensorResult(cursor="
            f"{answer.cursor!r}). Do one of them."
        )
    refuse_contradictions(answer.dynamic_partitions_requests, subject)
    return evolve(
        answer,
        run_requests=_resolved(sensor, context, answer),
        cursor=context.cursor if answer.cursor is None else answer.cursor,
    )


def _resolved(
    sensor: SensorDefinition, context: SensorEvaluationContext, answer: SensorExecutionData
) -> Sequence[RunRequest]:
    ground, requests = context.ground, answer.run_requests
    view = View(None, Changed(ground.given_instance, answer.dynamic_partitions_requests))
    around = surroundings(sensor, ground, view, {SENSOR_TAG: sensor.name})
    if requests and sensor.asset_selection is not None:
        graph: Any = ground.repository_def.asset_graph
        requests = of_all_assets(requests, sensor.asset_selection, graph, around.who)
        around = evolve(around, targets=(Target(job_name=IMPLICIT_JOB),))
    return resolve_requests(requests, around)
