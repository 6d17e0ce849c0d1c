"""Numbers of partitions: each key has its own, and sets of numbers are the sets of the definition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.numbers import numbered, numbering_of
from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.spans import spans_of
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import View
from penstock.store.bitmaps import chunks_of, cut

NOW = datetime(2024, 1, 9, tzinfo=UTC)
VIEW = View(NOW)
DAYS = DailyPartitionsDefinition("2024-01-01")
SIZES = StaticPartitionsDefinition([*"smlx"])
TENS = StaticPartitionsDefinition([str(n) for n in range(10)])
DEFINITIONS = [
    DAYS,
    SIZES,
    StaticPartitionsDefinition([]),
    MultiPartitionsDefinition({"size": SIZES, "tens": TENS}),
    MultiPartitionsDefinition({"a": SIZES, "day": DAYS}),
    MultiPartitionsDefinition({"day": DAYS, "size": SIZES, "tens": TENS}),
    MultiPartitionsDefinition({"day": DAYS}),
]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=repr)
def test_every_key_has_a_number_of_its_own(definition):
    numbering, keys = numbering_of(definition), definition.get_partition_keys(NOW)
    numbers = [numbering.number_of(key) for key in keys]
    assert len(set(numbers)) == len(keys)
    assert len(numbering.layers([], VIEW)[0]) == len(keys)
    assert numbering.number_of("no such key") is None
    if keys:
        assert list(numbering.numbers_of(keys)) == numbers
        assert list(numbering.numbers_of(keys[::-2])) == numbers[::-2]
        assert numbering.numbers_of([keys[0], "no such key"]) is None
        assert numbering.numbers_of(["no such key"]) is None


@given(st.sampled_from(DEFINITIONS), st.data())
def test_sets_of_numbers_are_subsets_of_keys_those_on_top_first(definition, data):
    numbering, keys = numbering_of(definition), definition.get_partition_keys(NOW)
    of_keys = st.lists(st.sampled_from(keys), unique=True) if keys else st.just([])
    sets, left, wanted = [], definition.subset_with_all_partitions(NOW), []
    for some in data.draw(st.lists(of_keys, max_size=3)):
        sets.append(chunks_of(map(numbering.number_of, some)))
        wanted.append((left & definition.subset_with_partition_keys(some)).body)
        left = left - definition.subset_with_partition_keys(some)
    assert numbering.layers(sets, VIEW) == [*wanted, left.body]


@given(st.sampled_from([one for one in DEFINITIONS if one.get_num_partitions(NOW)]), st.data())
def test_a_range_is_the_range_of_each_dimension(definition, data):
    numbering, keys = numbering_of(definition), definition.get_partition_keys(NOW)
    first, last = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(keys))
    form = definition.form
    found = numbering.layers([cut(numbering.between(first, last))], VIEW)[0]
    assert found == form.span(form.place_of(first), form.place_of(last), VIEW)
    assert numbering.between(first, "no such key") == 0


def test_the_ruler_changes_with_what_a_number_means():
    rulers = [
        numbering_of(one).ruler
        for one in (
            DAYS, DailyPartitionsDefinition("2024-01-02"),
            DailyPartitionsDefinition("2024-01-01", timezone="Asia/Tokyo"),
            HourlyPartitionsDefinition("2024-01-01-00:00"), SIZES, TENS, *DEFINITIONS[3:],
        )
    ]  # fmt: skip
    assert len(set(rulers)) == len(rulers)
    assert numbering_of(DailyPartitionsDefinition("2024-01-01", end_offset=3)).ruler == rulers[0]


def test_partitions_that_come_and_go_have_no_numbers():
    names = DynamicPartitionsDefinition(name="n")
    assert numbering_of(names) is None
    assert numbering_of(MultiPartitionsDefinition({"n": names, "size": SIZES})) is None
    assert numbering_of(MultiPartitionsDefinition({"a": DAYS, "b": DAYS})) is None
    assert numbered(names, ["x"]) is None
    assert numbered(DAYS, []) is None
    assert numbered(DAYS, ["2024-01-02", "2024-01-03"])[1] == range(1, 3)


@given(st.lists(st.sets(st.integers(0, 3 * 4096)), max_size=3), st.integers(0, 3 * 4096))
def test_long_lines_are_layered_by_chunks(sets, count):
    hours = HourlyPartitionsDefinition("2024-01-01-00:00")
    view = View(datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=count))
    found = numbering_of(hours).layers([chunks_of(one) for one in sets], view)
    left = set(range(count))
    for body, one in zip(found, sets, strict=False):
        assert body == spans_of(left & one)
        left -= one
    assert found[-1] == spans_of(left)
