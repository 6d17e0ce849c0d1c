"""Partitions with several dimensions."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04")
ZONES = StaticPartitionsDefinition(["n", "s"])
SIZES = StaticPartitionsDefinition(["big", "small"])
GRID = MultiPartitionsDefinition({"zone": ZONES, "day": DAYS})
CUBE = MultiPartitionsDefinition({"zone": ZONES, "day": DAYS, "size": SIZES})


@pytest.mark.parametrize("definition", [GRID, CUBE, MultiPartitionsDefinition({"zone": ZONES})])
def test_places_are_those_of_the_listed_keys(definition):
    keys = definition.get_partition_keys()
    assert definition.get_num_partitions() == len(keys)
    assert [definition.get_partition_key_at(place) for place in range(len(keys))] == keys
    assert [definition.get_partition_index(key) for key in keys] == list(range(len(keys)))
    assert (definition.get_first_partition_key(), definition.get_last_partition_key()) == (keys[0], keys[-1])


def test_keys_are_joined_by_the_names_of_their_dimensions():
    assert CUBE.get_partition_keys()[1] == "2024-01-01|big|s"
    key = MultiPartitionKey({"zone": "s", "size": "big", "day": "2024-01-01"})
    assert key == "2024-01-01|big|s"
    assert dict(key.keys_by_dimension) == {"day": "2024-01-01", "size": "big", "zone": "s"}
    again = pickle.loads(pickle.dumps(key))
    assert again.keys_by_dimension == key.keys_by_dimension
    assert CUBE.get_partition_key_from_str("2024-01-01|big|s").keys_by_dimension == key.keys_by_dimension


def test_a_range_is_one_of_each_dimension():
    found = GRID.get_partition_keys_in_range(PartitionKeyRange("2024-01-02|s", "2024-01-03|s"))
    assert found == ["2024-01-02|s", "2024-01-03|s"]
    with pytest.raises(UnknownPartitionError, match=r"Dimension 'zone'.*wrong way round"):
        GRID.get_partition_keys_in_range(PartitionKeyRange("2024-01-02|s", "2024-01-03|n"))


def test_the_keys_of_a_dimension_and_its_window_are_found():
    found = GRID.get_multipartition_keys_with_dimension_value("zone", "n")
    assert found == ["2024-01-01|n", "2024-01-02|n", "2024-01-03|n"]
    assert GRID.time_window_for_partition_key("2024-01-02|n").start == datetime(2024, 1, 2, tzinfo=UTC)
    assert (GRID.primary_dimension.name, GRID.secondary_dimension.name) == ("day", "zone")
    assert GRID.has_time_window_dimension
    assert GRID.time_window_partitions_def == DAYS
    with pytest.raises(InvalidDefinitionError, match="One dimension of time windows"):
        _ = MultiPartitionsDefinition({"zone": ZONES}).time_window_dimension
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'zone'"):
        GRID.get_multipartition_keys_with_dimension_value("zones", "n")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("2024-01-01", r"written as 'day\|zone'"),
        ("2024-01-01|x", "Dimension 'zone'.*'x'"),
        ("2024-02-01|n", "Dimension 'day'.*nearest is '2024-01-03'"),
        (MultiPartitionKey({"day": "2024-01-01", "region": "n"}), "a part for each"),
    ],
)
def test_a_key_that_does_not_exist_is_explained(key, message):
    assert not GRID.has_partition_key(key)
    with pytest.raises(UnknownPartitionError, match=message):
        GRID.validate_partition_key(key)


@pytest.mark.parametrize(
    "dimensions", [{}, {"a": GRID}, {"a": StaticPartitionsDefinition(["x|y"])}, {"a": ["x"]}]
)
def test_dimensions_that_cannot_be_are_refused(dimensions):
    with pytest.raises(InvalidDefinitionError):
        MultiPartitionsDefinition(dimensions)


def test_a_key_wants_a_text_for_each_dimension():
    for strange in ({}, {"a": 1}):
        with pytest.raises(InvalidDefinitionError, match="text for each dimension"):
            MultiPartitionKey(strange)


def test_the_order_in_which_dimensions_are_named_does_not_matter():
    assert MultiPartitionsDefinition({"day": DAYS, "zone": ZONES}) == GRID
    assert GRID.partition_dimension_names == ["day", "zone"]
    assert GRID.get_tags_for_partition_key("2024-01-01|n") == {
        "penstock/partition": "2024-01-01|n",
        "penstock/partition/day": "2024-01-01",
        "penstock/partition/zone": "n",
    }


def test_dimensions_are_told_in_words():
    assert str(GRID) == "day (daily from 2024-01-01 to 2024-01-03, UTC) × zone (the keys 'n', 's')"
    with pytest.raises(UnknownPartitionError, match=r"written as 'day\|zone'"):
        GRID.validate_partition_key("2024-01-01")


def test_the_keys_by_dimension_can_travel_and_be_written():
    parts = MultiPartitionKey({"b": "1", "a": "2"}).keys_by_dimension
    assert pickle.loads(pickle.dumps(parts)) == {"a": "2", "b": "1"}
    assert json.dumps(parts) == '{"a": "2", "b": "1"}'
