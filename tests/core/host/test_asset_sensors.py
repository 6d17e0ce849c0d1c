"""Which materialization an asset sensor is told, and that a tick reads no more than that."""

from __future__ import annotations

import pytest

from penstock import (
    AssetMaterialization,
    AssetObservation,
    ConfigurableResource,
    Instance,
    InvariantViolationError,
    RunRequest,
    SensorResult,
    SkipReason,
    asset_sensor,
    build_sensor_context,
    job,
    op,
)
from penstock.host.asset_sensors import place_of
from penstock.store.open import MEMORY_URL, open_store


@op
def look(): ...


@job
def looking():
    look()


class Inbox(ConfigurableResource):
    size: int


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def make(instance, *partitions, key="stock"):
    for partition in partitions or (None,):
        instance.report_runless_asset_event(AssetMaterialization(key, partition=partition))


def tick(fn, instance, cursor=None, **resources):
    made = asset_sensor("stock", job=looking, name="watch")(fn)
    return made.evaluate_tick(build_sensor_context(instance, cursor, resources=resources))


def keys(data):
    return [request.run_key for request in data.run_requests]


def partition_of(context, event):
    return RunRequest(event.asset_materialization.partition)


def test_nothing_made_is_a_skip(instance):
    data = tick(partition_of, instance)
    assert (keys(data), data.cursor) == ([], None)
    assert data.skip_message == "There is no new materialization of the asset 'stock'."


def test_each_materialization_is_told_once(instance):
    make(instance, "a")
    first = tick(partition_of, instance)
    again = tick(partition_of, instance, first.cursor)
    make(instance, "b")
    last = tick(partition_of, instance, again.cursor)
    assert (keys(first), keys(again), keys(last)) == (["a"], [], ["b"])


def test_of_several_the_newest_is_told(instance):
    make(instance, "a", "b", "c")
    data = tick(partition_of, instance)
    assert keys(data) == ["c"]
    assert keys(tick(partition_of, instance, data.cursor)) == []


def test_only_materializations_of_the_asset_count(instance):
    instance.report_runless_asset_event(AssetObservation("stock"))
    make(instance, key="other")
    assert keys(tick(partition_of, instance)) == []


@pytest.mark.parametrize("answer", [None, SkipReason("no"), [], SensorResult(skip_reason="no")])
def test_what_was_told_is_done_with_whatever_the_answer(instance, answer):
    make(instance)
    data = tick(lambda context, event: answer, instance)
    assert (keys(data), data.cursor is None) == ([], False)


def test_a_failure_leaves_the_cursor(instance):
    make(instance, "a")
    with pytest.raises(ZeroDivisionError):
        tick(lambda context, event: 1 // 0, instance)


def test_generators_and_results_may_ask_for_several_runs(instance):
    def several(context, event):
        yield RunRequest("a")
        yield RunRequest("b")

    make(instance)
    assert keys(tick(several, instance)) == ["a", "b"]
    assert keys(tick(lambda context, event: SensorResult([RunRequest("a")]), instance)) == ["a"]


def test_the_cursor_is_not_for_users(instance):
    make(instance)
    with pytest.raises(InvariantViolationError, match=r"'watch' gave SensorResult\(cursor='x'\)"):
        tick(lambda context, event: SensorResult(cursor="x"), instance)
    moved = tick(lambda context, event: context.update_cursor("x"), instance)
    assert moved.cursor.isdecimal()


def test_a_function_sees_the_cursor_of_the_tick_before(instance):
    make(instance)
    first = tick(lambda context, event: RunRequest(str(context.cursor)), instance)
    make(instance)
    second = tick(lambda context, event: RunRequest(str(context.cursor)), instance, first.cursor)
    assert (keys(first), keys(second)) == (["None"], [first.cursor])


def test_a_function_takes_what_it_needs(instance):
    def with_resource(context, event, inbox: Inbox):
        return RunRequest(str(inbox.size))

    def resource_alone(inbox: Inbox):
        return RunRequest(str(inbox.size))

    make(instance)
    assert keys(tick(with_resource, instance, inbox=Inbox(size=3))) == ["3"]
    assert keys(tick(resource_alone, instance, inbox=Inbox(size=4))) == ["4"]
    assert keys(tick(lambda context: RunRequest(context.sensor_name), instance)) == ["watch"]
    assert keys(tick(lambda: RunRequest("k"), instance)) == ["k"]


def test_a_cursor_of_no_place_begins_anew(instance):
    make(instance, "a")
    assert keys(tick(partition_of, instance, "rubbish")) == ["a"]
    assert (place_of("12"), place_of("-1"), place_of(""), place_of(None)) == (12, None, None, None)


class Watched:
    """A store that notes how much is read of it."""

    def __init__(self, store):
        self.store, self.read_events = store, 0

    def __getattr__(self, name):
        return getattr(self.store, name)

    def read(self, query):
        found = self.store.read(query)
        self.read_events += len(found)
        return found


def test_a_tick_reads_no_more_than_it_tells():
    store = Watched(open_store(MEMORY_URL))
    with Instance(store) as instance:
        make(instance, *(str(number) for number in range(300)))
        first = tick(partition_of, instance)
        make(instance, *(str(number) for number in range(300)))
        store.read_events = 0
        assert keys(tick(partition_of, instance, first.cursor)) == ["299"]
    assert store.read_events <= 2
