"""Whatever is packed comes back exactly, or in the few ways that are documented."""

from __future__ import annotations

import datetime as dt
import enum
import math
import pickle
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.extra import pandas as hpd
from polars.testing import assert_frame_equal, assert_series_equal
from polars.testing.parametric import dataframes
from polars.testing.parametric import series as polars_series

from penstock import tables


def travelled(value: Any, wanted: Any = None) -> Any:
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(tables.pack(value), 5, buffer_callback=buffers.append)
    return tables.unpack(pickle.loads(stream, buffers=[bytes(one.raw()) for one in buffers]), wanted)


def assert_same_frame(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Equal in all that pandas compares, and in what it does not."""
    pd.testing.assert_frame_equal(
        found,
        frame,
        check_exact=True,
        check_freq=True,
        check_index_type="exact",
        check_column_type="exact",
        check_flags=True,
    )
    assert type(found.columns) is type(frame.columns)
    assert type(found.index) is type(frame.index)
    assert found.index.names == frame.index.names
    assert list(map(repr, found.dtypes)) == list(map(repr, frame.dtypes))
    assert repr(found.attrs) == repr(frame.attrs)
    for place in range(frame.shape[1]):
        if frame.dtypes.iloc[place].kind == "O":
            before, after = (one.iloc[:, place].to_numpy().tolist() for one in (frame, found))
            assert list(map(type, before)) == list(map(type, after))
            assert list(map(repr, before)) == list(map(repr, after))


class Shade(enum.StrEnum):
    RED = "red"


TEXT = st.text(max_size=5)
MIXED = st.one_of(
    TEXT,
    st.none(),
    st.just(math.nan),
    st.just(pd.NA),
    st.integers(),
    st.binary(max_size=4),
    st.booleans(),
    st.dates(),
    st.decimals(allow_nan=False),
    st.just(Shade.RED),
    st.lists(st.integers(), max_size=2),
)
OBJECTS = (
    TEXT,
    st.one_of(TEXT, st.none()),
    st.binary(max_size=4),
    st.one_of(st.none(), st.binary(max_size=4)),
    st.none(),
    st.text(alphabet=st.characters(), max_size=3),
    MIXED,
    st.just(Shade.RED),
    st.booleans(),
    st.integers(),
)
DTYPES = [*"?bBhHiIlLqQefd", "M8[s]", "M8[ms]", "M8[us]", "M8[ns]", "m8[s]", "m8[ns]", "F", ">i4"]
EXTENSIONS = [
    "Int8",
    "UInt64",
    "boolean",
    "Float32",
    "str",
    "string",
    "category",
    "int64[pyarrow]",
    "string[pyarrow]",
    "datetime64[ns, UTC]",
    "datetime64[us, Europe/Vienna]",
]


@st.composite
def columns(draw: Any, rows: int) -> pd.Series:
    which = draw(st.sampled_from(["numpy", "object", "extension"]))
    if which == "numpy":
        kind = np.dtype(draw(st.sampled_from(DTYPES)))
        return pd.Series(draw(hnp.arrays(kind, rows)))
    if which == "object":
        values = draw(st.lists(draw(st.sampled_from(OBJECTS)), min_size=rows, max_size=rows))
        made = np.empty(rows, dtype=object)
        made[:] = values if rows else []
        return pd.Series(made, dtype=object)
    kind = draw(st.sampled_from(EXTENSIONS))
    element = TEXT if kind in {"str", "string", "category", "string[pyarrow]"} else st.integers(0, 1)
    values = draw(st.lists(st.one_of(element, st.none()), min_size=rows, max_size=rows))
    return pd.Series(pd.array(values, dtype=kind))


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    rows, width = draw(st.integers(0, 6)), draw(st.integers(0, 4))
    frame = (
        pd.concat([draw(columns(rows)) for _ in range(width)], axis=1)
        if width
        else pd.DataFrame(index=range(rows))
    )
    labels = st.one_of(TEXT, st.integers(0, 3)) if draw(st.booleans()) else TEXT
    frame.columns = draw(st.lists(labels, min_size=width, max_size=width))
    if draw(st.booleans()) and width:
        labels = draw(columns(rows).filter(lambda one: one.dtype != np.float16))  # pandas has no such index
        frame.index = pd.Index(labels, name=draw(st.one_of(st.none(), TEXT)))
    if draw(st.booleans()):
        frame.attrs = {"unit": ("m", 1)}
    return frame


@settings(max_examples=200)
@given(frames())
def test_any_frame_of_pandas_is_exact(frame):
    assert_same_frame(travelled(frame), frame)


@settings(max_examples=100)
@given(st.integers(0, 6).flatmap(columns), st.one_of(st.none(), TEXT, st.integers(), st.tuples(TEXT)))
def test_any_series_of_pandas_is_exact(series, name):
    found = travelled(series.rename(name))
    assert found.name == name
    assert type(found.name) is type(name)
    assert_same_frame(found.to_frame("x"), series.to_frame("x"))


@settings(max_examples=100)
@given(
    hpd.data_frames(index=hpd.range_indexes(), columns=hpd.columns(["a", "b"], dtype=float)), st.booleans()
)
def test_a_slice_of_a_frame_is_exact(frame, backwards):
    part = frame[::-2] if backwards else frame[1:4]
    assert_same_frame(travelled(part), part)


SPECIAL = {
    "freq": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024-01-01", periods=2, freq="D")),
    "multi index": lambda: pd.DataFrame(
        {"a": ["x", "y"]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])
    ),
    "multi columns": lambda: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
    "duplicate columns": lambda: pd.DataFrame([[1, "a"]], columns=["a", "a"]),
    "one and '1'": lambda: pd.DataFrame([[1, 2]], columns=[1, "1"]),
    "range columns": lambda: pd.DataFrame(np.arange(6).reshape(2, 3)),
    "named columns": lambda: pd.DataFrame([[1]], columns=pd.Index(["a"], name="what")),
    "timestamp columns": lambda: pd.DataFrame([[1]], columns=pd.to_datetime(["2024-01-01"])),
    "index name is a column": lambda: pd.DataFrame({"a": [1]}, index=pd.Index([5], name="a")),
    "index level name": lambda: pd.DataFrame({"__index_level_0__": [1]}, index=["x"]),
    "range with a step": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(4, 0, -2, name="r")),
    "no columns": lambda: pd.DataFrame(index=["a", "b"]),
    "nothing": pd.DataFrame,
    "sparse": lambda: pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
    "period": lambda: pd.DataFrame({"a": pd.period_range("2024-01", periods=2, freq="M")}),
    "interval": lambda: pd.DataFrame({"a": pd.interval_range(0, 2)}),
    "ordered": lambda: pd.DataFrame(
        {"a": pd.Categorical(["b", "a"], categories=["b", "a", "c"], ordered=True)}
    ),
    "categories of ints": lambda: pd.DataFrame({"a": pd.Categorical([3, 1, None])}),
    "categories of objects": lambda: pd.DataFrame({"a": pd.Categorical(pd.Series(["a"], dtype=object))}),
    "zone": lambda: pd.DataFrame({"a": pd.Series([dt.datetime(2024, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))])}),
    "utc": lambda: pd.DataFrame({"a": pd.Series([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])}),
    "decimals": lambda: pd.DataFrame({"a": [Decimal("1.0"), Decimal("1.00")]}),
    "ndarrays": lambda: pd.DataFrame({"a": [np.arange(2), np.arange(3)]}),
    "surrogates": lambda: pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)}),
    "python strings": lambda: pd.DataFrame({"a": pd.Series(["a"], dtype=pd.StringDtype("python"))}),
    "no duplicate labels": lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
    "arrow lists": lambda: pd.DataFrame({"a": pd.Series([[1]], dtype=pd.ArrowDtype(pa.list_(pa.int8())))}),
    "masked NaN": lambda: pd.DataFrame(
        {"a": pd.array([0.0, 1.0], "Float64") / pd.array([0.0, None], "Float64")}
    ),
    "objects among others": lambda: pd.DataFrame(
        {
            "i": [1, 2],
            "o": pd.Series(["a", None], dtype=object),
            "f": [0.5, None],
            "p": pd.Series([b"x", b"y"]),
        }
    ),
    "wide objects": lambda: pd.DataFrame({f"c{n}": pd.Series(["a", None], dtype=object) for n in range(120)}),
    "often the same": lambda: pd.DataFrame({"o": pd.Series(["a", None, "b"] * 5000, dtype=object)}),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_frames_that_arrow_would_alter_are_exact(case):
    frame = SPECIAL[case]()
    assert_same_frame(travelled(frame), frame)


@settings(max_examples=80)
@given(dataframes(max_size=5, max_cols=4, allow_chunks=True, excluded_dtypes=[pl.Object]))
def test_any_frame_of_polars_is_exact(frame):
    assert_frame_equal(travelled(frame), frame, check_exact=True, categorical_as_str=True)
    assert travelled(frame).schema == frame.schema
    lazy = travelled(frame.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), frame, check_exact=True, categorical_as_str=True)


@settings(max_examples=50)
@given(polars_series(max_size=5))
def test_any_series_of_polars_is_exact(series):
    assert_series_equal(travelled(series), series, check_exact=True, categorical_as_str=True)


# NumPy itself pickles some arrays of foreign byte order as native ones
NATIVE = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="="),
    hnp.floating_dtypes(endianness="="),
    hnp.complex_number_dtypes(endianness="="),
    hnp.datetime64_dtypes(endianness="="),
    hnp.timedelta64_dtypes(endianness="="),
    hnp.unicode_string_dtypes(endianness="="),
    hnp.byte_string_dtypes(endianness="="),
    hnp.array_dtypes(hnp.integer_dtypes(endianness="=")),
)


@settings(max_examples=100)
@given(hnp.arrays(NATIVE, hnp.array_shapes(min_dims=0, min_side=0)))
def test_any_array_of_numpy_is_exact(array):
    for one in (array, array.T, array[::-1] if array.ndim else array):
        found = travelled(one)
        assert found.dtype == one.dtype
        assert found.shape == one.shape
        assert found.tobytes() == one.tobytes()


ARROW_TYPES = st.sampled_from(
    [
        *(pa.int8(), pa.float32(), pa.string(), pa.large_binary(), pa.bool_(), pa.null(), pa.date32()),
        *(pa.timestamp("us", "UTC"), pa.decimal128(5, 2), pa.dictionary(pa.int8(), pa.string())),
    ]
)


def nested(inner: Any) -> Any:
    return st.one_of(
        inner.map(pa.list_),
        inner.map(pa.large_list),
        inner.map(pa.list_view),
        inner.map(lambda kind: pa.list_(kind, 2)),
        inner.map(lambda kind: pa.map_(pa.string(), kind)),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda kinds: pa.struct([(f"f{n}", kind) for n, kind in enumerate(kinds)])
        ),
    )


EARLIEST, LATEST = dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)  # noqa: DTZ001  # zones are drawn apart
TIMES = st.datetimes(EARLIEST, LATEST, timezones=st.just(dt.UTC))


def values_of(kind: Any) -> Any:
    """Values of an Arrow type, gaps included."""
    types = pa.types
    if types.is_struct(kind):
        found = st.fixed_dictionaries({one.name: values_of(one.type) for one in kind})
    elif types.is_map(kind):
        found = st.dictionaries(TEXT, values_of(kind.item_type), max_size=2).map(
            lambda one: list(one.items())
        )
    elif types.is_fixed_size_list(kind):
        found = st.lists(values_of(kind.value_type), min_size=kind.list_size, max_size=kind.list_size)
    elif types.is_nested(kind):
        found = st.lists(values_of(kind.value_type), max_size=3)
    else:
        found = {
            pa.int8(): st.integers(-128, 127),
            pa.float32(): st.floats(width=32, allow_nan=False),
            pa.string(): TEXT,
            pa.large_binary(): st.binary(max_size=5),
            pa.bool_(): st.booleans(),
            pa.null(): st.none(),
            pa.date32(): st.dates(),
            pa.timestamp("us", "UTC"): TIMES,
            pa.decimal128(5, 2): st.decimals(-999, 999, places=2),
            pa.dictionary(pa.int8(), pa.string()): TEXT,
        }[kind]
    return st.one_of(found, st.none())


@st.composite
def arrays(draw: Any) -> pa.Array:
    kind = draw(st.recursive(ARROW_TYPES, nested, max_leaves=3))
    made = pa.array(draw(st.lists(values_of(kind), max_size=8)), kind)
    start = draw(st.integers(0, len(made)))
    return made.slice(start, draw(st.integers(0, len(made))))


@settings(max_examples=150)
@given(arrays())
def test_any_arrow_array_is_exact_alone_and_in_a_table(array):
    found = travelled(array)
    assert found.type == array.type
    assert found.equals(array)
    chunked = pa.chunked_array([array, array[:1]])
    again = travelled(chunked)
    assert again.type == chunked.type
    assert again.to_pylist() == chunked.to_pylist()
    table = pa.table({"a": chunked}, metadata={"k": "v"})
    arrived = travelled(table)
    assert arrived.schema.equals(table.schema, check_metadata=True)
    assert arrived.to_pylist() == table.to_pylist()


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT, st.binary(), st.dates()
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner), st.dictionaries(TEXT, inner), st.frozensets(TEXT)
    ),
    max_leaves=6,
)


@given(PLAIN)
def test_any_plain_value_is_exact(value):
    found = travelled(value)
    assert found == value
    assert repr(found) == repr(value) or "frozenset" in repr(value)


def test_a_number_that_no_arrow_type_holds_fails_alike_near_and_far():
    frame = pd.DataFrame({"a": [1 << 63]}, dtype=object)
    for convert in (tables.convert, travelled):
        with pytest.raises(OverflowError):
            convert(frame, pa.Table)
    assert_same_frame(travelled(frame), frame)


CONSUMERS = [pa.Table, pd.DataFrame, pl.DataFrame, pl.LazyFrame, None, Any, pl.DataFrame | None, dict]


@settings(max_examples=60)
@given(frames(), st.sampled_from(CONSUMERS))
def test_a_consumer_far_away_sees_what_one_nearby_sees(frame, wanted):
    try:
        near = tables.convert(frame, wanted)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, UserWarning) as error:
        with pytest.raises(type(error)):
            travelled(frame, wanted)
        return
    far = travelled(frame, wanted)
    assert type(far) is type(near)
    if isinstance(near, pd.DataFrame):
        assert_same_frame(far, near)
    elif isinstance(near, pa.Table):
        assert far.schema.equals(near.schema, check_metadata=True)
        assert repr(far.to_pylist()) == repr(near.to_pylist())
    else:
        assert_frame_equal(far.lazy().collect(), near.lazy().collect(), check_exact=True)


@pytest.mark.parametrize("wanted", [pa.Table, pl.DataFrame])
def test_a_large_frame_of_words_that_repeat_is_exact_and_takes_their_space_once(wanted):
    words = [*(f"a word or two, number {number}" for number in range(100)), None]
    text = [words[number % 101] for number in range(100_000)]
    columns = {"text": text, "bytes": [one and one.encode() for one in text], "none": [None] * len(text)}
    frame = pd.DataFrame(columns, dtype=object).assign(number=range(len(text)))
    assert_same_frame(travelled(frame), frame)
    assert tables.pack(frame).nbytes < 2 * 5 * len(frame) + 8 * len(frame)
    near, far = tables.convert(frame, wanted), travelled(frame, wanted)
    assert far.equals(near)
    assert far.schema == near.schema


@pytest.mark.parametrize("rows", [0, 1, 65_536, 65_537, 140_000])
def test_a_frame_of_any_length_is_exact_whether_words_repeat_or_not(rows):
    columns = {"often": ["a", None] * rows, "once": [f"number {n}" for n in range(2 * rows)]}
    frame = pd.DataFrame(columns, dtype=object)[:rows]
    assert_same_frame(travelled(frame), frame)
    assert_same_frame(travelled(frame[::-1]), frame[::-1])


@pytest.mark.parametrize("odd", [math.nan, pd.NA, pd.NaT, np.str_("text"), Shade.RED, b"text", 1])
def test_one_odd_object_among_many_comes_back_as_itself(odd):
    frame = pd.DataFrame({"text": [*["text", None] * 40_000, odd]}, dtype=object)
    assert_same_frame(travelled(frame), frame)
