"""A plan before it runs: each step, why it would run, and how long it took before.

Owns: ``PlannedStep`` and ``preview``. Reads the store and runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import median
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.job import JobDefinition
from penstock.events.values import StepSucceeded
from penstock.keys import AssetKey
from penstock.plan.expand import Given, build_plan
from penstock.plan.model import Step, bare_key
from penstock.query.assets import Staleness, staleness
from penstock.query.plain import as_plain
from penstock.spi.store import EventQuery, Store
from penstock.values import frozen

_RECENT_STEPS = 5_000
_SAMPLES = 5

_REASONS: Mapping[Staleness, str] = {
    Staleness.NEVER_MADE: "missing",
    Staleness.CODE_CHANGED: "code changed",
    Staleness.UPSTREAM_NEWER: "upstream newer",
}


@frozen(kw_only=True)
class PlannedStep:
    """A step that a run would do.

    Args:
        step: its key.
        makes: the assets it makes or observes.
        checks: the checks it evaluates.
        after: keys of the steps it waits for.
        reason: ``missing``, ``code changed``, ``upstream newer``, ``upstream runs`` or ``selected``.
        seconds: what it took of late, the median; None when it never ran.
    """

    step: str
    makes: tuple[AssetKey, ...]
    checks: tuple[str, ...]
    after: tuple[str, ...]
    reason: str
    seconds: float | None

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


def preview(job: JobDefinition, graph: AssetGraph, store: Store, given: Given) -> tuple[PlannedStep, ...]:
    """Every step that a run of a job would do, in an order in which it can be done.

    Args:
        job: what would run.
        graph: every asset, for what is upstream.
        store: what was made before.
        given: inputs and partitions of the launch.
    """
    plan = build_plan(job, given)
    keys = [key for step in plan for key in step.asset_keys]
    states = judged(keys, graph, store)
    times = recent_seconds(store)
    running: set[AssetKey] = set()
    planned: list[PlannedStep] = []
    for step in plan:
        planned.append(
            PlannedStep(
                step=step.key,
                makes=step.asset_keys,
                checks=tuple(key.to_user_string() for key in step.checks),
                after=tuple(plan.steps[number].key for number in step.upstream),
                reason=_reason(step, states, graph, running),
                seconds=times.get(step.key),
            )
        )
        running.update(step.asset_keys)
    return tuple(planned)


def judged(keys: Collection[AssetKey], graph: AssetGraph, store: Store) -> Mapping[AssetKey, Staleness]:
    """The state of assets, from what is known of them and of what they are made of."""
    upstream = {key: graph.parents(key) for key in keys}
    wanted = {*keys, *(parent for parents in upstream.values() for parent in parents)}
    versions = {key: graph.spec(key).code_version for key in keys}
    return staleness(store.assets(sorted(wanted)), versions, upstream)


def _reason(
    step: Step, known: Mapping[AssetKey, Staleness], graph: AssetGraph, running: set[AssetKey]
) -> str:
    """Why a step runs: the worst that is known of its assets."""
    states = {known[key] for key in step.asset_keys if key in known}
    for state, reason in _REASONS.items():
        if state in states:
            return reason
    sources = [parent for key in step.asset_keys for parent in graph.parents(key)]
    sources += [check.asset_key for check in step.checks if check.asset_key not in step.asset_keys]
    if not running.isdisjoint(sources):
        return "upstream runs"
    return "selected"


def recent_seconds(store: Store) -> dict[str, float]:
    """What each step took of late, in seconds: the median of its newest runs; of mapped steps one time."""
    query = EventQuery(kinds=(StepSucceeded,), ascending=False, limit=_RECENT_STEPS)
    samples: dict[str, list[float]] = {}
    for stored in store.read(query):
        event = stored.event
        if isinstance(event, StepSucceeded):
            found = samples.setdefault(bare_key(event.step), [])
            if len(found) < _SAMPLES:
                found.append(event.seconds)
    return {step: median(found) for step, found in samples.items()}
