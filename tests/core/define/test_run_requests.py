"""A partitioned job makes the request for a run of one of its partitions."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    Definitions,
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
    PartitionKeyRange,
    RunConfig,
    RunRequest,
    StaticPartitionsDefinition,
    UnknownPartitionError,
    asset,
    define_asset_job,
    job,
    op,
    static_partitioned_config,
)


@static_partitioned_config(["x", "y"], tags_for_partition_key_fn=lambda key: {"letter": key})
def by_letter(key):
    return {"ops": {"echo": {"config": {"word": key}}}}


@op(config_schema={"word": str})
def echo(context):
    return context.op_config["word"]


@job(config=by_letter)
def letters():
    echo()


def test_a_request_has_config_and_tags_of_its_partition():
    request = letters.run_request_for_partition("x", run_key="k", tags={"team": "a"})
    assert request.run_config == {"ops": {"echo": {"config": {"word": "x"}}}}
    assert request.tags == {"letter": "x", "team": "a", "penstock/partition": "x"}
    assert (request.run_key, request.partition_key, request.job_name) == ("k", "x", "letters")


def test_config_that_is_given_wins():
    given = {"ops": {"echo": {"config": {"word": "z"}}}}
    assert letters.run_request_for_partition("x", run_config=given).run_config == given


def test_partitions_without_config_make_a_request_too():
    @job(partitions_def=StaticPartitionsDefinition(["x"]))
    def plain(): ...

    request = plain.run_request_for_partition("x")
    assert (request.run_config, request.tags) == ({}, {"penstock/partition": "x"})


def test_an_asset_job_that_says_its_partitions_makes_requests_too():
    job_of_assets = define_asset_job("refill", partitions_def=StaticPartitionsDefinition(["x"]))
    request = job_of_assets.run_request_for_partition("x", run_key="k")
    assert (request.job_name, request.tags) == ("refill", {"penstock/partition": "x"})


def test_a_request_says_what_it_names():
    request = RunRequest(
        asset_selection=[AssetKey("a")],
        tags={"penstock/asset_partition_range_start": "x", "penstock/asset_partition_range_end": "y"},
    )
    assert (request.entity_keys, request.partition_key_range) == (
        [AssetKey("a")],
        PartitionKeyRange("x", "y"),
    )
    assert (RunRequest().entity_keys, RunRequest().partition_key_range) == ([], None)


def test_config_and_tags_are_plain_whatever_was_given():
    request = RunRequest(run_config=RunConfig(ops={}), tags={"rows": 3})
    assert (request.run_config, request.tags) == (RunConfig(ops={}).to_config_dict(), {"rows": "3"})
    assert RunRequest(run_config=None, tags=None) == RunRequest()


def test_a_copy_has_other_fields():
    request = RunRequest(run_key="a", partition_key="x")
    assert request.with_replaced_attrs(run_key="b") == RunRequest(run_key="b", partition_key="x")
    assert not request.has_resolved_partition()
    assert RunRequest().has_resolved_partition()


def test_a_partition_adds_its_tags_and_config_unless_config_was_given():
    request = RunRequest(partition_key="x", tags={"team": "a"})
    whole = request.with_resolved_tags_and_config(letters)
    assert whole.run_config == {"ops": {"echo": {"config": {"word": "x"}}}}
    assert whole.tags == {"team": "a", "letter": "x", "penstock/partition": "x"}
    assert whole.has_resolved_partition()
    given = RunRequest(partition_key="x", run_config={"ops": {}}).with_resolved_tags_and_config(letters)
    assert given.run_config == {"ops": {}}
    with pytest.raises(InvariantViolationError, match="names no partition"):
        RunRequest().with_resolved_tags_and_config(letters)


def test_assets_of_different_partitions_have_none_in_common():
    @asset(partitions_def=StaticPartitionsDefinition(["x"]))
    def one(): ...

    @asset(partitions_def=StaticPartitionsDefinition(["x", "y"]))
    def two(): ...

    every = Definitions(assets=[one, two]).get_implicit_global_asset_job_def()
    of_one = RunRequest(partition_key="x", asset_selection=[AssetKey("one")])
    assert of_one.with_resolved_tags_and_config(every).tags == {"penstock/partition": "x"}
    with pytest.raises(InvalidDefinitionError, match="different partitions: one, two"):
        RunRequest(partition_key="x").with_resolved_tags_and_config(every)


def test_an_unknown_partition_is_refused():
    with pytest.raises(UnknownPartitionError, match="zz"):
        letters.run_request_for_partition("zz")


def test_a_job_without_partitions_has_no_such_request():
    @job
    def plain(): ...

    with pytest.raises(InvalidInvocationError, match="'plain' has no partitions"):
        plain.run_request_for_partition("x")
