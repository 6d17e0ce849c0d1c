"""When assets were updated last, and how they stand by their policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.definitions import Definitions
from penstock.define.freshness import FreshnessPolicy
from penstock.events import values as v
from penstock.keys import AssetKey
from penstock.metadata import TimestampMetadataValue
from penstock.plan.freshness import LAST_UPDATED_KEY, Freshness, FreshnessState, Update
from penstock.query.freshness import freshness_of_assets, has_partition, last_updates, latest_facts
from penstock.testing.stories import fact_event

A, B = AssetKey("a"), AssetKey("b")


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def report(store, fact, at):
    store.append("", 0, [fact_event(fact, at=at)])


def made(key, says=None, **about):
    return v.AssetMaterialization(key, metadata=_said(says), **about)


def seen(key, says=None, **about):
    return v.AssetObservation(key, metadata=_said(says), **about)


def _said(seconds):
    return {} if seconds is None else {LAST_UPDATED_KEY: TimestampMetadataValue(seconds)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], None),
        ([made(A)], Update(moment(100))),
        ([made(A), made(A)], Update(moment(101))),
        ([made(A, says=50)], Update(moment(50))),
        ([seen(A)], Update(None)),
        ([seen(A, says=60)], Update(moment(60))),
        ([made(A), seen(A)], Update(moment(100))),
        ([made(A), seen(A, says=100.5)], Update(moment(100.5))),
        ([made(A), seen(A, says=60)], Update(moment(100))),
        ([made(A, partition="p"), made(A, partition="q")], Update(moment(101))),
    ],
)
def test_the_last_update_is_the_latest_that_is_known(store, facts, expected):
    for place, fact in enumerate(facts):
        report(store, fact, at=100 + place)
    assert last_updates(store, [A]) == {A: expected}


def test_several_assets_are_asked_at_once(store):
    report(store, made(A), at=100)
    assert last_updates(store, [A, B]) == {A: Update(moment(100)), B: None}
    assert last_updates(store, []) == {}


def test_a_partition_is_there_when_it_was_made_or_observed(store):
    report(store, made(A, partition="p"), at=1)
    report(store, seen(A, partition="q"), at=2)
    assert [has_partition(store, A, one) for one in ("p", "q", "r")] == [True, True, False]
    assert not has_partition(store, B, "p")


def test_assets_with_a_policy_are_judged(store):
    hourly = FreshnessPolicy.time_window(timedelta(hours=1))

    @asset(freshness_policy=hourly)
    def a(): ...

    @asset(freshness_policy=hourly)
    def never(): ...

    @asset
    def without(): ...

    graph = Definitions(assets=[a, never, without]).resolve_asset_graph()
    report(store, made(A), at=100)
    asked = [A, AssetKey("never"), AssetKey("without"), AssetKey("unknown")]
    found = freshness_of_assets(store, graph, asked, now=moment(3700))
    assert found == {
        A: Freshness(FreshnessState.FAIL),
        AssetKey("never"): Freshness(FreshnessState.UNKNOWN),
    }
    assert freshness_of_assets(store, graph, [A], now=moment(3699)) == {
        A: Freshness(FreshnessState.PASS, moment(3700))
    }
    assert freshness_of_assets(store, graph, [AssetKey("without")], now=moment(1)) == {}


def test_the_latest_fact_of_an_asset_is_made_or_observed(store):
    report(store, made(A), at=100)
    first = latest_facts(store, [A, B])
    assert set(first) == {A}
    report(store, seen(A), at=50)
    assert latest_facts(store, [A])[A] > first[A]
    assert latest_facts(store, []) == {}
