"""Which partitions a launch is for is settled before anything is recorded."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    Instance,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    ReexecutionOptions,
    StaticPartitionsDefinition,
    asset,
    define_asset_job,
    execute_job,
    job,
    materialize,
    op,
    static_partitioned_config,
)
from penstock.errors import (
    ConfigMappingFunctionError,
    InvalidDefinitionError,
    InvalidInvocationError,
    UnknownPartitionError,
    UserError,
)

DAYS = DailyPartitionsDefinition("2024-01-01")
START, END = "penstock/asset_partition_range_start", "penstock/asset_partition_range_end"


@asset(partitions_def=DAYS)
def days(): ...


@asset(partitions_def=StaticPartitionsDefinition(["a", "b"]))
def letters(): ...


@asset
def plain(): ...


def test_a_tag_alone_says_the_partition():
    result = materialize([letters], tags={"penstock/partition": "b"})
    assert [event.partition for event in result.get_asset_materialization_events()] == ["b"]


def test_the_run_of_a_multi_partition_has_a_tag_for_each_dimension():
    grid = MultiPartitionsDefinition({"zone": StaticPartitionsDefinition(["n"]), "day": DAYS})

    @asset(partitions_def=grid)
    def cells(): ...

    with Instance.ephemeral() as instance:
        materialize(
            [cells], partition_key=MultiPartitionKey({"zone": "n", "day": "2024-01-02"}), instance=instance
        )
        (run,) = instance.get_runs()
    assert run.tags == {
        "penstock/partition": "2024-01-02|n",
        "penstock/partition/day": "2024-01-02",
        "penstock/partition/zone": "n",
    }


REFUSED = {
    "unknown key": ([letters], {"partition_key": "q"}, UnknownPartitionError, "'q'"),
    "key before the first": ([days], {"partition_key": "2023-12-31"}, UnknownPartitionError, "2023-12-31"),
    "reversed range": (
        [days], {"tags": {START: "2024-01-03", END: "2024-01-02"}}, UnknownPartitionError, "wrong way round",
    ),
    "range out of bounds": (
        [days], {"tags": {START: "2023-01-03", END: "2024-01-02"}}, UnknownPartitionError, "2023-01-03",
    ),
    "half a range": ([days], {"tags": {START: "2024-01-03"}}, InvalidInvocationError, "two ends"),
    "key and range": (
        [days], {"tags": {START: "2024-01-02", END: "2024-01-03"}, "partition_key": "2024-01-02"},
        InvalidInvocationError, "both are given",
    ),
    "key without partitions": ([plain], {"partition_key": "a"}, InvalidInvocationError, "no partitions"),
    "range without partitions": (
        [plain], {"tags": {START: "a", END: "b"}}, InvalidInvocationError, "no partitions",
    ),
    "two definitions": ([days, letters], {"partition_key": "a"}, InvalidDefinitionError, "one definition"),
}  # fmt: skip


@pytest.mark.parametrize(("assets", "launch", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_run_is_refused_and_not_recorded(assets, launch, kind, said):
    with Instance.ephemeral() as instance:
        with pytest.raises(kind, match=said):
            materialize(assets, instance=instance, **launch)
        assert instance.get_runs() == []
    assert issubclass(kind, UserError)


def test_a_dynamic_key_is_looked_up_on_the_instance():
    @asset(partitions_def=DynamicPartitionsDefinition(name="files"))
    def parsed(): ...

    with Instance.ephemeral() as instance:
        with pytest.raises(UnknownPartitionError, match=r"new\.csv"):
            materialize([parsed], partition_key="new.csv", instance=instance)
        instance.add_dynamic_partitions("files", ["new.csv"])
        assert materialize([parsed], partition_key="new.csv", instance=instance).success


@static_partitioned_config(["x", "y"], tags_for_partition_key_fn=lambda key: {"letter": key})
def by_letter(key):
    return {"ops": {"echo": {"config": {"word": key}}}}


@op(config_schema={"word": str})
def echo(context):
    return context.op_config["word"]


@job(config=by_letter)
def echoes():
    echo()


def test_a_run_records_the_config_and_tags_of_its_partition():
    with Instance.ephemeral() as instance:
        echoes.execute_in_process(partition_key="x", instance=instance)
        (run,) = instance.get_runs()
    assert run.run_config == {"ops": {"echo": {"config": {"word": "x"}}}}
    assert run.tags == {"letter": "x", "penstock/partition": "x"}


def test_config_that_is_given_wins_over_that_of_the_partition():
    given = {"ops": {"echo": {"config": {"word": "z"}}}}
    result = echoes.execute_in_process(partition_key="x", run_config=given)
    assert result.output_for_node("echo") == "z"


def test_config_of_one_partition_does_not_do_for_a_range():
    with pytest.raises(InvalidInvocationError, match="follows from one partition"):
        echoes.execute_in_process(tags={START: "x", END: "y"})


def test_a_config_function_that_raises_leaves_no_run():
    @static_partitioned_config(["x"])
    def broken(key):
        raise ValueError(key)

    @job(config=broken)
    def never(): ...

    with Instance.ephemeral() as instance:
        with pytest.raises(ConfigMappingFunctionError, match="'broken' raised"):
            never.execute_in_process(partition_key="x", instance=instance)
        assert instance.get_runs() == []


def test_a_run_that_is_repeated_covers_the_partitions_of_its_parent():
    broken = [True]

    @asset(partitions_def=DAYS)
    def fragile():
        if broken:
            raise ValueError

    definitions = Definitions(assets=[fragile], jobs=[define_asset_job("nightly")])
    nightly = definitions.resolve_job_def("nightly")
    with Instance.ephemeral() as instance:
        failed = nightly.execute_in_process(
            partition_key="2024-01-02", instance=instance, raise_on_error=False
        )
        broken.clear()
        options = ReexecutionOptions.from_failure(failed.run_id, instance)
        assert execute_job(nightly, instance, reexecution_options=options).success
        assert instance.get_materialized_partitions(AssetKey("fragile")) == {"2024-01-02"}
