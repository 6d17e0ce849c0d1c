"""Names that somebody has numbered are sets like any others."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.names import NumberedNames
from penstock.partitions.numbers import numbers_in, ones
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicKeys
from penstock.values import frozen

NAMES = DynamicPartitionsDefinition(name="n")
some = st.sets(st.integers(0, 25))


@frozen
class Letters:
    """Letters by their place."""

    first: str = "a"

    def names(self, mask):
        return frozenset(chr(ord(self.first) + number) for number in numbers_in(mask))


def of(numbers, roster=None):
    return NumberedNames(roster or Letters(), sum(1 << number for number in numbers))


@given(some, some)
def test_they_join_and_meet_as_sets_do_whoever_numbered_them(left, right):
    one, others = of(left), (of(right), of(right).names, of({n + 1 for n in right}, Letters("`")))
    for other in others:
        for found, wanted in (
            (one | other, left | right), (one & other, left & right), (one - other, left - right),
            (other | one, left | right), (other & one, left & right), (other - one, right - left),
        ):  # fmt: skip
            names = of(wanted).names
            assert found == names == frozenset(found)
            assert (len(found), hash(found)) == (len(names), hash(names))
        assert (one == other) == (left == right)


@given(some)
def test_a_subset_of_them_is_one_of_names(numbers):
    body = of(numbers)
    subset, plain = (PartitionsSubset(NAMES, one) for one in (body, frozenset(body)))
    assert subset == plain
    assert subset.serialize() == plain.serialize()
    assert list(subset) == list(plain) == sorted(body)
    store = DynamicKeys({"n": tuple("zyxabc")})
    ranges = subset.get_partition_key_ranges(dynamic_partitions_store=store)
    assert ranges == plain.get_partition_key_ranges(dynamic_partitions_store=store)
    assert pickle.loads(pickle.dumps(body)) == frozenset(body)
    assert "c" not in body or 2 in numbers


def test_nobody_looks_names_up_to_count_them():
    class Nobody:
        def names(self, mask):
            raise AssertionError(mask)

    roster = Nobody()
    one, other = NumberedNames(roster, 0b0111), NumberedNames(roster, 0b1101)
    assert [len(one | other), len(one & other), len(one - other)] == [4, 2, 1]
    assert one != other
    assert str(len(one)) in repr(one)
    assert NumberedNames(roster, 0).names == frozenset()


@given(some)
def test_the_numbers_of_a_mask_are_in_order(numbers):
    assert list(numbers_in(of(numbers).mask)) == sorted(numbers)
    assert list(numbers_in(ones(3, 4100))) == list(range(3, 4101))
