"""A backfill of what has changed: the stale and missing partitions among those that are asked for.

Owns: ``changed_targets``. What is stale is judged in ``staleness``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from penstock.automation.scheme import Scheme
from penstock.define.asset_graph import AssetGraph
from penstock.errors import InvalidInvocationError
from penstock.host.instance import Instance
from penstock.host.staleness import judged
from penstock.partitions.subset import PartitionsSubset
from penstock.plan.staleness import Verdict


def changed_targets(
    instance: Instance,
    graph: AssetGraph,
    scheme: Scheme,
    wanted: Mapping[int, PartitionsSubset],
    now: datetime | None,
) -> Mapping[int, PartitionsSubset]:
    """Those of the wanted partitions that are stale or missing.

    Args:
        instance: knows what was made.
        graph: every asset.
        scheme: of the backfill.
        wanted: place of a part → partitions.
        now: what counts as now, None asks the clock.

    Raises:
        InvalidInvocationError: when the backfill is of a job, of whose runs nothing is stale.
    """
    keys = [part.asset for part in scheme.parts if part.asset is not None]
    if len(keys) < len(scheme.parts):
        raise InvalidInvocationError(
            "What has changed is known of assets, not of jobs of ops. Name assets: --asset SELECTION."
        )
    verdicts = judged(graph, instance, keys, now=now)
    return {
        part.place: _changed(wanted[part.place], None if part.asset is None else verdicts.get(part.asset))
        for part in scheme.parts
    }


def _changed(wanted: PartitionsSubset, verdict: Verdict | None) -> PartitionsSubset:
    if verdict is None or not verdict.is_changed:
        return wanted.empty_subset()
    bad = verdict.changed_partitions
    return wanted if bad is None else wanted & bad
