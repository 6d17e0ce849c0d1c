"""Mappings that look at keys, those of several dimensions, the rules between them, and one's own."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.mapping import (
    AllPartitionMapping,
    IdentityPartitionMapping,
    LastPartitionMapping,
    PartitionMapping,
    SpecificPartitionsPartitionMapping,
    UpstreamPartitionsResult,
)
from penstock.partitions.mapping_rules import (
    downstream_partitions,
    looks_back,
    mapping_between,
    upstream_partitions,
)
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.multi_mapping import (
    DimensionPartitionMapping,
    MultiPartitionMapping,
    MultiToSingleDimensionPartitionMapping,
)
from penstock.partitions.periods import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.static_mapping import StaticPartitionMapping
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import DynamicKeys, View

ABC, BCD = StaticPartitionsDefinition(list("abc")), StaticPartitionsDefinition(list("bcd"))
DAYS = DailyPartitionsDefinition("2024-01-01")
HOURS = HourlyPartitionsDefinition("2024-01-01-00:00")
WEEKS = WeeklyPartitionsDefinition("2024-01-01")
FILES = DynamicPartitionsDefinition(name="files")
GRID = MultiPartitionsDefinition({"day": DAYS, "letter": ABC})
COLORED = MultiPartitionsDefinition({"week": WEEKS, "color": StaticPartitionsDefinition(["r", "g"])})
VIEW = View(datetime(2024, 1, 20, 10, 30, tzinfo=UTC), DynamicKeys({"files": ("x", "y")}))
WEEK = [f"2024-01-{day:02d}|{letter}" for day in range(7, 14) for letter in "abc"]


def read(mapping, down, keys, up):
    reader = None if down is None else down.subset_with_partition_keys(keys)
    result = upstream_partitions(mapping, reader, up, VIEW)
    return list(result.partitions_subset), list(result.required_but_nonexistent_partition_keys)


def readers(mapping, up, keys, down):
    return list(downstream_partitions(mapping, up.subset_with_partition_keys(keys), down, VIEW))


def test_the_same_key_is_read_and_missed_where_it_is_not():
    same = IdentityPartitionMapping()
    assert read(same, BCD, ["b", "d"], ABC) == (["b"], ["d"])
    assert readers(same, ABC, ["a", "b"], BCD) == ["b"]
    later = DailyPartitionsDefinition("2024-01-10")
    assert read(same, DAYS, ["2024-01-05", "2024-01-12"], later) == (["2024-01-12"], ["2024-01-05"])
    assert read(same, later, ["2024-01-12"], DAYS) == (["2024-01-12"], [])
    assert read(same, DAYS, ["2024-01-12", "2024-01-25"], DAYS) == (["2024-01-12"], ["2024-01-25"])
    ended = DailyPartitionsDefinition("2023-12-01", "2024-01-03")
    assert read(same, DAYS, ["2024-01-02", "2024-01-03"], ended) == (["2024-01-02"], ["2024-01-03"])
    assert read(same, FILES, ["x", "gone"], FILES) == (["x"], ["gone"])
    assert read(same, ABC, ["a"], DAYS) == ([], ["a"])
    assert read(same, GRID, ["2024-01-05|a", "2024-01-25|b"], GRID) == (["2024-01-05|a"], ["2024-01-25|b"])


def test_everything_is_read_by_everyone():
    everything = AllPartitionMapping()
    assert read(everything, ABC, ["a"], BCD) == (["b", "c", "d"], [])
    assert read(everything, None, None, FILES) == (["x", "y"], [])
    assert readers(everything, ABC, ["a"], BCD) == ["b", "c", "d"]
    assert readers(everything, ABC, [], BCD) == []


def test_the_newest_is_read_by_everyone():
    newest = LastPartitionMapping()
    assert read(newest, None, None, DAYS) == (["2024-01-19"], [])
    assert read(newest, None, None, DailyPartitionsDefinition("2030-01-01")) == ([], [])
    assert readers(newest, ABC, ["a"], BCD) == []
    assert readers(newest, ABC, ["c"], BCD) == ["b", "c", "d"]


def test_always_the_same_are_read():
    some = SpecificPartitionsPartitionMapping(["c"])
    assert read(some, ABC, ["a"], BCD) == (["c"], [])
    assert read(SpecificPartitionsPartitionMapping(["c", "z"]), None, None, ABC) == (["c"], ["z"])
    assert readers(some, ABC, ["a"], BCD) == []
    assert readers(some, ABC, ["c"], BCD) == ["b", "c", "d"]
    with pytest.raises(UnknownPartitionError, match="'z'"):
        SpecificPartitionsPartitionMapping(["z"]).validate_partition_mapping(ABC, None)


def test_readers_may_be_written_down():
    written = StaticPartitionMapping({"a": "b", "b": ["b", "c"]})
    assert read(written, BCD, ["b"], ABC) == (["a", "b"], [])
    assert read(written, BCD, ["d"], ABC) == ([], [])
    assert readers(written, ABC, ["b"], BCD) == ["b", "c"]
    assert written == StaticPartitionMapping({"a": ["b"], "b": {"c", "b"}})
    assert len({written, StaticPartitionMapping({"a": ["b"], "b": {"c", "b"}})}) == 1


@pytest.mark.parametrize(
    ("table", "up", "error", "message"),
    [
        ({"z": "b"}, ABC, UnknownPartitionError, "'z'"),
        ({"a": "z"}, ABC, UnknownPartitionError, "'z'"),
        ({"a": "b"}, FILES, InvalidDefinitionError, "static partitions on both sides"),
    ],
)
def test_what_is_written_down_has_to_exist(table, up, error, message):
    with pytest.raises(error, match=message):
        StaticPartitionMapping(table).validate_partition_mapping(up, BCD)


def test_a_dimension_is_shared_with_one_that_stands_alone():
    shared = MultiToSingleDimensionPartitionMapping()
    assert read(shared, DAYS, ["2024-01-05"], GRID) == ([f"2024-01-05|{one}" for one in "abc"], [])
    assert read(shared, WEEKS, ["2024-01-07"], GRID) == (WEEK, [])
    assert len(read(shared, ABC, ["a"], GRID)[0]) == 19
    assert read(shared, GRID, ["2024-01-05|a", "2024-01-06|b"], DAYS) == (["2024-01-05", "2024-01-06"], [])
    assert read(shared, GRID, ["2024-01-25|a"], DAYS) == ([], ["2024-01-25"])
    assert readers(shared, DAYS, ["2024-01-05"], GRID) == [f"2024-01-05|{one}" for one in "abc"]
    assert readers(shared, GRID, ["2024-01-05|a"], DAYS) == ["2024-01-05"]


def test_the_shared_dimension_is_named_where_several_fit():
    twice = MultiPartitionsDefinition({"a": ABC, "b": StaticPartitionsDefinition(list("abc"))})
    with pytest.raises(InvalidDefinitionError, match="More than one dimension"):
        MultiToSingleDimensionPartitionMapping().validate_partition_mapping(twice, ABC)
    assert len(read(MultiToSingleDimensionPartitionMapping("a"), ABC, ["a"], twice)[0]) == 3
    with pytest.raises(InvalidDefinitionError, match="There is no dimension 'q'"):
        MultiToSingleDimensionPartitionMapping("q").validate_partition_mapping(twice, ABC)
    with pytest.raises(InvalidDefinitionError, match="No dimension"):
        MultiToSingleDimensionPartitionMapping().validate_partition_mapping(GRID, BCD)
    for up, down in ((ABC, BCD), (GRID, GRID), (GRID, None)):
        with pytest.raises(InvalidDefinitionError):
            MultiToSingleDimensionPartitionMapping().validate_partition_mapping(up, down)


def test_dimensions_are_mapped_side_by_side():
    weekly = MultiPartitionMapping({"day": DimensionPartitionMapping("week", TimeWindowPartitionMapping())})
    assert read(weekly, COLORED, ["r|2024-01-07"], GRID) == (WEEK, [])
    assert readers(weekly, GRID, ["2024-01-08|a"], COLORED) == ["r|2024-01-07", "g|2024-01-07"]
    before = MultiPartitionMapping(
        {
            "day": DimensionPartitionMapping("day", TimeWindowPartitionMapping(-1, -1)),
            "letter": DimensionPartitionMapping("letter", IdentityPartitionMapping()),
        }
    )
    assert read(before, GRID, ["2024-01-05|a", "2024-01-01|b"], GRID) == (["2024-01-04|a"], [])
    assert readers(before, GRID, ["2024-01-05|a"], GRID) == ["2024-01-06|a"]
    assert looks_back(before)
    assert not looks_back(weekly)


def test_keys_that_a_dimension_lacks_are_missing_with_all_others():
    other = MultiPartitionsDefinition({"day": DAYS, "letter": BCD})
    same = MultiPartitionMapping({"letter": DimensionPartitionMapping("letter", IdentityPartitionMapping())})
    found, missing = read(same, other, ["2024-01-05|b", "2024-01-05|d"], GRID)
    assert len(found) == 19
    assert len(missing) == 19
    assert "2024-01-05|d" in missing


def test_two_dimensions_may_be_read_by_the_same_one():
    pairs = MultiPartitionsDefinition({"left": ABC, "right": ABC})
    one = MultiPartitionsDefinition({"letter": ABC, "day": DAYS})
    both = MultiPartitionMapping(
        {
            "left": DimensionPartitionMapping("letter", IdentityPartitionMapping()),
            "right": DimensionPartitionMapping("letter", IdentityPartitionMapping()),
        }
    )
    assert read(both, one, ["2024-01-05|a", "2024-01-05|b"], pairs) == (["a|a", "b|b"], [])
    assert readers(both, pairs, ["a|b"], one) == []
    assert len(readers(both, pairs, ["b|b"], one)) == 19


@pytest.mark.parametrize(
    ("up", "down", "message"),
    [
        (ABC, GRID, "upstream it found"),
        (GRID, ABC, "downstream it found"),
        (COLORED, GRID, "no dimension 'day'"),
    ],
)
def test_dimensions_that_do_not_exist_are_refused(up, down, message):
    mapping = MultiPartitionMapping({"day": DimensionPartitionMapping("day", IdentityPartitionMapping())})
    with pytest.raises(InvalidDefinitionError, match=message):
        mapping.validate_partition_mapping(up, down)


@pytest.mark.parametrize(
    ("down", "up", "kind"),
    [
        (DAYS, HOURS, TimeWindowPartitionMapping),
        (DAYS, ABC, IdentityPartitionMapping),
        (DAYS, GRID, MultiToSingleDimensionPartitionMapping),
        (GRID, HOURS, MultiToSingleDimensionPartitionMapping),
        (ABC, GRID, MultiToSingleDimensionPartitionMapping),
        (BCD, GRID, IdentityPartitionMapping),
        (GRID, GRID, IdentityPartitionMapping),
        (COLORED, GRID, IdentityPartitionMapping),
        (DAYS, None, AllPartitionMapping),
        (None, DAYS, AllPartitionMapping),
        (FILES, FILES, IdentityPartitionMapping),
    ],
)
def test_definitions_suggest_their_mapping(down, up, kind):
    assert type(mapping_between(None, down, up)) is kind


def test_a_given_mapping_counts_and_anything_else_is_refused():
    given = LastPartitionMapping()
    assert mapping_between(given, DAYS, HOURS) is given
    with pytest.raises(InvalidDefinitionError, match="partition mapping was wanted"):
        mapping_between("last", DAYS, HOURS)


def test_a_reader_without_partitions_wants_a_mapping_that_can_do_without():
    with pytest.raises(InvalidDefinitionError, match="wants a reader with partitions"):
        read(IdentityPartitionMapping(), None, None, ABC)


class FirstLetter(PartitionMapping):
    """A word reads the letter it begins with."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self, downstream_partitions_subset, downstream_partitions_def, upstream_partitions_def, *_
    ):
        keys = {key[0] for key in downstream_partitions_subset}
        return UpstreamPartitionsResult(
            upstream_partitions_def.subset_with_partition_keys(key for key in keys if key in "abc"),
            required_but_nonexistent_partition_keys=sorted(keys - set("abc")),
        )


