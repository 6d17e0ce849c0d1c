"""Tables of every library become what their consumer asks for."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import tables

ROWS = {"n": [1, 2, 3], "s": ["a", "b", None]}


def make(kind: str) -> Any:
    table = pa.table(ROWS)
    return {
        "pyarrow.Table": lambda: table,
        "pyarrow.RecordBatch": lambda: table.to_batches()[0],
        "pyarrow.RecordBatchReader": table.to_reader,
        "pandas.DataFrame": lambda: pd.DataFrame(ROWS),
        "polars.DataFrame": lambda: pl.DataFrame(ROWS),
        "polars.LazyFrame": lambda: pl.LazyFrame(ROWS),
    }[kind]()


TYPES = {
    "pyarrow.Table": pa.Table,
    "pyarrow.RecordBatch": pa.RecordBatch,
    "pyarrow.RecordBatchReader": pa.RecordBatchReader,
    "pandas.DataFrame": pd.DataFrame,
    "polars.DataFrame": pl.DataFrame,
    "polars.LazyFrame": pl.LazyFrame,
}


class Streaming:
    """A table type that nobody registered, known by the protocol alone."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return pa.table(ROWS).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("source", TYPES)
@pytest.mark.parametrize("wanted", TYPES)
def test_any_table_becomes_any_other(source, wanted):
    given_value = tables.convert(make(source), TYPES[wanted])
    assert isinstance(given_value, TYPES[wanted])
    assert tables.to_arrow(given_value).to_pydict() == ROWS


@pytest.mark.parametrize("kind", TYPES)
def test_a_table_of_the_wanted_type_is_the_same_object(kind):
    value = make(kind)
    assert tables.convert(value, TYPES[kind]) is value
    assert tables.convert(value, None) is value
    assert tables.convert(value, Any) is value
    assert tables.convert(value, dict) is value
    assert tables.convert(value, object) is value
    assert tables.convert(value, TYPES[kind] | None) is value
    assert tables.convert(value, int | TYPES[kind]) is value


@pytest.mark.parametrize("value", [None, 1, "text", [1], {"a": 1}, object(), pd.Series([1]), pl.Series([1])])
def test_what_is_no_table_stays_as_it_is(value):
    assert tables.recognize(value) is None
    assert tables.convert(value, pd.DataFrame) is value
    assert tables.settle(value) is value


@pytest.mark.parametrize(
    "wanted", [int | pl.DataFrame, pl.DataFrame | None, Annotated[pl.DataFrame, ["not hashable"]]]
)
def test_unions_and_annotated_are_looked_into(wanted):
    assert isinstance(tables.convert(pd.DataFrame(ROWS), wanted), pl.DataFrame)


def test_libraries_are_told_apart():
    found = {kind: tables.recognize(make(kind)) for kind in TYPES}
    assert found == {kind: kind.split(".")[0] for kind in TYPES}
    assert {kind: tables.kind_of(make(kind)) for kind in TYPES} == {kind: kind for kind in TYPES}
    assert tables.recognize(Streaming()) == "arrow_stream"
    assert tables.kind_of(3) is None


def test_anything_that_streams_arrow_is_a_table():
    assert tables.to_arrow(Streaming()).to_pydict() == ROWS
    assert tables.convert(Streaming(), pl.DataFrame).to_dict(as_series=False) == ROWS
    assert isinstance(tables.convert(Streaming(), pa.Table), pa.Table)


def test_a_subclass_is_a_table_but_not_exactly():
    class Special(pd.DataFrame):
        pass

    value = Special(ROWS)
    assert tables.recognize(value) == "pandas"
    assert not tables.is_exact_table(value)
    assert tables.is_exact_table(pd.DataFrame(ROWS))
    assert tables.convert(value, pd.DataFrame) is value
    assert isinstance(tables.convert(value, pl.DataFrame), pl.DataFrame)


def test_to_arrow_refuses_what_is_no_table():
    with pytest.raises(TypeError, match=r"found builtins\.int.*penstock_type_handlers"):
        tables.to_arrow(3)


