"""Checks of whether assets were updated in time.

Owns: ``build_last_update_freshness_checks`` and ``build_time_partition_freshness_checks``, and what they were
told (``Deadline``). How an update is judged: ``plan.update_checks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from penstock.define.assets import AssetChecksDefinition
from penstock.define.built_checks import built_checks, checked_keys, checked_severity
from penstock.define.freshness import check_deadlines, check_timezone
from penstock.define.specs import AssetCheckSpec
from penstock.errors import InvalidDefinitionError
from penstock.events.values import AssetCheckSeverity
from penstock.keys import user_strings
from penstock.metadata import JsonMetadataValue
from penstock.metadata.sets import system_key
from penstock.values import frozen

CHECK_NAME = "freshness_check"
PARAMS_KEY = system_key("freshness_params")


@frozen(kw_only=True)
class Deadline:
    """Until when assets are to be updated.

    Args:
        lower_bound_delta: how long before the deadline an update counts; None where a partition is awaited.
        deadline_cron: the deadlines; None when it is now, whenever that is.
        timezone: IANA name of the zone that the schedule speaks of.
        severity: of a check that does not pass.
    """

    lower_bound_delta: timedelta | None = None
    deadline_cron: str | None
    timezone: str
    severity: AssetCheckSeverity

    @property
    def params(self) -> Mapping[str, Any]:
        """What was told, as plain data."""
        delta = self.lower_bound_delta
        found = {
            "timezone": self.timezone,
            "lower_bound_delta_seconds": None if delta is None else delta.total_seconds(),
            "deadline_cron": self.deadline_cron,
        }
        return {name: value for name, value in found.items() if value is not None}


def build_last_update_freshness_checks(
    *,
    assets: Sequence[Any],
    lower_bound_delta: timedelta,
    deadline_cron: str | None = None,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Make a ``freshness_check`` for each asset: it passes when the last update is not too old.

    An update is a materialization, or an observation that says ``penstock/last_updated_timestamp``.

    Args:
        assets: in any spelling; a definition stands for all its assets.
        lower_bound_delta: how old the last update may be, now or at the last deadline.
        deadline_cron: deadlines as a cron schedule; without one, now is the deadline.
        timezone: IANA name of the zone that the schedule speaks of.
        severity: of a check that does not pass.
        blocking: whether a failure of severity ERROR stops what is downstream of the asset.

    Raises:
        InvalidDefinitionError: when an asset stands twice, or there is no such schedule, zone or severity.
    """
    builder = "build_last_update_freshness_checks()"
    if not isinstance(lower_bound_delta, timedelta) or lower_bound_delta < timedelta(0):
        raise InvalidDefinitionError(
            f"{builder} wants a length of time as lower_bound_delta, such as timedelta(hours=12), found"
            f" {lower_bound_delta!r}."
        )
    check_timezone(timezone)
    if deadline_cron is not None:
        check_deadlines(deadline_cron)
    deadline = Deadline(
        lower_bound_delta=lower_bound_delta,
        deadline_cron=deadline_cron,
        timezone=timezone,
        severity=checked_severity(severity, builder),
    )
    return built_checks(_specs(assets, deadline, blocking, builder), "check_last_updates", deadline)


def build_time_partition_freshness_checks(
    *,
    assets: Sequence[Any],
    deadline_cron: str,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Make a ``freshness_check`` for each asset: it passes when the partition that was due is there.

    Due is the last partition whose window was over at the last deadline.

    Args:
        assets: in any spelling; their partitions are windows of time.
        deadline_cron: deadlines as a cron schedule.
        timezone: IANA name of the zone that the schedule speaks of.
        severity: of a check that does not pass.
        blocking: whether a failure of severity ERROR stops what is downstream of the asset.

    Raises:
        InvalidDefinitionError: when an asset stands twice, or there is no such schedule, zone or severity.
    """
    builder = "build_time_partition_freshness_checks()"
    check_timezone(timezone)
    check_deadlines(deadline_cron)
    severity = checked_severity(severity, builder)
    deadline = Deadline(deadline_cron=deadline_cron, timezone=timezone, severity=severity)
    return built_checks(_specs(assets, deadline, blocking, builder), "check_partitions_in_time", deadline)


def _specs(assets: Any, deadline: Deadline, blocking: bool, builder: str) -> list[AssetCheckSpec]:
    keys = checked_keys(assets, builder)
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        names = ", ".join(map(repr, user_strings(twice)))
        raise InvalidDefinitionError(f"{builder} has {names} twice. An asset has one freshness check.")
    return [
        AssetCheckSpec(
            CHECK_NAME,
            asset=key,
            description="Whether the asset was updated in time.",
            metadata={PARAMS_KEY: JsonMetadataValue(deadline.params)},
            blocking=blocking,
        )
        for key in keys
    ]