class Raising(PartitionMapping):
    def get_upstream_mapped_partitions_result_for_partitions(self, *_):
        raise ZeroDivisionError("no luck")

    def get_downstream_partitions_for_partitions(self, *_):
        raise ZeroDivisionError("no luck")


class Wrong(PartitionMapping):
    def get_upstream_mapped_partitions_result_for_partitions(self, *_):
        return ["a"]

    def get_downstream_partitions_for_partitions(self, *_):
        return ABC.empty_subset()


WORDS = StaticPartitionsDefinition(["apple", "avocado", "banana", "date"])


def test_a_mapping_of_ones_own_works_in_both_directions():
    mapping = FirstLetter()
    assert read(mapping, WORDS, ["banana", "date"], ABC) == (["b"], ["d"])
    assert readers(mapping, ABC, ["a"], WORDS) == ["apple", "avocado"]
    assert mapping.description == "A word reads the letter it begins with."
    assert not looks_back(mapping)
    assert isinstance(pickle.loads(pickle.dumps(mapping)), FirstLetter)


def test_a_mapping_of_ones_own_works_within_a_dimension():
    up, down = (
        MultiPartitionsDefinition({"x": ABC, "d": DAYS}),
        MultiPartitionsDefinition({"w": WORDS, "d": DAYS}),
    )
    mapping = MultiPartitionMapping(
        {
            "x": DimensionPartitionMapping("w", FirstLetter()),
            "d": DimensionPartitionMapping("d", IdentityPartitionMapping()),
        }
    )
    assert read(mapping, down, ["2024-01-05|banana"], up) == (["2024-01-05|b"], [])
    assert readers(mapping, up, ["2024-01-05|a"], down) == ["2024-01-05|apple", "2024-01-05|avocado"]


