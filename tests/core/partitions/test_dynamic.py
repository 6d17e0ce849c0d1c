"""Partitions that come and go."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidDefinitionError, InvalidInvocationError, UnknownPartitionError
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.view import DynamicKeys, partition_loading_context

FILES = DynamicPartitionsDefinition(name="files")
STORE = DynamicKeys({"files": ("b", "a", "c")})


def test_keys_are_those_of_the_store_in_its_order():
    assert FILES.get_partition_keys(dynamic_partitions_store=STORE) == ["b", "a", "c"]
    with partition_loading_context(dynamic_partitions_store=STORE):
        assert FILES.get_last_partition_key() == "c"
        assert FILES.has_partition_key("a")
        assert not FILES.has_partition_key("z")
        assert FILES.get_partition_keys_in_range(PartitionKeyRange("b", "a")) == ["b", "a"]
        with pytest.raises(UnknownPartitionError, match=r"'z'.*'b', 'a', 'c'"):
            FILES.validate_partition_key("z")


def test_without_a_store_nobody_knows():
    with pytest.raises(InvalidInvocationError, match="dynamic_partitions_store=instance"):
        FILES.get_partition_keys()


def test_a_subset_is_a_set_of_names_that_outlives_them():
    some = FILES.subset_with_partition_keys(["a", "gone", "b"])
    assert some.get_partition_keys() == ["a", "b", "gone"]
    assert some.get_partition_key_ranges(dynamic_partitions_store=STORE) == [
        PartitionKeyRange("b", "a"), PartitionKeyRange("gone", "gone"),
    ]  # fmt: skip
    assert some.get_partition_keys_not_in_subset(dynamic_partitions_store=STORE) == ["c"]
    assert FILES.deserialize_subset(some.serialize()) == some


def test_requests_name_the_set_and_the_keys():
    request = FILES.build_add_request(["x"])
    assert (request.partitions_def_name, request.partition_keys) == ("files", ("x",))
    assert FILES.build_delete_request(["x"]).partition_keys == ("x",)


def test_a_function_may_list_the_keys():
    listed = DynamicPartitionsDefinition(lambda now: ["x", "y"])
    assert listed.get_partition_keys() == ["x", "y"]
    assert listed.has_partition_key("x")
    with pytest.raises(InvalidDefinitionError, match="listed by a function"):
        listed.build_add_request(["z"])


@pytest.mark.parametrize("options", [{}, {"name": ""}, {"name": "x", "partition_fn": list}])
def test_either_a_name_or_a_function_is_wanted(options):
    with pytest.raises(InvalidDefinitionError, match="name"):
        DynamicPartitionsDefinition(**options)


def test_a_set_without_keys_says_how_to_add_some():
    with pytest.raises(UnknownPartitionError, match="penstock partition add files KEY"):
        FILES.validate_partition_key("a", dynamic_partitions_store=DynamicKeys())
    assert str(FILES) == "the dynamic keys of 'files'"


def list_letters(now):
    return ["x", "y"]


def test_keys_that_a_function_lists_are_told_by_its_name():
    assert str(DynamicPartitionsDefinition(list_letters)) == "the keys that list_letters lists"
