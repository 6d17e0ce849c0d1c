"""Ticks of sensors that look at several assets."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    Definitions,
    Instance,
    InvalidDefinitionError,
    InvariantViolationError,
    RunRequest,
    SensorResult,
    SkipReason,
    StaticPartitionsDefinition,
    asset,
    build_sensor_context,
    define_asset_job,
    multi_asset_sensor,
)

JOB = define_asset_job("refill")
A, B = AssetKey("a"), AssetKey("b")


@asset
def a(): ...


@asset(partitions_def=StaticPartitionsDefinition(["x", "y", "z"]))
def b(): ...


PROJECT = Definitions(assets=[a, b], jobs=[JOB])


class Story:
    """An instance, and the cursor between ticks."""

    def __init__(self, instance):
        self.instance, self.cursor = instance, None

    def make(self, name, partition=None):
        self.instance.report_runless_asset_event(AssetMaterialization(name, partition=partition))

    def tick(self, fn, **options):
        made = multi_asset_sensor([A, B], name="watch", **({"job": JOB} | options))(fn)
        data = made.evaluate_tick(build_sensor_context(self.instance, self.cursor, definitions=PROJECT))
        self.cursor = data.cursor
        return [one.run_key for one in data.run_requests], data.skip_message


@pytest.fixture
def story():
    with Instance.ephemeral() as instance:
        yield Story(instance)


def when_both(context):
    found = context.latest_materialization_records_by_key()
    if not all(found.values()):
        return SkipReason("not both")
    context.advance_all_cursors()
    return RunRequest("both")


def each_partition(context):
    for partition, record in context.latest_materialization_records_by_partition(B).items():
        yield RunRequest(partition)
        context.advance_cursor({B: record})


def test_it_may_wait_for_all_of_its_assets(story):
    assert story.tick(when_both) == ([], "not both")
    story.make("a")
    assert story.tick(when_both) == ([], "not both")
    story.make("b", "x")
    assert story.tick(when_both) == (["both"], None)
    story.make("b", "x")
    assert story.tick(when_both) == ([], "not both")


def test_it_may_ask_for_a_run_of_each_partition_once(story):
    for partition in "xyx":
        story.make("b", partition)
    assert story.tick(each_partition)[0] == ["y", "x"]
    assert story.tick(each_partition)[0] == []
    story.make("b", "z")
    assert story.tick(each_partition)[0] == ["z"]


def test_a_function_that_asks_for_nothing_may_move_the_cursor(story):
    story.make("a")
    story.tick(lambda context: context.advance_all_cursors())
    assert story.cursor is not None


@pytest.mark.parametrize(
    "answer", [RunRequest(), [RunRequest()], SensorResult([RunRequest()])], ids=["one", "list", "result"]
)
def test_who_asks_for_runs_says_what_is_done(story, answer):
    with pytest.raises(InvalidDefinitionError, match="'watch' asks for runs and leaves its cursor"):
        story.tick(lambda context: answer)


def test_the_cursor_is_not_for_users(story):
    with pytest.raises(InvariantViolationError, match="its cursor is moved for it"):
        story.tick(lambda context: SensorResult(cursor="c"))


def test_a_failure_leaves_the_cursor(story):
    def failing(context):
        context.advance_all_cursors()
        raise ZeroDivisionError

    story.make("a")
    with pytest.raises(ZeroDivisionError):
        story.tick(failing)
    assert story.cursor is None


def test_it_may_ask_for_assets(story):
    def ask(context):
        context.advance_all_cursors()
        return RunRequest("k")

    assert story.tick(ask, job=None, request_assets=AssetSelection.assets(a)) == (["k"], None)


def test_a_tick_knows_its_sensor(story):
    assert story.tick(lambda context: SkipReason(context.sensor_name)) == ([], "watch")
