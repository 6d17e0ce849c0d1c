"""Runs of the engine keep the bits of partitions complete, so that no question has to number anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock import (
    AssetKey,
    DailyPartitionsDefinition,
    Instance,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
    materialize,
)
from penstock.events.entries import AssetPartitionStatus
from penstock.events.runs import RANGE_END_TAG, RANGE_START_TAG
from penstock.partitions.numbers import numbering_of
from penstock.query.partitions import partition_statuses
from penstock.store.doctor import faults_in

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-06")
CUBE = MultiPartitionsDefinition({"day": DAYS, "x": StaticPartitionsDefinition([*"abc"])})
NOW = datetime(2024, 2, 1, tzinfo=UTC)
A = AssetKey("made")


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as instance:
        yield instance
        assert faults_in(instance.store) == []


def made_of(definition):
    @asset(name="made", partitions_def=definition)
    def made(context):
        if context.run.tags.get("fails"):
            raise ValueError
        return dict.fromkeys(context.partition_keys) if len(context.partition_keys) > 1 else None

    return made


def run(definition, instance, first, last=None, **tags):
    how = {"instance": instance, "raise_on_error": False}
    if last is None:
        return materialize([made_of(definition)], partition_key=first, tags=tags, **how)
    return materialize(
        [made_of(definition)], tags={RANGE_START_TAG: first, RANGE_END_TAG: last, **tags}, **how
    )


def complete(instance, definition):
    bits = instance.store.partition_book.bits(A)
    assert bits.is_complete
    assert bits.ruler == numbering_of(definition).ruler
    return partition_statuses(instance.store, A, definition, now=NOW)


def test_ranges_and_single_partitions_are_numbered_by_the_run(instance):
    assert run(DAYS, instance, "2024-01-02", "2024-01-03").success
    assert run(DAYS, instance, "2024-01-05").success
    run(DAYS, instance, "2024-01-03", "2024-01-04", fails="yes")
    found = complete(instance, DAYS)
    assert list(found.materialized) == ["2024-01-02", "2024-01-05"]
    assert list(found.failed) == ["2024-01-03", "2024-01-04"]
    assert list(found.missing) == ["2024-01-01"]
    assert run(DAYS, instance, "2024-01-04").success
    assert list(complete(instance, DAYS).failed) == ["2024-01-03"]


def test_a_range_over_several_dimensions_is_numbered_by_the_run(instance):
    assert run(CUBE, instance, "2024-01-02|a", "2024-01-03|b").success
    run(CUBE, instance, "2024-01-03|b", "2024-01-04|c", fails="yes")
    found = complete(instance, CUBE)
    assert list(found.materialized) == ["2024-01-02|a", "2024-01-02|b", "2024-01-03|a"]
    assert list(found.failed) == ["2024-01-03|b", "2024-01-03|c", "2024-01-04|b", "2024-01-04|c"]


def test_partitions_are_in_progress_while_they_are_made(instance):
    seen = []

    @asset(name="made", partitions_def=DAYS)
    def made(context):
        seen.append(list(partition_statuses(context.instance.store, A, DAYS, now=NOW).in_progress))

    assert materialize([made], partition_key="2024-01-02", instance=instance).success
    assert seen == [["2024-01-02"]]
    assert list(complete(instance, DAYS).in_progress) == []


def test_another_definition_reads_what_the_earlier_one_recorded(instance):
    assert run(DAYS, instance, "2024-01-02", "2024-01-03").success
    run(DAYS, instance, "2024-01-05", fails="yes")
    later = DailyPartitionsDefinition("2024-01-03", end_date="2024-01-09")
    found = partition_statuses(instance.store, A, later, now=NOW)
    assert (list(found.materialized), list(found.failed)) == (["2024-01-03"], ["2024-01-05"])
    assert run(later, instance, "2024-01-08").success
    assert list(complete(instance, later).materialized) == ["2024-01-03", "2024-01-08"]
    assert instance.get_materialized_partitions(A) == {"2024-01-02", "2024-01-03", "2024-01-08"}


def test_the_definition_makes_the_status_of_keys_cheap(instance):
    run(DAYS, instance, "2024-01-02", fails="yes")
    keys = ["2024-01-01", "2024-01-02"]
    for definition in (DAYS, None):
        found = instance.get_status_by_partition(A, keys, definition)
        assert found == {"2024-01-01": None, "2024-01-02": AssetPartitionStatus.FAILED}
