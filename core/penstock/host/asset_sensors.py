"""Sensors that look at one asset: which materialization their function is told.

Owns: ``ask_asset_sensor``, which the definition reaches through its port. A tick reads at most one
materialization, found by the asset and the cursor, however long the log is.
"""

from __future__ import annotations

from typing import Any

from penstock.define.asset_sensor import AssetSensorDefinition
from penstock.define.run_requests import SkipReason
from penstock.define.sensor_calls import places_of, who
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.sensor_result import refuse_own_cursor
from penstock.define.signature import read_shape
from penstock.events.entries import AssetRecordsFilter
from penstock.host.ticks import evaluate


def ask_asset_sensor(sensor: AssetSensorDefinition, context: SensorEvaluationContext) -> Any:
    """What the function of an asset sensor gives for the newest materialization since the cursor.

    Args:
        sensor: whose function is asked.
        context: of the tick; its cursor is moved behind what the function was told.

    Raises:
        InvariantViolationError: when the function gives a cursor of its own.
    """
    wanted = AssetRecordsFilter(sensor.asset_key, after_storage_id=place_of(context.cursor))
    found = context.instance.fetch_materializations(wanted, limit=1).records
    if not found:
        key = sensor.asset_key.to_user_string()
        return SkipReason(f"There is no new materialization of the asset {key!r}.")
    fn: Any = sensor.evaluation_fn
    extra = (found[0].event_log_entry,) if len(places_of(read_shape(fn))) > 1 else ()
    answer = evaluate(fn, context, *extra)
    refuse_own_cursor(answer, who(sensor))
    context.update_cursor(str(found[0].storage_id))
    return answer


def place_of(cursor: str | None) -> int | None:
    """The place in the log that a cursor names, None when it names none."""
    return int(cursor) if cursor is not None and cursor.isdecimal() else None
