from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.errors import InvariantViolationError
from penstock.events import values as v
from penstock.events.entries import AssetRecordsFilter, EventRecordsFilter, RunStatusChangeRecordsFilter
from penstock.events.kinds import EventType
from penstock.events.runs import RunStatus
from penstock.keys import AssetKey
from penstock.query import records
from penstock.spi.store import EventQuery
from penstock.testing.stories import fact_event, run_story, tell


def made(key, **about):
    return v.AssetMaterialization(key, **about)


def report(store, *facts, at=1_000.0):
    store.append("", 0, [fact_event(fact, at=at) for fact in facts])


def partitions(page):
    return [record.partition_key for record in page.records]


def test_the_log_of_a_run_comes_in_order_with_its_job(store):
    tell(store, "r", job_name="nightly")
    found = records.of_run(store, "r")
    assert [record.event.event_type for record in found.records][:3] == [
        EventType.RUN_ENQUEUED, EventType.RUN_STARTING, EventType.RUN_START,
    ]  # fmt: skip
    assert {record.event_log_entry.job_name for record in found.records} == {"nightly"}
    assert not found.has_more


def test_an_unknown_run_has_an_empty_log(store):
    found = records.of_run(store, "nobody", limit=3)
    assert (found.records, found.cursor, found.has_more) == ([], "", False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(limit=st.integers(1, 12), ascending=st.booleans())
def test_pages_of_any_size_give_every_event_once_in_order(store, limit, ascending):
    if not store.runs(records.RunsFilter()):
        tell(store, "r")
    whole = [record.storage_id for record in records.of_run(store, "r", ascending=ascending).records]
    seen, cursor, more = [], None, True
    while more:
        page = records.of_run(store, "r", cursor=cursor, limit=limit, ascending=ascending)
        assert len(page.records) <= limit
        seen += [record.storage_id for record in page.records]
        cursor, more = page.cursor, page.has_more
    assert seen == whole


def test_a_page_that_ends_with_the_last_event_has_nothing_more(store):
    tell(store, "r")
    total = len(records.of_run(store, "r").records)
    assert not records.of_run(store, "r", limit=total).has_more
    assert records.of_run(store, "r", limit=total - 1).has_more


def test_the_end_of_the_log_keeps_its_cursor_so_that_it_can_be_followed(store):
    tell(store, "r1", run_story()[:3])
    first = records.of_store(store)
    assert records.of_store(store, cursor=first.cursor).cursor == first.cursor
    tell(store, "r2", run_story()[:1])
    later = records.of_store(store, cursor=first.cursor)
    assert [record.run_id for record in later.records] == ["r2"]


def test_a_cursor_of_somebody_else_is_refused(store):
    with pytest.raises(InvariantViolationError, match="not-mine"):
        records.of_run(store, "r", cursor="not-mine")


def test_only_the_wanted_kinds_are_read(store):
    tell(store, "r", run_story(["a", "b"]))
    found = records.of_run(store, "r", of_type={EventType.STEP_SUCCESS, EventType.RUN_SUCCESS})
    assert [record.event.step_key for record in found.records] == ["a", "b", None]


def test_a_kind_that_is_never_recorded_finds_nothing(store):
    tell(store, "r")
    assert records.of_run(store, "r", of_type=EventType.ASSET_MATERIALIZATION_PLANNED).records == []


def test_facts_of_an_asset_come_newest_first(store):
    report(store, made("a", partition="1"), made("b"), made("a", partition="2"), made("a", partition="3"))
    wanted = AssetRecordsFilter("a")
    assert partitions(records.of_asset(store, v.AssetMaterialized, wanted, 2, None)) == ["3", "2"]
    oldest = records.of_asset(store, v.AssetMaterialized, wanted, 1, None, ascending=True)
    assert partitions(oldest) == ["1"]


def test_facts_of_an_asset_are_filtered_by_partition_id_and_time(store):
    report(store, made("a", partition="1"), at=10)
    report(store, made("a", partition="2"), at=20)
    report(store, made("a", partition="3"), at=30)

    def found(**conditions):
        wanted = AssetRecordsFilter("a", **conditions)
        return records.of_asset(store, v.AssetMaterialized, wanted, None, None, ascending=True)

    ids = [record.storage_id for record in found().records]
    assert partitions(found(asset_partitions=["1", "3"])) == ["1", "3"]
    assert partitions(found(after_storage_id=ids[0])) == ["2", "3"]
    assert partitions(found(before_storage_id=ids[2], after_storage_id=ids[0])) == ["2"]
    assert partitions(found(storage_ids=[ids[1]])) == ["2"]
    assert partitions(found(after_timestamp=15)) == ["2", "3"]
    assert partitions(found(before_timestamp=15)) == ["1"]


def test_a_cursor_narrows_a_filter_and_never_widens_it(store):
    report(store, *[made("a", partition=str(n)) for n in range(5)])
    every = records.of_asset(store, v.AssetMaterialized, AssetRecordsFilter("a"), None, None, ascending=True)
    ids = [record.storage_id for record in every.records]
    wanted = AssetRecordsFilter("a", after_storage_id=ids[1])
    page = records.of_asset(store, v.AssetMaterialized, wanted, None, str(ids[0]), ascending=True)
    assert partitions(page) == ["2", "3", "4"]


def test_events_that_fit_a_public_filter(store):
    tell(store, "r", run_story(["s"], facts={"s": [made("a"), made("b")]}))
    wanted = EventRecordsFilter(EventType.ASSET_MATERIALIZATION, asset_key=AssetKey("b"))
    (found,) = records.of_filter(store, wanted, None)
    assert found.asset_key == AssetKey("b")
    assert records.of_filter(store, EventRecordsFilter("STEP_WORKER_STARTED"), None) == []


def test_changes_of_runs_are_found_by_job(store):
    tell(store, "a1", job_name="a")
    tell(store, "b1", job_name="b")
    tell(store, "a2", job_name="a")
    tell(store, "a3", run_story(failing=["work"]), job_name="a")
    wanted = RunStatusChangeRecordsFilter(EventType.RUN_SUCCESS, job_names=["a"])
    assert [r.run_id for r in records.run_changes(store, wanted, None, None).records] == ["a2", "a1"]
    first = records.run_changes(store, wanted, 1, None)
    assert [r.run_id for r in first.records] == ["a2"]
    assert first.has_more
    rest = records.run_changes(store, wanted, 1, first.cursor)
    assert ([r.run_id for r in rest.records], rest.has_more) == (["a1"], False)


def test_a_long_log_is_searched_piece_by_piece(store, monkeypatch):
    monkeypatch.setattr(records, "_EVENTS_AT_ONCE", 2)
    report(store, *[made("a", partition=str(n)) for n in range(7)])
    query = EventQuery(kinds=(v.AssetMaterialized,))
    even = [stored for stored in records.scan(store, query, None) if stored.id % 2 == 0]
    assert records.scan(store, query, None, lambda stored: stored.id % 2 == 0) == even
    assert records.scan(store, query, 2, lambda stored: stored.id % 2 == 0) == even[:2]


def test_runs_under_way_have_their_jobs_too(store):
    tell(store, "r", run_story(end=RunStatus.STARTED), job_name="now")
    assert records.job_names(store, ["r", "", "nobody"]) == {"r": "now"}
