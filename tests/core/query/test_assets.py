from __future__ import annotations

import json

from penstock.events import values as v
from penstock.keys import AssetCheckKey, AssetKey
from penstock.query import assets
from penstock.spi.store import EventQuery
from penstock.testing.stories import fact_event, run_story, tell

A, B, C = AssetKey("a"), AssetKey("b"), AssetKey(["c", "x"])


def report(store, *facts, at=1_000.0):
    store.append("", 0, [fact_event(fact, at=at) for fact in facts])


def made(key, data=None, code=None, used=None, **about):
    tags = {v.DATA_VERSION_TAG: data, v.CODE_VERSION_TAG: code}
    tags.update({v.INPUT_DATA_VERSION_PREFIX + name: version for name, version in (used or {}).items()})
    return v.AssetMaterialization(key, tags={k: value for k, value in tags.items() if value}, **about)


def checked(key, name, passed=True):
    return v.AssetCheckEvaluation(asset_key=key, check_name=name, passed=passed)


def test_assets_with_a_fact_are_listed_by_key(store):
    tell(store, "r", run_story(["s"], facts={"s": [made(C, data="d1", code="1")]}))
    report(store, v.AssetObservation(A), at=5)
    a, c = assets.list_assets(store)
    assert (a.key, a.materialized_at, a.observed_at, a.run_id) == (A, None, 5, None)
    assert (c.key, c.run_id, c.data_version, c.code_version) == (C, "r", "d1", "1")


def test_asked_for_assets_are_listed_even_when_nothing_is_known(store):
    report(store, made(A))
    found = assets.list_assets(store, [B, A])
    assert [(line.key, line.materialized_at is None) for line in found] == [(A, False), (B, True)]


def test_assets_are_listed_by_prefix(store):
    report(store, made(A), made(C))
    assert [line.key for line in assets.list_assets(store, prefix=["c"])] == [C]
    assert [line.key for line in assets.list_assets(store, [A, C], prefix=["c"])] == [C]


def test_an_asset_is_shown_with_its_latest_facts(store):
    report(store, made(A, metadata={"rows": 1}), checked(A, "old", passed=False))
    report(store, made(A, metadata={"rows": 2}, description="now"), v.AssetObservation(A), checked(A, "old"))
    found = assets.show_asset(store, A)
    assert found.metadata["rows"].value == 2
    assert found.description == "now"
    assert [(check.check_name, check.passed) for check in found.checks] == [("old", True)]
    assert [record.event.event_type_value for record in found.history] == [
        "ASSET_OBSERVATION", "ASSET_MATERIALIZATION", "ASSET_MATERIALIZATION",
    ]  # fmt: skip


def test_history_is_as_long_as_asked_for(store):
    report(store, *[made(A) for _ in range(4)])
    assert len(assets.show_asset(store, A, history=2).history) == 2


def test_history_mixes_what_was_made_and_what_was_seen(store):
    for _ in range(3):
        report(store, made(A), v.AssetObservation(A))
    history = assets.show_asset(store, A, history=4).history
    kinds = [record.event.event_type_value for record in history]
    assert kinds == ["ASSET_OBSERVATION", "ASSET_MATERIALIZATION"] * 2
    assert [record.storage_id for record in history] == sorted(
        (one.storage_id for one in history), reverse=True
    )


def test_partitions_are_left_out_where_they_are_not_asked_for(store):
    report(store, made(A, partition="eu"))
    assert assets.show_asset(store, A, with_partitions=False).partitions == frozenset()


def test_named_checks_are_asked_of_the_projection(store):
    report(store, checked(A, "c1"), checked(A, "c2", passed=False))
    found = assets.show_asset(store, A, checks=[AssetCheckKey(A, "c2"), AssetCheckKey(A, "never")])
    assert [check.check_name for check in found.checks] == ["c2"]


def test_partitions_of_an_asset_are_shown(store):
    report(store, made(A, partition="eu"), made(A, partition="us"))
    assert assets.show_asset(store, A).partitions == {"eu", "us"}


def test_an_asset_of_which_nothing_is_known_has_an_empty_answer(store):
    found = assets.show_asset(store, A)
    assert found.line == assets.AssetLine(key=A)
    assert (dict(found.metadata), found.checks, found.history) == ({}, (), ())


def test_an_asset_can_be_written_as_json(store):
    report(store, made(A, metadata={"rows": 2}, partition="eu"), checked(A, "c"))
    found = json.loads(json.dumps(assets.show_asset(store, A).to_plain()))
    assert (found["key"], found["metadata"], found["partitions"]) == ("a", {"rows": 2}, ["eu"])
    assert found["checks"][0]["check_name"] == "c"
    assert found["history"][0]["type"] == "ASSET_MATERIALIZATION"


def test_asset_records_tell_latest_facts_and_jobs(store):
    tell(store, "r", run_story(["s"], facts={"s": [made(A)]}), job_name="nightly")
    report(store, v.AssetObservation(A))
    (record,) = assets.asset_records(store)
    entry = record.asset_entry
    assert entry.last_materialization.job_name == "nightly"
    assert entry.last_observation.run_id == ""
    assert record.storage_id == entry.last_observation_record.storage_id
    assert entry.last_run_id == "r"


def test_the_latest_evaluation_of_a_check_tells_its_run(store):
    key = AssetCheckKey(A, "c")
    tell(store, "r1", run_story(["s"], facts={"s": [checked(A, "c", passed=False)]}))
    tell(store, "r2", run_story(["s"], facts={"s": [checked(A, "c"), checked(A, "d")]}))
    found = assets.latest_check(store, key)
    assert (found.run_id, found.status, found.partition) == ("r2", "SUCCEEDED", None)
    assert assets.latest_check(store, AssetCheckKey(A, "never")) is None


def test_the_latest_data_version_is_of_a_materialization_before_an_observation(store):
    report(store, made(A, data="made"), v.AssetObservation(A, tags={v.DATA_VERSION_TAG: "seen"}))
    query = EventQuery(asset_key=A)
    assert assets.latest_data_version(store, query).asset_event.tags[v.DATA_VERSION_TAG] == "made"
    seen = assets.latest_data_version(store, query, is_source=True)
    assert seen.asset_observation.data_version == "seen"


def test_an_observed_source_has_the_observed_data_version(store):
    report(store, v.AssetObservation(A, tags={v.DATA_VERSION_TAG: "seen"}))
    assert assets.latest_data_version(store, EventQuery(asset_key=A)).asset_observation.data_version == "seen"
    assert assets.latest_data_version(store, EventQuery(asset_key=A), is_source=False) is None


def test_an_asset_is_known_by_any_fact(store):
    report(store, made(A), checked(B, "c"), v.AssetObservation(C))
    assert all(assets.is_known(store, key) for key in (A, B, C))
    assert not assets.is_known(store, AssetKey("z"))