def test_what_a_mapping_of_ones_own_does_wrong_is_one_clear_error():
    reader = WORDS.subset_with_partition_keys(["apple"])
    with pytest.raises(InvalidDefinitionError, match=r"Raising of input 'x' .* ZeroDivisionError: no luck"):
        upstream_partitions(Raising(), reader, ABC, VIEW, "input 'x'")
    with pytest.raises(InvalidDefinitionError, match="raised ZeroDivisionError"):
        downstream_partitions(Raising(), ABC.empty_subset(), WORDS, VIEW)
    with pytest.raises(InvalidDefinitionError, match="UpstreamPartitionsResult was wanted"):
        upstream_partitions(Wrong(), reader, ABC, VIEW)
    with pytest.raises(InvalidDefinitionError, match="subset of the downstream partitions"):
        downstream_partitions(Wrong(), ABC.empty_subset(), WORDS, VIEW)
    with pytest.raises(InvalidDefinitionError, match="another definition"):
        upstream_partitions(AllOf(BCD), reader, ABC, VIEW)


class AllOf(PartitionMapping):
    def __init__(self, definition):
        self.definition = definition

    def get_upstream_mapped_partitions_result_for_partitions(self, *_):
        return UpstreamPartitionsResult(self.definition.subset_with_all_partitions())


