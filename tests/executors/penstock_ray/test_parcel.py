"""How values travel, without a Ray."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from penstock.tables import Packed, unpack
from penstock_ray.parcel import SMALL, going_along, unwrap, wrap


def test_a_small_value_travels_as_bytes_and_comes_back():
    parcel = wrap({"a": 1})
    assert isinstance(parcel, bytes)
    assert unpack(unwrap(parcel)) == {"a": 1}


def test_what_is_large_or_a_table_keeps_its_buffers_apart():
    assert isinstance(wrap(bytes(2 * SMALL)), Packed)
    assert isinstance(wrap(pa.table({"a": [1]})), Packed)


@given(st.dictionaries(st.text(), st.binary(max_size=200)), st.integers(0, 1000))
def test_what_goes_along_is_never_more_than_allowed(parcels, most):
    found = going_along(parcels, most)
    assert sum(map(len, found.values())) <= most
    assert found.items() <= parcels.items()


@given(st.dictionaries(st.text(), st.binary(max_size=200)))
def test_everything_small_goes_along_where_there_is_room(parcels):
    assert going_along(parcels, 200 * len(parcels)) == parcels


def test_a_table_never_goes_along():
    assert going_along({"a": wrap(pa.table({"a": [1]})), "b": b"2"}, 1 << 20) == {"b": b"2"}
