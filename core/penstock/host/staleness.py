"""Staleness of a project: which of its assets are to be made, in what state an instance is.

Owns: ``judged`` and ``stale_keys``. Reads the store once for what is asked and everything upstream of it; the
judgement itself is pure and stands in ``plan.staleness_judge``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.bulk import without_collector
from penstock.host.clock import now as clock
from penstock.keys import AssetKey
from penstock.partitions.view import View
from penstock.plan.staleness import StaleStatus, Verdict
from penstock.plan.staleness_facts import definition_of, subjects_of
from penstock.plan.staleness_judge import judge
from penstock.query.versions import known_of


@without_collector
def judged(
    graph: AssetGraph, instance: Any, keys: Collection[AssetKey] | None = None, *, now: datetime | None = None
) -> dict[AssetKey, Verdict]:
    """What holds for assets that a run can make, each after those that it reads.

    Args:
        graph: every asset.
        instance: where they were made; knows dynamic partitions.
        keys: the assets that are asked about, None for all; those that no run makes have no verdict.
        now: what counts as now, with a time zone; None asks the clock.

    Raises:
        InvalidDefinitionError: when assets depend on each other in a circle, or a mapping does not work.
    """
    moment = clock() if now is None else now
    wanted = graph.get_all_asset_keys() if keys is None else set(keys)
    needed = wanted if keys is None else graph.upstream(wanted)
    definitions = {key: definition_of(graph, key) for key in graph.in_order if key in needed}
    known = known_of(instance.store, definitions, now=moment, dynamic=instance)
    found = judge(subjects_of(graph, needed), known, View(moment, instance))
    return {key: verdict for key, verdict in found.items() if key in wanted}


def stale_keys(
    graph: AssetGraph,
    instance: Any,
    keys: Collection[AssetKey] | None = None,
    *,
    statuses: Collection[StaleStatus] = (StaleStatus.STALE, StaleStatus.MISSING),
) -> frozenset[AssetKey]:
    """The assets that are stale or missing: what ``--changed`` makes.

    Args:
        graph: every asset.
        instance: where they were made.
        keys: the assets that are asked about, None for all.
        statuses: which ones are wanted; an asset has a status when one of its partitions has it.
    """
    return frozenset(
        key
        for key, verdict in judged(graph, instance, keys).items()
        if verdict.status in statuses or any(one.status in statuses for one in verdict.groups or ())
    )
