"""Small values of one task travel together, large ones and tables alone."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from penstock.tables import unpack
from penstock_ray.parcel import BUNDLE, MOST_TOGETHER, SMALL, bundled, bundles, unbundled, unwrap, wrap

PARCELS = st.lists(st.binary(max_size=BUNDLE + 10), max_size=200)


def test_a_small_value_travels_as_bytes():
    assert isinstance(wrap([1, 2]), bytes)
    assert unpack(unwrap(wrap([1, 2]))) == [1, 2]


def test_a_large_value_and_a_table_do_not():
    assert not isinstance(wrap(b"x" * (SMALL + 1)), bytes)
    assert not isinstance(wrap(pa.table({"a": [1]})), bytes)


@given(PARCELS)
def test_each_value_travels_in_one_bundle_in_its_place(parcels):
    back, left = [], iter(parcels)
    for count in bundles(parcels):
        some = [next(left) for _ in range(count)]
        back += some if count == 1 else unbundled(bundled(some))
    assert back == parcels


@given(PARCELS)
def test_no_bundle_is_larger_than_what_ray_sends_along(parcels):
    left = iter(parcels)
    for count in bundles(parcels):
        size = sum(len(next(left)) for _ in range(count))
        assert count == 1 or (size <= BUNDLE and count <= MOST_TOGETHER)


def test_what_is_large_travels_alone_among_small_ones():
    large = wrap(b"x" * (SMALL + 1))
    assert list(bundles([b"1", b"2", large, b"3", b"4"])) == [2, 1, 2]
