"""Sensors that look at several assets: their definitions, and their contexts in tests."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    ConfigurableResource,
    DailyPartitionsDefinition,
    Definitions,
    Instance,
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
    MultiAssetSensorDefinition,
    RunRequest,
    SensorType,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
    asset,
    build_multi_asset_sensor_context,
    build_sensor_context,
    define_asset_job,
    multi_asset_sensor,
)

LETTERS = StaticPartitionsDefinition(list("abcd"))
JOB, OTHER = define_asset_job("refill"), define_asset_job("sweep")


class Inbox(ConfigurableResource):
    size: int


@asset
def plain(): ...


@asset(partitions_def=LETTERS)
def first(): ...


@asset(partitions_def=LETTERS)
def second(): ...


@asset(partitions_def=DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01"))
def days(): ...


@asset(partitions_def=WeeklyPartitionsDefinition("2024-01-07", end_date="2024-02-04"), deps=[days])
def weeks(): ...


PLAIN, FIRST, SECOND, DAYS, WEEKS = (AssetKey(name) for name in ("plain", "first", "second", "days", "weeks"))
PROJECT = Definitions(assets=[plain, first, second, days, weeks])


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def make(instance, name, *partitions):
    for partition in partitions or (None,):
        instance.report_runless_asset_event(AssetMaterialization(name, partition=partition))


def told(instance=None, *keys, **given):
    wanted = keys or (PLAIN, FIRST)
    return build_multi_asset_sensor_context(
        monitored_assets=wanted, instance=instance, definitions=PROJECT, **given
    )


# ---- definitions ---------------------------------------------------------------------------------------


def test_it_is_a_sensor_with_all_that_sensors_have():
    @multi_asset_sensor([PLAIN, "first", second], job=JOB, minimum_interval_seconds=4)
    def watch(context):
        """Looks."""

    assert (watch.name, watch.description, watch.job_name) == ("watch", "Looks.", "refill")
    assert (watch.minimum_interval_seconds, watch.sensor_type) == (4, SensorType.MULTI_ASSET)
    assert watch.monitored_assets == (PLAIN, FIRST, SECOND)
    other = watch.with_updated_job(OTHER)
    assert isinstance(other, MultiAssetSensorDefinition)
    assert (other.job_name, other.monitored_assets) == ("sweep", watch.monitored_assets)


def test_it_may_ask_for_assets():
    chosen = AssetSelection.assets(plain)
    made = multi_asset_sensor([FIRST], request_assets=chosen, name="watch")(lambda: None)
    assert (made.asset_selection, made.has_jobs) == (chosen, False)


def test_what_it_looks_at_is_a_list():
    with pytest.raises(InvalidDefinitionError, match="found 'plain'"):
        multi_asset_sensor("plain", job=JOB, name="watch")(lambda: None)


# ---- which assets --------------------------------------------------------------------------------------


def test_the_assets_may_be_a_selection():
    context = build_multi_asset_sensor_context(
        monitored_assets=AssetSelection.assets(second, plain), definitions=PROJECT
    )
    assert context.asset_keys == [PLAIN, SECOND]
    assert context.assets_defs_by_key == {PLAIN: plain, SECOND: second}


def test_an_asset_may_be_of_another_project():
    context = build_multi_asset_sensor_context(monitored_assets=[AssetKey("far")])
    assert context.assets_defs_by_key == {AssetKey("far"): None}


def test_a_selection_wants_the_project():
    context = build_multi_asset_sensor_context(monitored_assets=AssetSelection.all())
    with pytest.raises(InvariantViolationError, match="repository_def"):
        _ = context.asset_keys


# ---- what was made -------------------------------------------------------------------------------------


def test_the_newest_of_each_asset_is_told_until_it_is_done(instance):
    make(instance, "first", "a", "b")
    context = told(instance)
    found = context.latest_materialization_records_by_key()
    assert (found[PLAIN], found[FIRST].partition_key) == (None, "b")
    context.advance_cursor(found)
    context.update_cursor_after_evaluation()
    assert told(instance, cursor=context.cursor).latest_materialization_records_by_key() == {
        PLAIN: None,
        FIRST: None,
    }


def test_one_may_ask_for_some_assets(instance):
    assert list(told(instance).latest_materialization_records_by_key([SECOND])) == [SECOND]


def test_the_records_of_an_asset_come_oldest_first(instance):
    make(instance, "first", "a", "b", "c")
    context = told(instance)
    assert [one.partition_key for one in context.materialization_records_for_key(FIRST)] == ["a", "b", "c"]
    assert [one.partition_key for one in context.materialization_records_for_key(FIRST, 2)] == ["a", "b"]


def parts(found):
    return {part: record.storage_id for part, record in found.items()}


def test_the_newest_of_each_partition_is_told_in_the_order_of_making(instance):
    make(instance, "first", "a", "b", "a", "gone")
    instance.report_runless_asset_event(AssetMaterialization("first"))
    found = told(instance).latest_materialization_records_by_partition(FIRST)
    assert list(found) == ["b", "a"]


def test_what_was_passed_over_is_told_again(instance):
    make(instance, "first", "a", "b", "c")
    context = told(instance)
    context.advance_cursor({FIRST: context.latest_materialization_records_by_partition(FIRST)["c"]})
    context.update_cursor_after_evaluation()
    make(instance, "first", "d")
    again = told(instance, cursor=context.cursor)
    assert again.get_cursor_partition(FIRST) == "c"
    assert [one.partition_key for one in again.get_trailing_unconsumed_events(FIRST)] == ["a", "b"]
    assert list(again.latest_materialization_records_by_partition(FIRST)) == ["a", "b", "d"]
    later = again.latest_materialization_records_by_partition(FIRST, after_cursor_partition=True)
    assert list(later) == ["d"]


def test_everything_may_be_done_at_once(instance):
    make(instance, "first", "a", "b", "c")
    context = told(instance)
    context.advance_cursor({FIRST: context.latest_materialization_records_by_partition(FIRST)["c"]})
    context.update_cursor_after_evaluation()
    again = told(instance, cursor=context.cursor)
    again.advance_all_cursors()
    again.update_cursor_after_evaluation()
    assert not told(instance, cursor=again.cursor).latest_materialization_records_by_partition(FIRST)


def test_nothing_done_leaves_the_cursor(instance):
    context = told(instance, cursor="{}")
    context.advance_all_cursors()
    context.update_cursor_after_evaluation()
    assert (context.cursor, context.cursor_updated) == ("{}", True)


def test_partitions_of_several_assets_are_told_together(instance):
    make(instance, "first", "a")
    make(instance, "second", "b", "a")
    found = told(instance, FIRST, SECOND).latest_materialization_records_by_partition_and_asset()
    assert {part: set(by_asset) for part, by_asset in found.items()} == {"a": {FIRST, SECOND}, "b": {SECOND}}


def test_partitions_of_different_definitions_are_not_told_together(instance):
    with pytest.raises(InvalidInvocationError, match="different partitions"):
        told(instance, FIRST, DAYS).latest_materialization_records_by_partition_and_asset()


def test_all_partitions_may_be_asked_for(instance):
    make(instance, "first", "a", "b")
    context = told(instance)
    asked = (["a", "b"], ["a", "c"], None)
    assert [context.all_partitions_materialized(FIRST, one) for one in asked] == [True, False, False]
    make(instance, "first", "c", "d")
    assert context.all_partitions_materialized(FIRST)
    with pytest.raises(InvalidInvocationError, match="empty list"):
        context.all_partitions_materialized(FIRST, [])


def test_partitions_that_read_a_partition_are_told(instance):
    context = told(instance)
    assert context.get_downstream_partition_keys("2024-01-09", DAYS, WEEKS) == ["2024-01-07"]
    assert context.get_downstream_partition_keys("a", FIRST, SECOND) == ["a"]
    with pytest.raises(InvariantViolationError, match="'plain' has no partitions"):
        context.get_downstream_partition_keys("a", FIRST, PLAIN)
    with pytest.raises(InvalidInvocationError, match="no asset 'far'"):
        context.get_downstream_partition_keys("a", FIRST, AssetKey("far"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda context: context.materialization_records_for_key(SECOND, 1),
        lambda context: context.latest_materialization_records_by_partition(SECOND),
        lambda context: context.get_cursor_partition(SECOND),
        lambda context: context.all_partitions_materialized(SECOND),
    ],
)
def test_an_asset_that_it_does_not_look_at_is_named(instance, ask):
    with pytest.raises(InvalidInvocationError, match=r"does not look at 'second'\. It looks at first, plain"):
        ask(told(instance))


def test_of_several_assets_one_is_to_be_named(instance):
    with pytest.raises(InvalidInvocationError, match="Say of which"):
        told(instance).get_cursor_partition()
    assert told(instance, FIRST).get_cursor_partition() is None


# ---- built contexts --------------------------------------------------------------------------------------


def test_a_context_may_begin_now(instance):
    make(instance, "first", "a")
    context = told(instance, cursor_from_latest_materializations=True)
    assert not context.cursor_updated
    assert context.latest_materialization_records_by_key() == {PLAIN: None, FIRST: None}
    with pytest.raises(InvalidInvocationError, match="not both"):
        told(instance, cursor="{}", cursor_from_latest_materializations=True)


@pytest.mark.parametrize("kind", ["value", "generator"])
def test_a_call_moves_the_cursor(instance, kind):
    def value(context):
        context.advance_all_cursors()
        return RunRequest("k")

    def generator(context):
        yield RunRequest("k")
        context.advance_all_cursors()

    fn = value if kind == "value" else generator
    make(instance, "first", "a")
    context = told(instance)
    answer = multi_asset_sensor([PLAIN, FIRST], job=JOB)(fn)(context)
    assert [one.run_key for one in ([answer] if kind == "value" else answer)] == ["k"]
    assert context.get_cursor_partition(FIRST) == "a"


def test_a_call_may_lend_resources(instance):
    @multi_asset_sensor([FIRST], job=JOB)
    def watch(context, inbox: Inbox):
        context.advance_all_cursors()
        return RunRequest(str(inbox.size))

    make(instance, "first", "a")
    context = told(instance, FIRST)
    assert watch(context, inbox=Inbox(size=3)).run_key == "3"
    assert context.cursor is not None


def test_another_context_is_refused():
    made = multi_asset_sensor([FIRST], job=JOB, name="watch")(lambda context: None)
    with pytest.raises(InvalidInvocationError, match="found a SensorEvaluationContext"):
        made(build_sensor_context())