def test_a_named_pandas_index_comes_back_and_others_see_a_column():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    table = tables.to_arrow(frame)
    pd.testing.assert_frame_equal(tables.from_arrow(table, pd.DataFrame), frame)
    assert tables.from_arrow(table, pl.DataFrame).columns == ["n", "key"]


@pytest.mark.parametrize("wanted", [pl.DataFrame, pa.Table])
def test_an_unnamed_pandas_index_is_seen_by_pandas_alone(wanted):
    frame = pd.DataFrame({"n": [1, 2, 3]})
    kept = frame[frame["n"] > 1]
    seen = tables.convert(kept, wanted)
    assert tables.to_arrow(seen).column_names == ["n"]
    pd.testing.assert_frame_equal(tables.convert(tables.to_arrow(kept), pd.DataFrame), kept)


def test_polars_categories_survive_the_way_through_arrow():
    frame = pl.DataFrame(
        {
            "c": pl.Series(["p", "q"], dtype=pl.Categorical),
            "e": pl.Series(["p", "q"], dtype=pl.Enum(["p", "q"])),
        }
    )
    assert tables.from_arrow(tables.to_arrow(frame), pl.DataFrame).equals(frame)
    assert tables.convert(frame, pd.DataFrame)["c"].tolist() == ["p", "q"]


def test_nested_polars_strings_reach_pandas():
    frame = pl.DataFrame({"l": [["a"], ["b", "c"]]})
    assert [list(row) for row in tables.convert(frame, pd.DataFrame)["l"]] == [["a"], ["b", "c"]]


def test_without_a_wish_the_recorded_kind_is_given():
    table = pa.table(ROWS)
    assert isinstance(tables.from_arrow(table, None, "pandas.DataFrame"), pd.DataFrame)
    assert isinstance(tables.from_arrow(table, Any, "polars.LazyFrame"), pl.LazyFrame)
    assert tables.from_arrow(table) is table
    assert tables.from_arrow(table, None, "of.no.library") is table
    assert tables.from_arrow(table, None, "pyarrow.RecordBatchReader") is table
    assert isinstance(tables.from_arrow(table, pl.DataFrame, "pandas.DataFrame"), pl.DataFrame)


def test_settling_a_stream_makes_it_readable_twice():
    settled = tables.settle(make("pyarrow.RecordBatchReader"))
    assert isinstance(settled, pa.Table)
    assert tables.settle(settled) is settled
    assert isinstance(tables.settle(Streaming()), pa.Table)
    lazy = make("polars.LazyFrame")
    assert tables.settle(lazy) is lazy


def test_numbers_are_not_copied_between_arrow_and_polars():
    table = pa.table({"n": pa.array(range(1000))})
    back = tables.to_arrow(tables.convert(table, pl.DataFrame))
    assert back["n"].chunk(0).buffers()[1].address == table["n"].chunk(0).buffers()[1].address


def test_several_chunks_become_one_batch():
    table = pa.concat_tables([pa.table(ROWS), pa.table(ROWS)])
    assert tables.convert(table, pa.RecordBatch).num_rows == 6
    assert tables.convert(table.slice(0, 0), pa.RecordBatch).num_rows == 0


@given(
    st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1) | st.none(), st.text() | st.none(), st.booleans()),
        max_size=20,
    )
)
def test_rows_survive_every_library(rows):
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = [pa.int64(), pa.string(), pa.bool_()]
    table = pa.table(
        [pa.array(c, kind) for c, kind in zip(columns, kinds, strict=True)], names=["i", "s", "b"]
    )
    through = tables.convert(tables.convert(table, pl.DataFrame), pa.Table)
    assert through.to_pydict() == table.to_pydict()


def test_recognising_imports_no_library():
    program = (
        "import sys; from penstock import tables;"
        "assert tables.recognize({'a': 1}) is None; assert tables.convert([1], None) == [1];"
        "found = {'pyarrow', 'pandas', 'polars', 'numpy'} & set(sys.modules); assert not found, found"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_polars_objects_are_refused_and_named():
    frame = pl.DataFrame({"n": [1], "o": pl.Series([object], dtype=pl.Object)})
    for value in (frame, frame.lazy()):
        with pytest.raises(TypeError, match="'o' hold Python objects"):
            tables.convert(value, pa.Table)
