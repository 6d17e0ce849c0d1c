"""Pieces of a subset: all of it, nothing twice, in order, and no longer than allowed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.automation.cutting import cut, subset_of
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import DynamicKeys, View

VIEW = View(datetime(2024, 2, 1, tzinfo=UTC), DynamicKeys({"files": tuple("hgfedcba")}))
DAYS = DailyPartitionsDefinition("2024-01-01")
NAMES = StaticPartitionsDefinition(list("abcdefghij"))
FILES = DynamicPartitionsDefinition(name="files")


class Own(PartitionsDefinition):
    """A definition of a user, which only lists its keys."""

    def get_partition_keys(self, current_time=None, dynamic_partitions_store=None):
        return ["x", "y", "z"]


DEFINITIONS = {
    "days": DAYS,
    "hours across a change of clocks": HourlyPartitionsDefinition(
        "2023-11-05-00:00", end_date="2023-11-06-00:00", timezone="America/New_York"
    ),
    "names": NAMES,
    "files": FILES,
    "own": Own(),
    "days by name": MultiPartitionsDefinition({"day": DAYS, "name": NAMES}),
    "files by name by day": MultiPartitionsDefinition({"file": FILES, "name": NAMES, "at": DAYS}),
}


def keys_of(definition):
    return definition.get_partition_keys(VIEW.effective_dt, VIEW.dynamic_partitions_store)


@pytest.mark.parametrize("name", DEFINITIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_pieces_are_the_subset_and_no_key_is_in_two(name, data):
    definition = DEFINITIONS[name]
    keys = data.draw(st.lists(st.sampled_from(keys_of(definition)), max_size=40, unique=True))
    per_run = data.draw(st.sampled_from([None, 1, 2, 3, 7]))
    newest_first = data.draw(st.booleans())
    subset = definition.subset_with_partition_keys(keys)
    seen = []
    for piece in cut(subset, per_run, VIEW, newest_first=newest_first):
        of_piece = subset_of(definition, piece.first, piece.last, VIEW)
        assert len(of_piece) == piece.count
        assert per_run is None or piece.count <= per_run
        seen += list(of_piece)
    assert sorted(seen) == sorted(keys)


@given(st.sets(st.sampled_from(keys_of(DAYS))), st.sampled_from([None, 1, 4]))
def test_the_oldest_come_first_unless_the_newest_are_wanted(keys, per_run):
    subset = DAYS.subset_with_partition_keys(keys)
    forward = [piece.first for piece in cut(subset, per_run, VIEW)]
    backward = [piece.last for piece in cut(subset, per_run, VIEW, newest_first=True)]
    assert forward == sorted(forward)
    assert backward == sorted(backward, reverse=True)


def test_dynamic_keys_follow_each_other_as_they_were_added():
    subset = FILES.subset_with_partition_keys(["h", "g", "e", "a"])
    assert [(one.first, one.last) for one in cut(subset, None, VIEW)] == [("h", "g"), ("e", "e"), ("a", "a")]


def test_a_range_without_a_gap_is_one_piece_in_every_dimension():
    both = DEFINITIONS["days by name"]
    subset = both.subset_with_all_partitions(VIEW.effective_dt, VIEW.dynamic_partitions_store)
    (piece,) = cut(subset, None, VIEW)
    assert (piece.first, piece.last, piece.count) == ("2024-01-01|a", "2024-01-31|j", 310)


def test_of_many_pieces_only_those_that_are_taken_are_made():
    hours = HourlyPartitionsDefinition("1900-01-01-00:00")
    pieces = cut(hours.subset_with_all_partitions(VIEW.effective_dt), 1, VIEW)
    assert next(pieces).first == "1900-01-01-00:00"
    assert next(pieces).first == "1900-01-01-01:00"
