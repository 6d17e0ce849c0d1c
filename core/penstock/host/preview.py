"""A plan before it runs: each step, why it would run, for which partitions, and how long it took before.

Owns: ``PlannedStep`` and ``preview``. Reads the store and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.job import JobDefinition
from penstock.events.values import StepSucceeded
from penstock.host.changes import runs_for, within
from penstock.host.clock import now as clock
from penstock.host.planned_ranges import PlannedRange, ranges_in
from penstock.host.staleness import judged
from penstock.keys import AssetKey
from penstock.partitions.view import View
from penstock.plan.expand import Given, build_plan
from penstock.plan.model import Step, bare_key
from penstock.plan.staleness import Causes, StaleCauseKind, StaleStatus, Verdict, Verdicts
from penstock.query.plain import as_plain
from penstock.spi.store import EventQuery, Store
from penstock.values import frozen

_RECENT_STEPS = 5_000
_SAMPLES = 5

UPSTREAM_RUNS, SELECTED, UP_TO_DATE = "upstream runs", "selected", "up to date"

_REASONS: Mapping[StaleCauseKind, str] = {
    StaleCauseKind.NEVER_MADE: "missing",
    **{kind: kind.value for kind in StaleCauseKind if kind is not StaleCauseKind.NEVER_MADE},
}
"""What happened, the worst first → the reason."""


@frozen(kw_only=True)
class PlannedPartitions:
    """Partitions of what a step makes that are to be made for the same causes.

    Args:
        status: theirs.
        causes: why they are to be made; empty for those that are fresh.
        count: how many there are.
        ranges: which ones.
    """

    status: StaleStatus
    causes: Causes
    count: int
    ranges: tuple[PlannedRange, ...]


@frozen(kw_only=True)
class PlannedStep:
    """A step that a run would do.

    Args:
        step: its key.
        makes: the assets it makes or observes.
        checks: the checks it evaluates.
        after: keys of the steps it waits for.
        reason: the gravest cause in two words, such as ``missing``, ``code changed`` or ``upstream newer``;
            ``upstream runs``, ``selected`` or ``up to date`` where nothing is stale.
        seconds: what it took of late, the median; None when it never ran.
        causes: every cause.
        partitions: of partitioned assets what is known of which partitions; empty for others.
        runs: how many runs it takes, as the backfill policy says.
    """

    step: str
    makes: tuple[AssetKey, ...]
    checks: tuple[str, ...]
    after: tuple[str, ...]
    reason: str
    seconds: float | None
    causes: Causes = ()
    partitions: tuple[PlannedPartitions, ...] = ()
    runs: int = 1

    @property
    def is_partitioned(self) -> bool:
        """Whether it is judged partition by partition."""
        return bool(self.partitions) or self.reason == UP_TO_DATE

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        return as_plain(self)


def preview(
    job: JobDefinition, graph: AssetGraph, instance: Any, given: Given, verdicts: Verdicts | None = None
) -> tuple[PlannedStep, ...]:
    """Every step that a run of a job would do, in an order in which it can be done.

    Args:
        job: what would run.
        graph: every asset, for what is upstream.
        instance: what was made before, and who knows dynamic keys.
        given: inputs and partitions of the launch.
        verdicts: what is stale; None asks.
    """
    plan = build_plan(job, given)
    keys = [key for step in plan for key in step.asset_keys]
    moment = clock()
    known = judged(graph, instance, keys, now=moment) if verdicts is None else verdicts
    return tuple(_Previewer(graph, known, View(moment, instance), given.partition_keys).steps(plan, instance))


class _Previewer:
    """Looks at the steps of a plan one after the other."""

    def __init__(self, graph: AssetGraph, verdicts: Verdicts, view: View, covered: Sequence[str]) -> None:
        self._graph, self._verdicts, self._view = graph, verdicts, view
        self._covered = covered
        self._running: set[AssetKey] = set()

    def steps(self, plan: Any, instance: Any) -> Iterable[PlannedStep]:
        times = recent_seconds(instance.store)
        for step in plan:
            after = tuple(plan.steps[number].key for number in step.upstream)
            yield self._step(step, after, times.get(step.key))
            self._running.update(step.asset_keys)

    def _step(self, step: Step, after: tuple[str, ...], seconds: float | None) -> PlannedStep:
        found = [self._verdicts[key] for key in step.asset_keys if key in self._verdicts]
        partitions = self._partitions(found)
        causes = (
            tuple(dict.fromkeys(cause for one in partitions for cause in one.causes))
            if partitions
            else tuple(dict.fromkeys(cause for one in found for cause in one.causes))
        )
        is_partitioned = any(one.is_partitioned for one in found)
        return PlannedStep(
            step=step.key,
            makes=step.asset_keys,
            checks=tuple(key.to_user_string() for key in step.checks),
            after=after,
            reason=self._reason(step, causes, is_open=is_partitioned and not self._covered),
            seconds=seconds,
            causes=causes,
            partitions=partitions,
            runs=self._runs(found) if is_partitioned and not self._covered else 1,
        )

    def _partitions(self, verdicts: Sequence[Verdict]) -> tuple[PlannedPartitions, ...]:
        merged: dict[tuple[StaleStatus, Causes], Any] = {}
        for verdict in verdicts:
            for group in verdict.groups or ():
                subset = within(group.subset, self._covered) if self._covered else group.subset
                if subset is not None:
                    same = group.status, group.causes
                    merged[same] = merged[same] | subset if same in merged else subset
        return tuple(
            PlannedPartitions(
                status=status, causes=causes, count=len(subset), ranges=ranges_in(subset, self._view)
            )
            for (status, causes), subset in merged.items()
        )

    def _runs(self, verdicts: Sequence[Verdict]) -> int:
        changed = [(one.key, one.changed_partitions) for one in verdicts]
        return max(
            (runs_for(self._graph, key, len(bad)) for key, bad in changed if bad is not None), default=0
        )

    def _reason(self, step: Step, causes: Causes, *, is_open: bool) -> str:
        """Why a step runs: the gravest cause of its assets."""
        kinds = {cause.kind for cause in causes}
        for kind, reason in _REASONS.items():
            if kind in kinds:
                return reason
        if is_open:
            return UP_TO_DATE
        sources = [parent for key in step.asset_keys for parent in self._graph.parents(key)]
        sources += [check.asset_key for check in step.checks if check.asset_key not in step.asset_keys]
        return SELECTED if self._running.isdisjoint(sources) else UPSTREAM_RUNS


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


def seconds_of(steps: Sequence[PlannedStep]) -> tuple[float | None, int]:
    """How long steps take together, one after the other, as far as that is known.

    Returns:
        Seconds, None when nothing is known; and how many of the steps are of unknown length.
    """
    running = [step for step in steps if step.runs]
    known = [step.seconds * step.runs for step in running if step.seconds is not None]
    return (sum(known) if known else None), len(running) - len(known)
