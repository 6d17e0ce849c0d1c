"""Values packed here and unpacked in another process are what they were, and what their consumer asks for."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from penstock import tables
from penstock.errors import CodeLocationError, StepTimeoutError, UnstorableValueError

ROWS = {"n": [1, 2, 3], "s": ["a", "b", None]}
MANY = 200_000


def sent(value: Any) -> tuple[tables.Packed, int]:
    """A value as it arrives through memory that cannot be written to, and the bytes that travelled."""
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(tables.pack(value), 5, buffer_callback=buffers.append)
    arrived = [bytes(one.raw()) for one in buffers]
    return pickle.loads(stream, buffers=arrived), len(stream) + sum(map(len, arrived))


def travelled(value: Any, wanted: Any = None) -> Any:
    return tables.unpack(sent(value)[0], wanted)


SOURCES = {
    "pyarrow.Table": lambda: pa.table(ROWS),
    "pyarrow.RecordBatch": lambda: pa.table(ROWS).to_batches()[0],
    "pandas.DataFrame": lambda: pd.DataFrame(ROWS),
    "polars.DataFrame": lambda: pl.DataFrame(ROWS),
    "polars.LazyFrame": lambda: pl.LazyFrame(ROWS),
}
WANTED = {
    "pyarrow.Table": pa.Table,
    "pyarrow.RecordBatch": pa.RecordBatch,
    "pyarrow.RecordBatchReader": pa.RecordBatchReader,
    "pandas.DataFrame": pd.DataFrame,
    "polars.DataFrame": pl.DataFrame,
    "polars.LazyFrame": pl.LazyFrame,
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("wanted", WANTED)
def test_any_producer_serves_any_consumer(source, wanted):
    found = travelled(SOURCES[source](), WANTED[wanted])
    assert isinstance(found, WANTED[wanted])
    assert tables.to_arrow(found).to_pydict() == ROWS


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("wanted", [None, Any, object, dict])
def test_without_a_wish_the_producers_type_comes_back(kind, wanted):
    arrived = sent(SOURCES[kind]())[0]
    assert arrived.kind == kind
    assert arrived.is_table
    assert type(tables.unpack(arrived, wanted)) is type(SOURCES[kind]())


def test_convert_unpacks_what_arrived():
    assert isinstance(tables.convert(sent(pd.DataFrame(ROWS))[0], pl.DataFrame), pl.DataFrame)
    assert tables.convert(sent([1])[0], None) == [1]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    "value", [pa.table(ROWS), np.arange(5), {"a": [1]}], ids=["table", "numpy", "object"]
)
def test_any_pickle_protocol_will_do_in_band(value, protocol):
    found = tables.unpack(pickle.loads(pickle.dumps(tables.pack(value), protocol)))
    assert found.tolist() == value.tolist() if isinstance(value, np.ndarray) else found == value


def big() -> pa.Table:
    text = pa.array([f"value {n}" for n in range(MANY)])
    number = pa.array(np.arange(MANY))
    return pa.table(
        {
            "number": number,
            "text": text,
            "view": text.cast(pa.string_view()),
            "category": text.dictionary_encode(),
            "list": pa.ListArray.from_arrays(np.arange(MANY + 1, dtype="int32"), text),
            "struct": pa.StructArray.from_arrays([number, text], names=["n", "t"]),
            "list_view": pa.ListViewArray.from_arrays(
                np.arange(MANY, dtype="int32"), np.ones(MANY, dtype="int32"), number
            ),
        }
    )


SLICES = {
    "table": lambda: big().slice(5, 10),
    "batch": lambda: big().to_batches()[0].slice(5, 10),
    "pandas": lambda: big().drop_columns(["category", "list", "struct", "list_view"]).to_pandas()[5:15],
    "polars": lambda: pl.from_arrow(big().select(["number", "text", "view", "list"]))[5:15],
    "series": lambda: pl.Series(big()["text"])[5:15],
    "numpy": lambda: np.arange(MANY)[5:15],
    "in a dict": lambda: {"a": big().slice(5, 10), "b": [big()["text"].slice(5, 10)]},
}


@pytest.mark.parametrize("case", SLICES)
def test_a_slice_of_ten_rows_takes_no_more_than_it_shows(case):
    assert sent(SLICES[case]())[1] < 10_000


@pytest.mark.parametrize("name", big().column_names)
def test_a_slice_of_an_array_takes_no_more_than_it_shows(name):
    for value in (big()[name].slice(5, 10), big()[name].chunk(0).slice(5, 10)):
        arrived, size = sent(value)
        assert size < 10_000
        found = tables.unpack(arrived)
        assert isinstance(found, type(value)) or name == "view"
        assert found.to_pylist() == value.to_pylist()


def nested_categories() -> dict[str, pa.Array]:
    category = pa.array([f"value {n}" for n in range(MANY)]).dictionary_encode()
    gaps = pa.array(np.arange(MANY) % 3 == 0)
    struct = pa.StructArray.from_arrays([category], names=["c"], mask=gaps)
    offsets = np.arange(MANY + 1, dtype="int32")
    lists = pa.ListArray.from_arrays(offsets, category, mask=gaps)
    large = pa.LargeListArray.from_arrays(offsets.astype("int64"), struct)
    return {"struct": struct, "list": lists, "list of structs": large}


@pytest.mark.parametrize("case", ["struct", "list", "list of structs"])
def test_categories_inside_other_types_take_no_more_than_they_show(case):
    part = nested_categories()[case].slice(100, 10)
    arrived, size = sent(part)
    assert size < 10_000
    found = tables.unpack(arrived)
    found.validate(full=True)
    assert found.type == part.type
    assert found.to_pylist() == part.to_pylist()


def test_chunks_of_one_buffer_travel_once():
    table = pa.table({"n": np.arange(MANY)})
    cut = pa.concat_tables([table.slice(0, MANY // 2), table.slice(MANY // 2)] * 2)
    assert sent(cut)[1] < 2.2 * table.nbytes
    assert travelled(cut).equals(cut)


def test_small_chunks_are_combined():
    many = pa.concat_tables([pa.table(ROWS)] * 100)
    assert travelled(many)["n"].num_chunks == 1


def test_the_dictionary_of_many_chunks_travels_once():
    column = pa.chunked_array([pa.array(["x" * 1000, "y" * 1000] * 50).dictionary_encode()] * 40)
    assert sent(column)[1] < 50_000
    assert travelled(column).to_pylist() == column.to_pylist()


def test_categories_that_no_row_uses_stay_with_a_frame():
    frame = pd.DataFrame({"c": pd.Categorical(["a"], categories=[f"c{n}" for n in range(5000)] + ["a"])})
    pd.testing.assert_frame_equal(travelled(frame), frame)


def test_nested_views_become_plain_types():
    kind = pa.list_(pa.struct([("a", pa.string_view()), ("b", pa.binary_view())]))
    found = travelled(pa.table({"x": pa.array([[{"a": "text", "b": b"bytes"}]], kind)}))
    assert found.schema.types == [pa.list_(pa.struct([("a", pa.large_string()), ("b", pa.large_binary())]))]
    assert found.to_pylist() == [{"x": [{"a": "text", "b": b"bytes"}]}]


def test_a_table_lies_over_the_memory_it_arrived_in():
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(tables.pack(big()), 5, buffer_callback=buffers.append)
    arrived = [np.frombuffer(bytes(one.raw()), dtype=np.uint8) for one in buffers]
    before = pa.total_allocated_bytes()
    found = tables.unpack(pickle.loads(stream, buffers=arrived))
    assert pa.total_allocated_bytes() == before
    places = [(one.ctypes.data, one.ctypes.data + one.nbytes) for one in arrived]
    held = [
        one for column in found.columns for one in column.chunk(0).buffers() if one is not None and one.size
    ]
    assert all(any(low <= one.address < high for low, high in places) for one in held)


def test_an_array_of_numpy_lies_over_the_memory_it_arrived_in():
    found = travelled(np.arange(1000.0))
    assert not found.flags.owndata
    assert not found.flags.writeable


def test_a_frame_that_arrived_can_be_written_to():
    for frame in (pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 2.0], "b": [object, 1]})):
        found = travelled(frame)
        found.loc[0, "a"] = 5.0
        assert found["a"].tolist() == [5.0, 2.0]


def test_a_record_batch_without_columns_keeps_its_rows():
    assert travelled(pa.table(ROWS).select([])).num_rows == 3


def test_a_reader_arrives_as_a_table():
    assert travelled(pa.table(ROWS).to_reader()).to_pydict() == ROWS


class Streaming:
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return pa.table(ROWS).__arrow_c_stream__(requested_schema)


def test_anything_that_streams_arrow_arrives_as_a_table():
    assert travelled(Streaming()).to_pydict() == ROWS


def test_a_subclass_of_a_frame_arrives_as_itself():
    found = travelled(Special(ROWS))
    assert type(found) is Special
    assert isinstance(travelled(Special(ROWS), pl.DataFrame), pl.DataFrame)


class Special(pd.DataFrame):
    @property
    def _constructor(self) -> type:
        return Special


def test_a_generator_is_refused_with_what_to_do():
    with pytest.raises(UnstorableValueError, match=r"found builtins\.generator.*list\(\.\.\.\)"):
        tables.pack(n for n in range(3))


class Stubborn:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [TypeError("never"), KeyError("never"), RuntimeError("never")])
def test_what_cannot_be_pickled_is_named(error):
    with pytest.raises(UnstorableValueError, match=r"Stubborn.*never.*I/O manager"):
        tables.pack(Stubborn(error))


def test_objects_inside_polars_are_refused():
    with pytest.raises(UnstorableValueError, match=r"polars.*Object"):
        tables.pack(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}))


def test_what_interrupts_a_step_is_not_taken_for_a_refusal():
    with pytest.raises(StepTimeoutError):
        tables.pack(Stubborn(StepTimeoutError("late")))


def test_a_module_that_the_reader_lacks_is_named():
    program = "class Point:\n    __module__ = 'elsewhere'\n"
    program += "import sys, types\nhere = sys.modules['elsewhere'] = types.ModuleType('elsewhere')\n"
    program += "here.Point = Point\nimport pickle\nfrom penstock import tables\n"
    program += "sys.stdout.buffer.write(pickle.dumps(tables.pack(Point()), 5))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    with pytest.raises(CodeLocationError, match=r"No module named 'elsewhere'.*register_pickle_by_value"):
        tables.unpack(pickle.loads(done.stdout))


def test_a_function_without_a_name_travels_by_value():
    assert travelled(lambda n: n + 1)(2) == 3


def test_what_main_defines_travels_by_value():
    program = (
        "import pickle, sys\nfrom penstock import tables\n"
        "class Point:\n    x = 3\n"
        "sys.stdout.buffer.write(pickle.dumps(tables.pack(Point()), 5))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert tables.unpack(pickle.loads(done.stdout)).x == 3


def test_packing_needs_no_library_for_what_is_no_table():
    program = (
        "import sys, pickle, penstock.tables as t\n"
        "found = t.unpack(pickle.loads(pickle.dumps(t.pack({'a': [1]}), 5)))\n"
        "assert found == {'a': [1]}\n"
        "assert not {'pyarrow', 'pandas', 'polars', 'numpy', 'cloudpickle'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_naming_the_room_does_not_import_what_packs():
    program = "import sys, penstock.tables; assert 'penstock.tables.travel' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
