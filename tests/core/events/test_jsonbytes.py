"""JSON as bytes: whatever goes in comes out."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events.jsonbytes import dumps, loads

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(anything)
def test_json_survives(value):
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "odd", [{"a": [1, float("nan")]}, [None, float("-inf")], 2**64, {"\udc80": "\udc80"}]
)
def test_what_json_has_no_word_for_survives(odd):
    assert repr(loads(dumps(odd))) == repr(odd)


def test_other_values_become_text_or_the_nearest_kind():
    value = {1: date(2024, 1, 2), "set": {"b", "a"}, "tuple": (1, 2), "proxy": MappingProxyType({"a": 1})}
    expected = {"1": "2024-01-02", "set": ["a", "b"], "tuple": [1, 2], "proxy": {"a": 1}}
    assert loads(dumps(value)) == expected
    assert loads(dumps({**value, "big": 2**70})) == {**expected, "big": 2**70}
