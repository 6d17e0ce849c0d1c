from __future__ import annotations

import pytest

from penstock.errors import InvariantViolationError
from penstock.events import values as v
from penstock.events.entries import AssetPartitionStatus
from penstock.keys import AssetCheckKey, AssetKey
from penstock.testing.stories import run_story, tell

A = AssetKey("a")


def report(instance, *facts):
    for fact in facts:
        instance.report_runless_asset_event(fact)


def test_facts_are_reported_without_a_run(instance):
    key = AssetKey(["lake", "files"])
    report(instance, v.AssetMaterialization(key, metadata={"rows": 5}, partition="p1"))
    latest = instance.get_latest_materialization_event(key)
    assert latest.asset_materialization.metadata["rows"].value == 5
    assert (latest.run_id, latest.step_key) == ("", None)
    assert instance.get_materialized_partitions(key) == {"p1"}
    assert instance.get_runs() == []


def test_a_check_is_reported_without_a_run(instance):
    report(instance, v.AssetCheckEvaluation(asset_key=A, check_name="c", passed=False))
    found = instance.get_latest_asset_check_evaluation_record(AssetCheckKey(A, "c"))
    assert (found.run_id, found.status, found.status.value) == ("", "FAILED", "FAILED")


def test_something_else_cannot_be_reported(instance):
    with pytest.raises(InvariantViolationError, match="'rows'"):
        report(instance, "rows")


def test_keys_are_listed_by_prefix_and_page(instance):
    report(instance, *[v.AssetMaterialization(path) for path in (["b"], ["a", "x"], ["a", "y"])])
    assert [k.to_user_string() for k in instance.all_asset_keys()] == ["a/x", "a/y", "b"]
    assert [k.to_user_string() for k in instance.get_asset_keys(prefix=["a"])] == ["a/x", "a/y"]
    assert instance.get_asset_keys(limit=1) == [AssetKey(["a", "x"])]
    assert instance.get_asset_keys(cursor="a/x", limit=1) == [AssetKey(["a", "y"])]


def test_an_asset_is_known_when_it_has_a_fact(instance):
    report(instance, v.AssetObservation(A))
    assert instance.has_asset_key(A)
    assert instance.has_asset_key("a")
    assert not instance.has_asset_key(AssetKey("z"))


def test_the_latest_materializations_of_several_assets(instance):
    tell(instance.store, "r", run_story(["s"], facts={"s": [v.AssetMaterialization(A)]}), job_name="nightly")
    found = instance.get_latest_materialization_events([A, AssetKey("b")])
    assert found[A].run_id == "r"
    assert found[A].job_name == "nightly"
    assert found[AssetKey("b")] is None


def test_data_and_code_version_are_known(instance):
    tags = {v.DATA_VERSION_TAG: "d1", v.CODE_VERSION_TAG: "c1"}
    report(instance, v.AssetMaterialization(A, tags=tags))
    record = instance.get_latest_data_version_record(A)
    assert record.asset_materialization.tags[v.DATA_VERSION_TAG] == "d1"
    assert instance.get_latest_materialization_code_versions([A, "b"]) == {A: "c1", AssetKey("b"): None}


def test_the_latest_data_version_of_one_partition(instance):
    report(instance, v.AssetMaterialization(A, partition="p1"), v.AssetMaterialization(A, partition="p2"))
    assert instance.get_latest_data_version_record(A, partition_key="p1").partition_key == "p1"
    assert instance.get_latest_data_version_record(A, partition_key="p9") is None


def test_wiped_assets_are_forgotten_and_runs_stay(instance):
    facts = {"s": [v.AssetMaterialization("gone"), v.AssetMaterialization("kept")]}
    tell(instance.store, "r", run_story(["s"], facts=facts))
    instance.wipe_assets([AssetKey("gone")])
    assert instance.all_asset_keys() == [AssetKey("kept")]
    assert instance.get_latest_materialization_event("gone") is None
    assert instance.get_runs_count() == 1


def test_wiped_partitions_are_forgotten(instance):
    report(instance, v.AssetMaterialization(A, partition="p1"), v.AssetMaterialization(A, partition="p2"))
    instance.wipe_asset_partitions(A, ["p1"])
    assert instance.get_materialized_partitions(A) == {"p2"}


def test_partitions_have_a_status(instance):
    report(instance, v.AssetMaterialization(A, partition="p1"))
    found = instance.get_status_by_partition(A, ["p1", "p2"], None)
    assert found == {"p1": AssetPartitionStatus.MATERIALIZED, "p2": None}


def test_asset_records_are_given_for_all_or_some(instance):
    report(instance, v.AssetMaterialization("a"), v.AssetMaterialization("b"))
    assert [r.asset_entry.asset_key.to_user_string() for r in instance.get_asset_records()] == ["a", "b"]
    assert len(instance.get_asset_records([A])) == 1


def test_dynamic_partitions_keep_their_order(instance):
    instance.add_dynamic_partitions("customers", ["bob", "ann"])
    instance.add_dynamic_partitions("customers", ["ann", "cho"])
    assert instance.get_dynamic_partitions("customers") == ["bob", "ann", "cho"]
    assert instance.has_dynamic_partition("customers", "ann")
    instance.delete_dynamic_partition("customers", "ann")
    assert not instance.has_dynamic_partition("customers", "ann")
    assert instance.get_dynamic_partitions("suppliers") == []


def test_one_text_is_no_list_of_partition_keys(instance):
    with pytest.raises(InvariantViolationError, match="list of strings"):
        instance.add_dynamic_partitions("customers", "ann")
