"""Which of two came to hold later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock import StaticPartitionsDefinition
from penstock.automation.times import joined, later, mapped

KEYS = StaticPartitionsDefinition(["a", "b", "c", "d"])
NOTHING = KEYS.empty_subset()
SUBSETS = st.sets(st.sampled_from(KEYS.keys)).map(KEYS.subset_with_partition_keys)
TIMES = st.dictionaries(st.sampled_from([1.0, 2.0, 3.0, 4.0]), SUBSETS).map(lambda one: tuple(one.items()))


@given(TIMES, TIMES)
def test_later_is_what_each_partition_says_by_itself(times, others):
    wanted = {
        key
        for at, subset in times
        for key in subset
        if not any(key in other and when >= at for when, other in others)
    }
    assert set(later(times, others, NOTHING)) == wanted


@given(st.lists(TIMES, max_size=3))
def test_joined_times_lose_nothing(all_times):
    found = joined(all_times)
    assert len({at for at, _ in found}) == len(found)
    pairs = {(at, key) for times in all_times for at, subset in times for key in subset}
    assert {(at, key) for at, subset in found for key in subset} == pairs


@given(TIMES)
def test_mapped_times_keep_their_moments(times):
    assert [at for at, _ in mapped(times, lambda _: NOTHING)] == [at for at, _ in times]
