"""What the sensor for freshness checks does when it is asked: read how the checks stand, and request runs.

Owns: the function that stands in the port. Which checks are due is decided in ``automation.due_checks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.automation.due_checks import CheckStanding, is_due
from penstock.define.run_requests import RunRequest, SkipReason
from penstock.events import values as v
from penstock.events.runs import TERMINAL, Run, RunsFilter, RunStatus
from penstock.host.clock import now
from penstock.host.sensor_ticks import SENSOR_TAG
from penstock.keys import AssetCheckKey
from penstock.query.freshness import latest_facts
from penstock.spi.store import EventQuery, Store, StoredEvent

_NOT_OVER = [status for status in RunStatus if status not in TERMINAL]


def request_due_checks(
    context: Any, sensor: str, keys: Sequence[AssetCheckKey], tags: Mapping[str, str]
) -> RunRequest | SkipReason:
    """Ask for one run of all freshness checks that are due.

    Args:
        context: of the tick.
        sensor: its name.
        keys: of its checks.
        tags: of the run.
    """
    moment, due = now().timestamp(), list[AssetCheckKey]()
    for key, standing in _standings(context.instance.store, keys, sensor).items():
        wanted, why = is_due(standing, moment)
        context.log.info("%s: %s, %s.", key.to_user_string(), "evaluate" if wanted else "leave", why)
        if wanted:
            due.append(key)
    if due:
        return RunRequest(asset_check_keys=due, tags=tags)
    return SkipReason(f"None of {len(keys)} freshness checks is due.")


def _standings(
    store: Store, keys: Sequence[AssetCheckKey], sensor: str
) -> Mapping[AssetCheckKey, CheckStanding]:
    runs = [record.run for record in store.runs(RunsFilter(statuses=_NOT_OVER))]
    own = [run for run in runs if run.tags.get(SENSOR_TAG) == sensor]
    others = [run for run in runs if run not in own]
    facts = latest_facts(store, [key.asset_key for key in keys])
    found: dict[AssetCheckKey, CheckStanding] = {}
    for key in keys:
        latest = _latest(store, key)
        found[key] = CheckStanding(
            evaluation=None if latest is None else _evaluation(latest),
            updated_since=latest is not None and facts.get(key.asset_key, 0) > latest.id,
            own_run=_evaluates(own, key),
            other_run=_evaluates(others, key),
        )
    return found


def _latest(store: Store, key: AssetCheckKey) -> StoredEvent | None:
    query = EventQuery(kinds=(v.CheckEvaluated,), check_key=key, ascending=False, limit=1)
    return next(iter(store.read(query)), None)


def _evaluation(stored: StoredEvent) -> v.AssetCheckEvaluation | None:
    return stored.event.evaluation if isinstance(stored.event, v.CheckEvaluated) else None


def _evaluates(runs: Sequence[Run], key: AssetCheckKey) -> bool:
    return any(key in (run.asset_check_selection or ()) for run in runs)
