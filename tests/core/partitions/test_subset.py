"""Subsets of every kind of partitions: algebra, ranges, texts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import InvariantViolationError, UnknownPartitionError
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import DynamicKeys, partition_loading_context

LETTERS = StaticPartitionsDefinition(list("dcba"))
DAYS = DailyPartitionsDefinition("2024-01-01", timezone="Europe/Berlin")
HOURS = HourlyPartitionsDefinition("2024-03-31-00:00", timezone="Europe/Berlin")
FILES = DynamicPartitionsDefinition(name="files")
GRID = MultiPartitionsDefinition({"letter": LETTERS, "day": DAYS})
CUBE = MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS, "file": FILES})
NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)
STORE = DynamicKeys({"files": ("x", "y")})
KINDS = [LETTERS, DAYS, HOURS, FILES, GRID, CUBE]


@settings(max_examples=80)
@given(st.sampled_from(KINDS), st.data())
def test_subsets_are_sets_of_keys(definition, data):
    with partition_loading_context(NOW, STORE):
        keys = list(definition.get_partition_keys())
        one, other = (data.draw(st.sets(st.sampled_from(keys), max_size=25)) for _ in range(2))
        left, right = definition.subset_with_partition_keys(one), definition.subset_with_partition_keys(other)
        for found, expected in (
            (left | right, one | other), (left & right, one & other), (left - right, one - other),
        ):  # fmt: skip
            assert list(found.get_partition_keys()) == [key for key in keys if key in expected]
            assert len(found) == len(expected)
            assert found == definition.subset_with_partition_keys(expected)
            assert all((key in found) is (key in expected) for key in keys[:50])
            assert definition.deserialize_subset(found.serialize()) == found
        rest = left.get_partition_keys_not_in_subset(definition)
        assert list(rest) == [key for key in keys if key not in one]
        ranges = left.get_partition_key_ranges()
        assert {key for each in ranges for key in definition.get_partition_keys_in_range(each)} == one
        assert definition.subset_with_all_partitions() - left == definition.subset_with_partition_keys(rest)


def test_a_range_is_added_as_one():
    some = DAYS.empty_subset().with_partition_key_range(PartitionKeyRange("2024-01-03", "2024-12-31"))
    assert len(some) == 364
    assert some.get_partition_key_ranges() == [PartitionKeyRange("2024-01-03", "2024-12-31")]
    assert len(some.serialize()) < 80
    assert repr(some) == "PartitionsSubset(2024-01-03, 2024-01-04, 2024-01-05, 2024-01-06, … 364 in all)"


def test_a_whole_year_of_every_letter_is_one_box():
    some = GRID.empty_subset().with_partition_key_range(PartitionKeyRange("2024-01-01|d", "2024-12-31|a"))
    assert len(some) == 4 * 366
    assert some.get_partition_key_ranges() == [PartitionKeyRange("2024-01-01|d", "2024-12-31|a")]
    assert MultiPartitionKey({"letter": "b", "day": "2024-05-05"}) in some
    assert "2024-05-05|z" not in some
    assert "2024-05-05" not in some


@pytest.mark.parametrize(
    ("definition", "key"), [(LETTERS, "z"), (DAYS, "2023-12-31"), (GRID, "2024-01-01|z")]
)
def test_a_key_that_can_never_exist_is_refused(definition, key):
    with pytest.raises(UnknownPartitionError, match=key.replace("|", r"\|")):
        definition.subset_with_partition_keys([key])
    with pytest.raises(UnknownPartitionError):
        definition.empty_subset().with_partition_key_range(PartitionKeyRange(key, key))


def test_an_empty_subset_is_like_any_empty_container():
    nothing = DAYS.empty_subset()
    assert not nothing
    assert nothing.is_empty
    assert (DAYS.subset_with_partition_keys(["2024-01-01"]).empty_subset()) == nothing
    assert list(nothing) == []


def test_subsets_of_different_partitions_do_not_mix():
    with pytest.raises(InvariantViolationError, match="different partitions"):
        LETTERS.empty_subset() | DAYS.empty_subset()


def test_a_changed_definition_is_noticed():
    text = LETTERS.subset_with_partition_keys(["a"]).serialize()
    changed = StaticPartitionsDefinition(list("abcd"))
    assert LETTERS.can_deserialize_subset(text)
    assert not changed.can_deserialize_subset(text)
    with pytest.raises(InvariantViolationError, match="has changed since"):
        changed.deserialize_subset(text)


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(-40, 40))
def test_windows_are_read_rightly_when_the_start_has_moved(places, shift):
    old = DailyPartitionsDefinition("2024-03-01", timezone="Europe/Berlin")
    start = old.timeline.time_at(old.timeline.kept.at(shift)) if shift else old.start
    new = DailyPartitionsDefinition(start, timezone="Europe/Berlin")
    keys = {old.timeline.key_at(place) for place in places}
    read = new.deserialize_subset(old.subset_with_partition_keys(keys).serialize())
    assert set(read) == {key for key in keys if key >= new.timeline.key_at(0)}


@pytest.mark.parametrize("text", ["", "[]", "x", '{"v":9,"of":"","in":""}', '{"v":1,"of":""}'])
def test_what_is_no_subset_is_refused(text):
    assert not LETTERS.can_deserialize_subset(text)
    with pytest.raises(InvariantViolationError, match="no subset"):
        LETTERS.deserialize_subset(text)


@pytest.mark.parametrize("definition", KINDS)
def test_a_spoilt_body_is_refused(definition):
    written = json.loads(definition.empty_subset().serialize())
    for spoilt in ("zz+1", [["a"]], 5, "ffffff"):
        if definition is FILES and isinstance(spoilt, list):
            continue
        with pytest.raises(InvariantViolationError):
            definition.deserialize_subset(json.dumps({**written, "in": spoilt}))


def test_a_million_windows_are_a_few_bytes():
    many = HourlyPartitionsDefinition("1900-01-01-00:00")
    everything = many.subset_with_all_partitions(NOW)
    assert len(everything) > 1_000_000
    assert len(everything.serialize()) < 70
    assert len(everything - many.subset_with_partition_keys(["2000-01-01-00:00"])) == len(everything) - 1