def test_a_result_tells_whether_anything_is_missing():
    everything = ABC.subset_with_all_partitions()
    assert UpstreamPartitionsResult(everything).is_complete
    assert UpstreamPartitionsResult(everything, ABC.empty_subset()).is_complete
    assert not UpstreamPartitionsResult(everything, required_but_nonexistent_partition_keys=["z"]).is_complete


def test_a_key_is_the_same_whatever_its_dimensions_are_called():
    letters, numbers = StaticPartitionsDefinition(["a", "b"]), StaticPartitionsDefinition(["1", "2"])
    up = MultiPartitionsDefinition({"letter": letters, "number": numbers})
    down = MultiPartitionsDefinition({"kind": letters, "size": numbers})
    wanted = down.subset_with_partition_keys(["a|2"])
    found = IdentityPartitionMapping().get_upstream_mapped_partitions_result_for_partitions(wanted, down, up)
    assert list(found.partitions_subset) == ["a|2"]
    assert found.is_complete


def test_a_result_that_misses_nothing_says_so_by_an_empty_subset():
    letters = StaticPartitionsDefinition(["a", "b"])
    found = UpstreamPartitionsResult(letters.subset_with_partition_keys(["a"]))
    assert found.required_but_nonexistent_subset == letters.empty_subset()
    assert found.is_complete
