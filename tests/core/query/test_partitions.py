from __future__ import annotations

from datetime import UTC, datetime

from penstock.events import values as v
from penstock.events.entries import AssetPartitionStatus as Status
from penstock.events.runs import RunStatus
from penstock.keys import AssetKey
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.query import partitions
from penstock.query.records import of_store
from penstock.testing.stories import fact_event, run_story, tell

A = AssetKey("a")
KEYS = ["p1", "p2", "p3", "p4"]


def attempt(store, run_id, partition, *, fails=False, end=None, key=A):
    made = v.AssetMaterialization(key, partition=partition)
    facts = {} if end is RunStatus.STARTED else {"s": [made]}
    story = run_story(["s"], failing=["s"] if fails else [], facts=facts, end=end)
    tags = {partitions.PARTITION_TAG: partition}
    tell(store, run_id, story, tags=tags, asset_selection=[key.to_user_string()])


def test_each_partition_is_made_failed_under_way_or_untouched(store):
    attempt(store, "r1", "p1")
    attempt(store, "r2", "p2", fails=True)
    attempt(store, "r3", "p3", end=RunStatus.STARTED)
    assert partitions.status_by_partition(store, A, KEYS) == {
        "p1": Status.MATERIALIZED, "p2": Status.FAILED, "p3": Status.IN_PROGRESS, "p4": None,
    }  # fmt: skip


def test_a_failure_counts_until_the_partition_is_made(store):
    attempt(store, "r1", "p1")
    attempt(store, "r2", "p1", fails=True)
    assert partitions.status_by_partition(store, A, ["p1"]) == {"p1": Status.FAILED}
    attempt(store, "r3", "p1")
    assert partitions.status_by_partition(store, A, ["p1"]) == {"p1": Status.MATERIALIZED}


def test_a_run_that_failed_after_making_the_partition_made_it(store):
    attempt(store, "r1", "p1", end=RunStatus.FAILURE)
    assert partitions.status_by_partition(store, A, ["p1"]) == {"p1": Status.MATERIALIZED}


def test_runs_of_other_assets_do_not_count(store):
    attempt(store, "r1", "p1", fails=True, key=AssetKey("b"))
    assert partitions.status_by_partition(store, A, ["p1"]) == {"p1": None}


def test_a_failed_range_run_counts_for_every_partition_in_it(store):
    tags = {partitions.RANGE_START_TAG: "p2", partitions.RANGE_END_TAG: "p3"}
    tell(store, "r", run_story(["s"], failing=["s"]), tags=tags, asset_selection=["a"])
    found = partitions.status_by_partition(store, A, KEYS)
    assert [found[key] for key in KEYS] == [None, Status.FAILED, Status.FAILED, None]


def test_materialized_partitions_are_counted_once(store):
    for partition in ("p1", "p2", "p1"):
        attempt(store, f"run-{len(of_store(store).records)}", partition)
    assert partitions.materialized(store, A) == {"p1", "p2"}
    assert partitions.materialized(store, AssetKey("other")) == set()


def test_materialized_partitions_between_two_places_in_the_log(store):
    for partition in ("p1", "p2", "p3"):
        store.append("", 0, [fact_event(v.AssetMaterialization(A, partition=partition))])
    first, _, last = [record.storage_id for record in of_store(store).records]
    assert partitions.materialized(store, A, after=first) == {"p2", "p3"}
    assert partitions.materialized(store, A, after=first, before=last) == {"p2"}


# ---- with the definition ----------------------------------------------------------------------------

NOW = datetime(2024, 1, 11, tzinfo=UTC)
LETTERS = StaticPartitionsDefinition(KEYS)


def ranged(store, run_id, first, last, **how):
    tags = {partitions.RANGE_START_TAG: first, partitions.RANGE_END_TAG: last}
    tell(store, run_id, run_story(["s"], **how), tags=tags, asset_selection=["a"])


def shown(store, definition, **how):
    found = partitions.partition_statuses(store, A, definition, now=NOW, **how)
    return {name: list(getattr(found, name)) for name in ("materialized", "failed", "in_progress", "missing")}


def test_every_partition_has_exactly_one_status(store):
    attempt(store, "r1", "p1")
    attempt(store, "r2", "p2", fails=True)
    attempt(store, "r3", "p3", end=RunStatus.STARTED)
    assert shown(store, LETTERS) == {
        "materialized": ["p1"], "failed": ["p2"], "in_progress": ["p3"], "missing": ["p4"],
    }  # fmt: skip


def test_the_last_try_decides(store):
    attempt(store, "r1", "p1")
    attempt(store, "r2", "p1", fails=True)
    assert shown(store, LETTERS)["failed"] == ["p1"]
    attempt(store, "r3", "p1", end=RunStatus.STARTED)
    assert shown(store, LETTERS)["in_progress"] == ["p1"]
    attempt(store, "r4", "p2", fails=True)
    attempt(store, "r5", "p2")
    assert shown(store, LETTERS)["materialized"] == ["p2"]


def test_a_range_over_several_dimensions_is_the_box_between_its_ends(store):
    cube = MultiPartitionsDefinition(
        {"day": DailyPartitionsDefinition("2024-01-01"), "x": StaticPartitionsDefinition(["a", "b", "c"])}
    )
    ranged(store, "r", "2024-01-02|a", "2024-01-03|b", failing=["s"])
    found = shown(store, cube)
    assert sorted(found["failed"]) == ["2024-01-02|a", "2024-01-02|b", "2024-01-03|a", "2024-01-03|b"]
    assert len(found["missing"]) == 26


def test_dynamic_partitions_that_were_taken_away_have_no_status(store):
    class Keys:
        def get_dynamic_partitions(self, name):
            return store.dynamic_partitions(name)

        def has_dynamic_partition(self, name, key):
            return key in store.dynamic_partitions(name)

    names = DynamicPartitionsDefinition(name="names")
    store.dynamic_partitions("names", add=["p1", "p2", "p3"])
    attempt(store, "r1", "p1")
    attempt(store, "r2", "p2", fails=True)
    assert shown(store, names, dynamic=Keys()) == {
        "materialized": ["p1"], "failed": ["p2"], "in_progress": [], "missing": ["p3"],
    }  # fmt: skip
    store.dynamic_partitions("names", remove=["p1", "p2"])
    assert shown(store, names, dynamic=Keys())["missing"] == ["p3"]
    assert shown(store, names, dynamic=Keys())["materialized"] == []


def test_windows_that_are_not_over_yet_have_no_status(store):
    days = DailyPartitionsDefinition("2024-01-01")
    attempt(store, "r1", "2024-01-01")
    attempt(store, "r2", "2024-02-01")
    found = shown(store, days)
    assert found["materialized"] == ["2024-01-01"]
    assert len(found["missing"]) == 9
