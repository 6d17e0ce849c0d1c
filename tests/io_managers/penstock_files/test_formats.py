"""A value is written in the format that gives exactly it back."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_files.formats import decode, encode, is_exact_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
ANY = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None)) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


def through(value: Any, wanted: Any = None) -> tuple[str, Any]:
    encoded = encode(value)
    sink = BytesIO()
    encoded.write_to(sink)
    return encoded.extension, decode(encoded.extension, BytesIO(sink.getvalue()), wanted)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return all(same(a, b) for left, right in pairs for a, b in zip(left, right, strict=True))
    if isinstance(one, list | tuple):
        return all(map(same, one, other))
    return math.copysign(1, one) == math.copysign(1, other) if isinstance(one, float) else True


class Text(str):
    """A subclass: JSON would give a plain string back."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "extension"),
    [
        ({"rows": [1, 2, 3]}, ".json"),
        ([], ".json"),
        (None, ".json"),
        (True, ".json"),
        (1.5, ".json"),
        ("text\r\n", ".txt"),
        ("", ".txt"),
        (b"bytes", ".bin"),
        ((1, 2), ".pickle"),
        ({1: "a"}, ".pickle"),
        ({"a": (1,)}, ".pickle"),
        ([math.inf], ".pickle"),
        ({"a": [{"b": math.nan}]}, ".pickle"),
        (bytearray(b"x"), ".pickle"),
        ({1, 2}, ".pickle"),
        (Text("a"), ".pickle"),
        ([Text("a")], ".pickle"),
        ("\ud800", ".pickle"),
        (["\ud800"], ".pickle"),
        (10**5000, ".pickle"),
        ([10**5000], ".pickle"),
        (pd.Series([1]), ".pickle"),
    ],
    ids=lambda value: value if type(value) is str and value.startswith(".") else "",
)
def test_the_format_follows_from_the_value(value, extension):
    assert encode(value).extension == extension


@given(JSON)
def test_json_values_come_back_as_they_were(value):
    extension, back = through(value)
    assert extension == (".txt" if type(value) is str else ".json") or not is_exact_json(value)
    assert same(back, value)


@given(ANY)
def test_any_value_comes_back_with_its_types(value):
    assert same(through(value)[1], value)


def test_a_value_nested_too_deep_for_json_is_pickled():
    value: list[Any] = []
    for _ in range(300):
        value = [value]
    assert encode(value).extension == ".pickle"


def test_a_value_that_contains_itself_is_pickled():
    value: list[Any] = []
    value.append(value)
    extension, back = through(value)
    assert extension == ".pickle"
    assert back[0] is back


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"n": [1, None], "s": ["a", "b"]}),
        pa.table({}),
        pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="k")),
        pl.DataFrame({"n": [1, None], "c": pl.Series(["a", "b"], dtype=pl.Categorical)}),
    ],
    ids=["pyarrow", "empty", "pandas", "polars"],
)
def test_a_table_becomes_parquet_and_comes_back_as_its_kind(table):
    extension, back = through(table)
    assert extension == ".parquet"
    assert type(back) is type(table)
    assert back.equals(table)
    if isinstance(table, pa.Table):
        assert back.schema.equals(table.schema, check_metadata=True)


def test_a_lazy_frame_comes_back_lazy():
    extension, back = through(pl.LazyFrame({"n": [1]}))
    assert extension == ".parquet"
    assert back.collect().to_dicts() == [{"n": 1}]


@pytest.mark.parametrize("wanted", [pd.DataFrame, pl.DataFrame, pa.Table])
@pytest.mark.parametrize("stored", [pd.DataFrame({"n": [1]}), pl.DataFrame({"n": [1]}), pa.table({"n": [1]})])
def test_the_consumer_gets_the_table_it_asks_for(stored, wanted):
    assert isinstance(through(stored, wanted)[1], wanted)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"mixed": [1, "a", object]}),
        pd.DataFrame([[1, 2]], columns=["same", "same"]),
        pl.DataFrame({"o": pl.Series([object], dtype=pl.Object)}),
    ],
    ids=["mixed", "same-names", "objects"],
)
def test_a_frame_that_parquet_cannot_hold_is_pickled(frame):
    assert encode(frame).extension == ".pickle"


def test_an_arrow_type_that_parquet_does_not_know_is_pickled():
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([5])])
    table = pa.table({"u": union})
    extension, back = through(table)
    assert extension == ".pickle"
    assert back.equals(table)


class Special(pd.DataFrame):
    """Parquet would lose that it is special."""


def test_a_subclass_of_a_table_type_is_pickled():
    extension, back = through(Special({"n": [1]}))
    assert extension == ".pickle"
    assert type(back) is Special


def test_a_pickled_table_is_given_as_the_consumer_asks():
    assert isinstance(through(Special({"n": [1]}), pl.DataFrame)[1], pl.DataFrame)


def test_pandas_columns_that_are_numbers_survive():
    frame = pd.DataFrame([[1, 2]], columns=[10, 20])
    pd.testing.assert_frame_equal(through(frame)[1], frame)
