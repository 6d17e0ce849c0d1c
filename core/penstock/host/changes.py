"""What ``--changed`` runs: of everything that is stale or missing, what one run can make now.

Owns: ``ChangedRun`` and ``changed_run``. A run makes one partition or one range of them; what does not fit
is left out, and with it what is only to be made because of it. Decides; runs nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.backfill_policy import BackfillPolicy
from penstock.host.planned_ranges import PlannedRange, ranges_in
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.plan.staleness import Causes, StaleCauseKind, StaleStatus, Verdict, together
from penstock.plan.staleness_facts import definition_of
from penstock.values import frozen

_ONE = BackfillPolicy(1)


class LeftOutBecause(Enum):
    """Why something that is to be made is not in this run."""

    PARTITIONS = "its partitions do not fit one run"
    UPSTREAM = "what it is made of is to be made first"


@frozen(kw_only=True)
class LeftOut:
    """Something that is to be made, and not by this run.

    Args:
        key: the asset.
        because: why it is not in it.
        ranges: the partitions that are left out; empty for an asset without partitions.
        only_missing: whether all of them were never made.
    """

    key: AssetKey
    because: LeftOutBecause
    ranges: tuple[PlannedRange, ...] = ()
    only_missing: bool = False


@frozen(kw_only=True)
class ChangedRun:
    """What a run makes of what is to be made.

    Args:
        keys: the assets, those included that a function makes with them; empty when there is nothing to do.
        partitions: the partitions it covers, None for none.
        left_out: what is to be made besides.
    """

    keys: frozenset[AssetKey] = frozenset()
    partitions: PlannedRange | None = None
    left_out: tuple[LeftOut, ...] = ()


def changed_run(
    graph: AssetGraph,
    verdicts: Mapping[AssetKey, Verdict],
    view: View,
    covered: Sequence[str] = (),
) -> ChangedRun:
    """Choose what one run makes.

    Args:
        graph: every asset.
        verdicts: of the assets that may be made, upstream ones first.
        view: what counts as now, and who knows dynamic keys.
        covered: the partitions that the run is to be for; none leaves that to what is to be made.
    """
    chooser = _Chooser(graph, view, covered)
    if not covered:
        chooser.settle_partitions(verdicts.values())
    for verdict in verdicts.values():
        if verdict.is_changed:
            chooser.consider(verdict)
    return chooser.chosen()


def whole(graph: AssetGraph, keys: Iterable[AssetKey]) -> frozenset[AssetKey]:
    """Assets, and those that a function cannot but make with them."""
    found: set[AssetKey] = set()
    for key in keys:
        definition = graph.definition(key)
        found.update((key,) if definition.can_subset else definition.keys)
    return frozenset(found)


def runs_for(graph: AssetGraph, key: AssetKey, count: int) -> int:
    """How many runs make so many partitions of an asset."""
    most = _policy(graph, key).max_partitions_per_run
    if most is None:
        return min(count, 1)
    return -(-count // most)


def changed_within(verdict: Verdict, keys: Sequence[str]) -> PartitionsSubset | None:
    """The partitions of an asset, among some, that are to be made; None when there is none."""
    bad = verdict.changed_partitions
    return None if bad is None else within(bad, keys)


def within(subset: PartitionsSubset, keys: Sequence[str]) -> PartitionsSubset | None:
    """Those of a subset that are among some keys; None when there is none."""
    form = subset.partitions_def.form
    places = [place for place in form.places_of(keys) if place is not None]
    return together([subset & PartitionsSubset(subset.partitions_def, form.body_of(places))])


class _Chooser:
    """Goes through assets from upstream to downstream and remembers what became of each."""

    def __init__(self, graph: AssetGraph, view: View, covered: Sequence[str]) -> None:
        self._graph, self._view = graph, view
        self._asked = tuple(covered)
        self._definition: PartitionsDefinition | None = None
        self._covered: PartitionsSubset | None = None
        self._keys: dict[AssetKey, None] = {}
        self._left: dict[AssetKey, LeftOut] = {}

    def settle_partitions(self, verdicts: Iterable[Verdict]) -> None:
        """Cover the partitions of the first asset all of whose changed partitions fit one run."""
        for verdict in verdicts:
            bad = verdict.changed_partitions
            if bad is not None and self._fits(verdict.key, bad):
                self._definition, self._covered = bad.partitions_def, bad
                return

    def _fits(self, key: AssetKey, bad: PartitionsSubset) -> bool:
        if len(bad) == 1:
            return True
        most = _policy(self._graph, key).max_partitions_per_run
        first_places = bad.partitions_def.form.runs(bad.body, self._view)
        ends = next(first_places, None)
        is_one_range = next(first_places, None) is None and not isinstance((ends or ("",))[0], tuple)
        return is_one_range and (most is None or len(bad) <= most)

    def consider(self, verdict: Verdict) -> None:
        """Take an asset in or leave it out."""
        if not verdict.is_partitioned:
            if self._has_reason(verdict.causes) and not self._waits(verdict.key, verdict.causes):
                self._keys[verdict.key] = None
            else:
                self._leave(verdict, LeftOutBecause.UPSTREAM)
            return
        bad = verdict.changed_partitions
        part = None if bad is None else self._part(bad)
        if bad is None or part is None:
            if not self._asked:
                self._leave(verdict, LeftOutBecause.PARTITIONS, bad)
            return
        causes = [one.causes for one in verdict.groups or () if not (one.subset & part).is_empty]
        if not any(self._has_reason(one) and not self._waits(verdict.key, one) for one in causes):
            self._leave(verdict, LeftOutBecause.UPSTREAM, bad)
            return
        self._keys[verdict.key] = None
        rest = bad - part
        if not rest.is_empty and not self._asked:
            self._leave(verdict, LeftOutBecause.PARTITIONS, rest)

    def _part(self, bad: PartitionsSubset) -> PartitionsSubset | None:
        """What of some partitions this run makes; all that it covers, or nothing."""
        if self._asked:
            return within(bad, self._asked)
        if self._covered is None or self._definition != bad.partitions_def:
            return None
        return self._covered if (self._covered - bad).is_empty else None

    def _has_reason(self, causes: Causes) -> bool:
        """Whether it is to be made now: not only because of something that is not made now."""
        return any(cause.is_own or cause.dependency in self._keys for cause in causes)

    def _waits(self, key: AssetKey, causes: Causes) -> bool:
        """Whether it was never made, and something that it would read is left out."""
        never_made = any(cause.kind is StaleCauseKind.NEVER_MADE for cause in causes)
        return never_made and any(parent in self._left for parent in self._graph.parents(key))

    def _leave(
        self, verdict: Verdict, because: LeftOutBecause, subset: PartitionsSubset | None = None
    ) -> None:
        missing = together(one.subset for one in verdict.groups or () if one.status is StaleStatus.MISSING)
        self._left[verdict.key] = LeftOut(
            key=verdict.key,
            because=because,
            ranges=() if subset is None else ranges_in(subset, self._view),
            only_missing=subset is not None and missing is not None and (subset - missing).is_empty,
        )

    def chosen(self) -> ChangedRun:
        """What came of it."""
        keys = whole(self._graph, self._keys)
        covers = self._covered is not None and any(
            definition_of(self._graph, key) == self._definition for key in keys
        )
        ranges = ranges_in(self._covered, self._view) if covers and self._covered is not None else ()
        return ChangedRun(
            keys=keys,
            partitions=ranges[0] if ranges else None,
            left_out=tuple(self._left.values()),
        )


def _policy(graph: AssetGraph, key: AssetKey) -> BackfillPolicy:
    found: Any = graph.definition(key).backfill_policy
    return found or _ONE
