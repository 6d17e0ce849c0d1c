"""Ticks of the sensors that ask automation conditions.

Owns: ``ask_automation_sensor``, which the definition reaches through its port. Starts nothing.
"""

from __future__ import annotations

from penstock.automation.condition_runs import requests_of
from penstock.automation.entities import Scene
from penstock.define.automation_sensor import AutomationConditionSensorDefinition
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.sensor_result import SensorResult
from penstock.host.automation import EvaluateAutomationConditionsResult, evaluate_in
from penstock.host.clock import now as clock
from penstock.partitions.view import View


def ask_automation_sensor(
    sensor: AutomationConditionSensorDefinition, context: SensorEvaluationContext
) -> SensorResult:
    """The runs that the conditions of a sensor's assets ask for now.

    Args:
        sensor: whose assets and checks are asked.
        context: of the tick; its cursor is what conditions remember.
    """
    graph, instance, selection = context.repository_def.asset_graph, context.instance, sensor.asset_selection
    scene = Scene(graph, View(clock(), instance))
    wanted = {*selection.resolve(graph), *selection.resolve_checks(graph)}
    evaluated = evaluate_in(scene, instance, context.cursor, wanted, sensor.default_condition)
    found = EvaluateAutomationConditionsResult(evaluated, scene)
    requests = requests_of(evaluated.requested, scene, sensor.run_tags)
    reason = None if requests else "No condition asks for anything."
    return SensorResult(
        run_requests=requests,
        skip_reason=reason,
        cursor=found.cursor,
        automation_condition_evaluations=found.results,
    )
