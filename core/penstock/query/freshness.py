"""When assets were updated last, and how they stand by their freshness policies.

Owns: which recorded facts are updates. A materialization is one; an observation is one as of the moment that
its metadata ``penstock/last_updated_timestamp`` says. How updates are judged: ``plan.freshness``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from penstock.define.asset_graph import AssetGraph
from penstock.events import values as v
from penstock.events.view import fact_of
from penstock.keys import AssetKey
from penstock.plan.freshness import Freshness, Update, freshness_of, updated_at
from penstock.spi.store import AssetStatus, EventQuery, Store, StoredEvent

_KINDS = (v.AssetMaterialized, v.AssetObserved)


def freshness_of_assets(
    store: Store, graph: AssetGraph, keys: Iterable[AssetKey], *, now: datetime
) -> dict[AssetKey, Freshness]:
    """How assets stand by their policies; those without one are left out.

    Args:
        store: what is read.
        graph: of the project.
        keys: the assets that are asked about; unknown ones are left out as well.
        now: the moment, with a time zone.
    """
    specs = (graph.spec(key) for key in keys if graph.has(key))
    policies = {spec.key: spec.freshness_policy for spec in specs if spec.freshness_policy is not None}
    if not policies:
        return {}
    updates = last_updates(store, policies)
    return {
        key: freshness_of(policy, None if (found := updates[key]) is None else found.at, now)
        for key, policy in policies.items()
    }


def last_updates(store: Store, keys: Iterable[AssetKey]) -> Mapping[AssetKey, Update | None]:
    """The last update of each asset, of any partition; None where there is none."""
    wanted = sorted(set(keys))
    known = {status.asset_key: status for status in store.assets(wanted)} if wanted else {}
    return {key: None if (found := known.get(key)) is None else _later(_facts(found)) for key in wanted}


def latest_facts(store: Store, keys: Iterable[AssetKey]) -> dict[AssetKey, int]:
    """The storage id of the latest materialization or observation of each asset that has one."""
    found: dict[AssetKey, int] = {}
    wanted = sorted(set(keys))
    for status in store.assets(wanted) if wanted else ():
        facts = _facts(status)
        if facts:
            found[status.asset_key] = max(fact.id for fact in facts)
    return found


def _facts(status: AssetStatus) -> list[StoredEvent]:
    return [one for one in (status.last_materialization, status.last_observation) if one is not None]


def has_partition(store: Store, key: AssetKey, partition: str) -> bool:
    """Whether a partition of an asset was ever made or observed."""
    query = EventQuery(asset_key=key, partitions=(partition,), kinds=_KINDS, ascending=False, limit=1)
    return bool(store.read(query))


def _later(facts: list[StoredEvent]) -> Update | None:
    """What the latest facts of each kind come to: the latest moment that is known."""
    moments = [moment for fact in facts if (moment := _moment(fact)) is not None]
    if moments:
        return Update(max(moments))
    return Update(None) if facts else None


def _moment(stored: StoredEvent) -> datetime | None:
    fact = fact_of(stored.event)
    if not isinstance(fact, v.AssetMaterialization | v.AssetObservation):
        return None
    said = updated_at(fact.metadata)
    if said is not None or isinstance(fact, v.AssetObservation):
        return said
    return datetime.fromtimestamp(stored.event.at, UTC)
