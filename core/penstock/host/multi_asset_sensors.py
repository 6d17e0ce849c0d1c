"""Sensors that look at several assets: a tick of one, and what is wrong with it.

Owns: ``ask_multi_asset_sensor``, which the definition reaches through its port.
"""

from __future__ import annotations

from typing import Any, cast

from penstock.define.multi_asset_context import MultiAssetSensorEvaluationContext
from penstock.define.multi_asset_sensor import MultiAssetSensorDefinition
from penstock.define.run_requests import RunRequest
from penstock.define.sensor_calls import who
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.sensor_result import SensorResult, refuse_own_cursor
from penstock.errors import InvalidDefinitionError
from penstock.host.ticks import evaluate


def ask_multi_asset_sensor(sensor: MultiAssetSensorDefinition, context: SensorEvaluationContext) -> Any:
    """What the function of a sensor gives that looks at several assets.

    Args:
        sensor: whose function is asked.
        context: of the tick; its cursor is moved by what the function says is done.

    Raises:
        InvalidDefinitionError: when the function asks for runs and says of nothing that it is done.
        InvariantViolationError: when it gives a cursor of its own, or passes over too many partitions.
    """
    told = MultiAssetSensorEvaluationContext(
        ground=context.ground,
        cursor=context.cursor,
        sensor_name=context.given_name,
        repository_name=context.repository_name,
        last_run_key=context.last_run_key,
        last_tick_completion_time=context.last_tick_completion_time,
        last_sensor_start_time=context.last_sensor_start_time,
        monitored_assets=sensor.monitored_assets,
    )
    answer = evaluate(cast("Any", sensor.evaluation_fn), told)
    refuse_own_cursor(answer, who(sensor))
    if _asks(answer) and not told.cursor_updated:
        raise InvalidDefinitionError(
            f"{who(sensor)} asks for runs and leaves its cursor where it is: the next tick would find the"
            " same materializations. Call context.advance_cursor or context.advance_all_cursors."
        )
    told.update_cursor_after_evaluation()
    context.update_cursor(told.cursor)
    return answer


def _asks(answer: Any) -> bool:
    given = cast("list[Any]", answer) if isinstance(answer, list) else [answer]
    return any(
        isinstance(one, RunRequest) or (isinstance(one, SensorResult) and one.run_requests) for one in given
    )
