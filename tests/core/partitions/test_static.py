"""Partitions that are listed, and those of one's own making."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.static import StaticPartitionsDefinition


class Squares(PartitionsDefinition):
    """Partitions of one's own: nothing but a list of keys."""

    def get_partition_keys(self, current_time=None, dynamic_partitions_store=None):
        return [str(one * one) for one in range(1, 6)]


def test_keys_keep_their_order_and_unknown_ones_are_named():
    some = StaticPartitionsDefinition(["north", "south"])
    assert some.get_partition_keys() == ["north", "south"]
    with pytest.raises(UnknownPartitionError, match=r"'nort'.*'north'"):
        some.validate_partition_key("nort")


@pytest.mark.parametrize("keys", [["a", "a"], ["a...b"], [1], "abc"])
def test_keys_that_cannot_be_are_refused(keys):
    with pytest.raises(InvalidDefinitionError):
        StaticPartitionsDefinition(keys)


def test_definitions_of_equal_keys_are_equal():
    one, other = StaticPartitionsDefinition(["a"]), StaticPartitionsDefinition(("a",))
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == "StaticPartitionsDefinition(['a'])"
    assert isinstance(one, PartitionsDefinition)
    assert one.get_serializable_unique_identifier() == other.get_serializable_unique_identifier()


@pytest.mark.parametrize("definition", [StaticPartitionsDefinition(["1", "4", "9", "16", "25"]), Squares()])
def test_every_lookup_follows_the_order_of_the_keys(definition):
    assert definition.get_num_partitions() == 5
    assert (definition.get_first_partition_key(), definition.get_last_partition_key()) == ("1", "25")
    assert (definition.get_partition_key_at(1), definition.get_partition_index("9")) == ("4", 2)
    assert list(definition.get_partition_keys_in_range(PartitionKeyRange("4", "16"))) == ["4", "9", "16"]
    assert not definition.has_partition_key("5")
    with pytest.raises(UnknownPartitionError, match="'5'"):
        definition.get_partition_index("5")
    with pytest.raises(UnknownPartitionError, match="wrong way round"):
        definition.get_partition_keys_in_range(PartitionKeyRange("16", "4"))
    some = definition.subset_with_partition_keys(["16", "1"])
    assert set(some.get_partition_keys()) == {"1", "16"}
    assert set(some.get_partition_keys_not_in_subset()) == {"4", "9", "25"}
    assert definition.deserialize_subset(some.serialize()) == some


def test_no_keys_are_no_partitions():
    nothing = StaticPartitionsDefinition([])
    assert nothing.get_first_partition_key() is None
    assert nothing.subset_with_all_partitions().is_empty
    with pytest.raises(UnknownPartitionError, match="none"):
        nothing.validate_partition_key("a")


def test_keys_are_told_in_words():
    assert str(StaticPartitionsDefinition(["a", "b"])) == "the keys 'a', 'b'"
    many = StaticPartitionsDefinition([f"k{n:04}" for n in range(3000)])
    assert str(many) == "3,000 keys from 'k0000' to 'k2999'"


def test_partitions_of_ones_own_are_the_same_in_every_process():
    some = Squares().subset_with_partition_keys(["4"])
    assert Squares().can_deserialize_subset(some.serialize())
    assert Squares().deserialize_subset(some.serialize()).get_partition_keys() == ["4"]
    assert str(Squares()) == "the keys of Squares"
