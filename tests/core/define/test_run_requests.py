"""A partitioned job makes the request for a run of one of its partitions."""

from __future__ import annotations

import pytest

from penstock import (
    InvalidInvocationError,
    StaticPartitionsDefinition,
    UnknownPartitionError,
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


def test_an_unknown_partition_is_refused():
    with pytest.raises(UnknownPartitionError, match="zz"):
        letters.run_request_for_partition("zz")


def test_a_job_without_partitions_has_no_such_request():
    @job
    def plain(): ...

    with pytest.raises(InvalidInvocationError, match="'plain' has no partitions"):
        plain.run_request_for_partition("x")
