"""The sensor that has freshness checks evaluated again when they may no longer pass.

Owns: ``build_sensor_for_freshness_checks``. Which checks are due is decided in ``automation.due_checks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from penstock.define import port
from penstock.define.assets import AssetChecksDefinition
from penstock.define.names import as_tags
from penstock.define.run_requests import RunRequest, SkipReason
from penstock.define.selection import AssetSelection
from penstock.define.sensor import DefaultSensorStatus, SensorDefinition
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey

_DESCRIPTION = "Evaluates freshness checks that were never evaluated or may no longer pass."


def build_sensor_for_freshness_checks(
    *,
    freshness_checks: Sequence[AssetChecksDefinition],
    minimum_interval_seconds: int | None = None,
    name: str = "freshness_checks_sensor",
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    tags: Mapping[str, Any] | None = None,
) -> SensorDefinition:
    """Make a sensor that asks for an evaluation of those freshness checks that may have another result now.

    These are the checks that were never evaluated, those that passed until a moment that is over, and those
    that did not pass while their asset was updated since.

    Args:
        freshness_checks: what the builders of freshness checks gave.
        minimum_interval_seconds: pause between two evaluations of the sensor.
        name: of the sensor.
        default_status: whether it runs before anybody switches it on.
        tags: of the runs that it asks for.

    Raises:
        InvalidDefinitionError: when a check stands twice, something is no check, or the name, the pause or a
            tag is not possible.
    """
    keys = _keys(freshness_checks)
    if minimum_interval_seconds is not None and minimum_interval_seconds < 0:
        raise InvalidDefinitionError(
            f"minimum_interval_seconds is a pause, found {minimum_interval_seconds}. Give a positive number."
        )
    run_tags = as_tags(tags, f"the runs of {name}")

    def look(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        return port.call("request_due_checks", context, name, keys, run_tags)

    return SensorDefinition(
        name,
        evaluation_fn=look,
        asset_selection=AssetSelection.checks(*keys),
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        description=_DESCRIPTION,
    )


def _keys(given: Any) -> tuple[AssetCheckKey, ...]:
    if not isinstance(given, list | tuple):
        raise InvalidDefinitionError(
            f"freshness_checks wants what the builders of freshness checks gave, found {given!r}."
            " Join several: [*these, *those]."
        )
    found: list[AssetCheckKey] = []
    for one in cast("Sequence[Any]", given):
        if not isinstance(one, AssetChecksDefinition) or not (one.check_specs or one.kind == "check"):
            raise InvalidDefinitionError(f"freshness_checks wants definitions of checks, found {one!r}.")
        found.extend(spec.key for spec in one.check_specs)
    twice = sorted({key.to_user_string() for key in found if found.count(key) > 1})
    if twice:
        raise InvalidDefinitionError(f"freshness_checks has {', '.join(map(repr, twice))} twice. Keep one.")
    return tuple(sorted(found))
