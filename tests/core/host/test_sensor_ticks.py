"""Ticks of sensors: what the function gives becomes requests, a reason, and a cursor."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    ConfigurableResource,
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    Instance,
    InvariantViolationError,
    RunRequest,
    SensorResult,
    SkipReason,
    UnknownPartitionError,
    asset,
    build_sensor_context,
    define_asset_job,
    job,
    op,
    resource,
    sensor,
)

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
FILES = DynamicPartitionsDefinition(name="files")


@op
def look(): ...


@job
def looking():
    look()


@job(partitions_def=DAYS)
def daily():
    look()


@asset(partitions_def=FILES)
def parsed(): ...


@asset
def stock(): ...


def tick(fn, cursor=None, **options):
    context = {key: options.pop(key) for key in ("definitions", "resources", "instance") if key in options}
    made = sensor(**({"job": looking} | options))(fn)
    return made.evaluate_tick(build_sensor_context(cursor=cursor, **context))


def test_a_request_carries_the_name_of_its_sensor():
    def watch():
        return RunRequest("k", tags={"own": "1"})

    (request,) = tick(watch).run_requests
    assert request.tags == {"own": "1", "penstock/sensor_name": "watch"}


def test_the_cursor_stays_unless_it_is_moved():
    assert tick(lambda: None, "c", name="watch").cursor == "c"
    assert tick(lambda context: context.update_cursor("d"), "c", name="watch").cursor == "d"
    assert tick(lambda: SensorResult(cursor="e"), "c", name="watch").cursor == "e"


def test_a_generator_moves_the_cursor_at_its_end():
    def watch(context):
        yield RunRequest(context.cursor)
        context.update_cursor("d")

    data = tick(watch, "c")
    assert ([one.run_key for one in data.run_requests], data.cursor) == (["c"], "d")


def test_a_cursor_set_twice_is_refused():
    def watch(context):
        context.update_cursor("a")
        return SensorResult(cursor="b")

    with pytest.raises(InvariantViolationError, match="'watch' set the cursor twice"):
        tick(watch)


def test_what_a_function_raises_is_raised():
    def watch():
        yield RunRequest()
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError, match="by zero"):
        tick(watch)


def test_the_context_learns_the_name_of_the_sensor():
    assert tick(lambda context: SkipReason(context.sensor_name), name="watch").skip_message == "watch"


def test_only_a_context_is_a_context():
    with pytest.raises(InvariantViolationError, match="build_sensor_context makes, found None"):
        sensor(job=looking, name="watch")(lambda: None).evaluate_tick(None)


def test_resources_close_after_the_tick():
    seen = []

    @resource
    def client():
        seen.append("open")
        yield 3
        seen.append("close")

    def watch(context):
        return SkipReason(str(context.resources.client))

    data = tick(watch, resources={"client": client}, required_resource_keys={"client"})
    assert (data.skip_message, seen) == ("3", ["open", "close"])


def test_resources_come_from_the_project():
    class Inbox(ConfigurableResource):
        size: int

    def watch(inbox: Inbox):
        return SkipReason(str(inbox.size))

    project = Definitions(resources={"inbox": Inbox(size=2)})
    assert tick(watch, definitions=project).skip_message == "2"
    lent = {"inbox": Inbox(size=3)}
    assert tick(watch, definitions=project, resources=lent).skip_message == "3"


# ---- partitions and assets ---------------------------------------------------------------------------


def test_a_request_for_a_partition_gets_its_tags():
    def watch():
        return RunRequest(partition_key="2024-01-02")

    (request,) = tick(watch, job=daily).run_requests
    assert request.tags["penstock/partition"] == "2024-01-02"


def test_a_partition_that_is_none_is_refused():
    with pytest.raises(UnknownPartitionError, match="2025-01-02"):
        tick(lambda: RunRequest(partition_key="2025-01-02"), job=daily, name="watch")


def test_runs_may_be_asked_for_keys_of_the_same_tick():
    parse = define_asset_job("parse", selection=[parsed])
    project = Definitions(assets=[parsed], jobs=[parse])

    def watch():
        return SensorResult(
            [RunRequest(partition_key=key) for key in "ab"],
            dynamic_partitions_requests=[FILES.build_add_request(["b"])],
        )

    with Instance.ephemeral() as instance:
        instance.add_dynamic_partitions("files", ["a"])
        data = tick(watch, job=parse, definitions=project, instance=instance)
        assert list(instance.get_dynamic_partitions("files")) == ["a"]
    assert [one.tags["penstock/partition"] for one in data.run_requests] == ["a", "b"]
    assert [list(one.partition_keys) for one in data.dynamic_partitions_requests] == [["b"]]


def test_runs_may_not_be_asked_for_keys_that_go():
    def watch():
        gone = FILES.build_delete_request(["a"])
        return SensorResult([RunRequest(partition_key="a")], dynamic_partitions_requests=[gone])

    parse = define_asset_job("parse", selection=[parsed])
    with Instance.ephemeral() as instance, pytest.raises(UnknownPartitionError):
        instance.add_dynamic_partitions("files", ["a"])
        tick(watch, job=parse, definitions=Definitions(assets=[parsed], jobs=[parse]), instance=instance)


def test_a_selection_asks_for_the_job_of_all_assets():
    project = Definitions(assets=[stock, parsed])
    data = tick(lambda: RunRequest("k"), job=None, asset_selection="stock", definitions=project, name="watch")
    (request,) = data.run_requests
    assert (request.job_name, list(request.asset_selection)) == ("__ASSET_JOB", [AssetKey("stock")])


def test_a_selection_wants_the_project():
    with pytest.raises(InvariantViolationError, match="does not know its project"):
        tick(lambda: RunRequest("k"), job=None, asset_selection="stock", name="watch")
