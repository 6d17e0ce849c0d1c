"""What checks that nobody wrote do when they run: read what is recorded, and have it judged.

Owns: the evaluators that stand in the port. The verdicts are pure and stand in ``plan.update_checks`` and
``plan.metadata_checks``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from penstock.define.freshness_checks import Deadline
from penstock.define.metadata_checks import Bounds
from penstock.define.results import AssetCheckResult
from penstock.errors import InvalidInvocationError
from penstock.events import values as v
from penstock.events.values import AssetCheckSeverity
from penstock.events.view import fact_of
from penstock.host.clock import now
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.plan.metadata_checks import Metadata, Verdict, judge_bounds, judge_schemas
from penstock.plan.partitions import partitions_of
from penstock.plan.update_checks import expected_partition, judge_last_update, judge_partition
from penstock.query.freshness import has_partition, last_updates
from penstock.spi.store import EventQuery, Store


def _asked(context: Any) -> Sequence[AssetCheckKey]:
    return sorted(context.selected_asset_check_keys)


def check_last_updates(context: Any, deadline: Deadline) -> Iterator[AssetCheckResult]:
    """Judge the last update of each asset whose check is asked for.

    Args:
        context: of the step.
        deadline: what the checks were told.
    """
    keys = [check.asset_key for check in _asked(context)]
    updates, moment = last_updates(context.instance.store, keys), now()
    for key in keys:
        yield judge_last_update(key, deadline, updates[key], moment)


def check_partitions_in_time(context: Any, deadline: Deadline) -> Iterator[AssetCheckResult]:
    """Judge whether the partition that was due is there, of each asset whose check is asked for.

    Args:
        context: of the step.
        deadline: what the checks were told.

    Raises:
        InvalidInvocationError: when the partitions of an asset are no windows of time.
    """
    store, moment = context.instance.store, now()
    for check in _asked(context):
        key = check.asset_key
        expected = expected_partition(deadline, _windows_of(context.job_def, key), moment)
        is_there = expected is not None and has_partition(store, key, expected)
        found = is_there, last_updates(store, [key])[key]
        yield judge_partition(key, deadline, expected, found, moment)


def _windows_of(job: Any, key: AssetKey) -> TimeWindowPartitionsDefinition:
    layer = None if job is None else job.assets
    definition = None if layer is None else partitions_of(layer.known.get(key), key)
    if isinstance(definition, TimeWindowPartitionsDefinition):
        return definition
    raise InvalidInvocationError(
        f"A check of the partition that is due wants windows of time, such as days, as partitions of"
        f" {key.to_user_string()!r}; found {definition!r}. Use build_last_update_freshness_checks() instead."
    )


def check_column_schemas(context: Any, severity: AssetCheckSeverity) -> Iterator[AssetCheckResult]:
    """Compare the columns of the last two materializations of each asset whose check is asked for.

    Args:
        context: of the step.
        severity: of a check that does not pass.
    """
    for check in _asked(context):
        latest = _latest(context.instance.store, check.asset_key, 2)
        yield _result(check, judge_schemas(latest), severity)


def check_metadata_bounds(context: Any, bounds: Bounds) -> Iterator[AssetCheckResult]:
    """Look whether a number of the latest materialization is within bounds.

    Args:
        context: of the step.
        bounds: what the checks were told.
    """
    for check in _asked(context):
        latest = _latest(context.instance.store, check.asset_key, 1)
        yield _result(check, judge_bounds(bounds, latest[0] if latest else None), bounds.severity)


def _latest(store: Store, key: AssetKey, count: int) -> list[Metadata]:
    """The metadata of the latest materializations of an asset, the newest first."""
    query = EventQuery(asset_key=key, kinds=(v.AssetMaterialized,), ascending=False, limit=count)
    facts = [fact_of(stored.event) for stored in store.read(query)]
    return [fact.metadata for fact in facts if isinstance(fact, v.AssetMaterialization)]


def _result(check: AssetCheckKey, verdict: Verdict, severity: AssetCheckSeverity) -> AssetCheckResult:
    passed, said = verdict
    return AssetCheckResult(
        passed=passed, asset_key=check.asset_key, check_name=check.name, severity=severity, description=said
    )
