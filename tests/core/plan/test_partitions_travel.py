"""What a run reads is pickled with its plan, in whatever form the partitions are kept."""

from __future__ import annotations

import pickle

import pytest

from penstock import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
)
from penstock.keys import AssetKey
from penstock.plan.model import Plan
from penstock.plan.partitions import Read

DAYS = DailyPartitionsDefinition("2024-01-01")
LETTERS = StaticPartitionsDefinition(["a", "b"])

FORMS = {
    "windows": (DAYS, ["2024-01-02", "2024-01-03"]),
    "listed": (LETTERS, ["a", "b"]),
    "names": (DynamicPartitionsDefinition(name="files"), ["x", "y"]),
    "boxes": (MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS}), ["2024-01-02|a", "2024-01-02|b"]),
}


@pytest.mark.parametrize(("definition", "keys"), FORMS.values(), ids=FORMS)
def test_what_is_read_travels(definition, keys):
    key = AssetKey("up")
    read = Read(subset=definition.subset_with_partition_keys(keys), where="'down', which reads 'up',")
    plan = Plan(job_name="j", steps=(), partition_keys=tuple(keys), reads={"down": {key: read}})
    there = pickle.loads(pickle.dumps(plan))
    assert there.partition_keys == tuple(keys)
    assert list(there.reads["down"][key].keys) == keys
    assert there.reads["down"][key].subset.partitions_def == definition


def test_a_million_partitions_travel_as_a_range():
    hours = HourlyPartitionsDefinition("1900-01-01-00:00", end_date="2024-01-01-00:00")
    everything = hours.subset_with_all_partitions()
    assert len(everything) > 1_000_000
    assert len(pickle.dumps(Read(subset=everything))) < 2_000
