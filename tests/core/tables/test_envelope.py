"""Extension types arrive as what they are, or not at all; handlers of plugins travel with their values."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from penstock import tables

TYPES = """
import pyarrow as pa

class Celsius(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.float64(), "test.celsius")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()

REGISTER
"""
PRODUCER = """
import pickle, sys
import pyarrow as pa
from weather import Celsius
from penstock import tables
column = pa.ExtensionArray.from_storage(Celsius(), pa.array([1.5, 2.5]))
inside = pa.StructArray.from_arrays([column], names=["t"])
value = pa.table({"x": column, "y": inside})
sys.stdout.buffer.write(pickle.dumps(tables.pack(value), 5))
"""
CONSUMER = """
import pickle, sys
from penstock import tables
packed = pickle.load(sys.stdin.buffer)
try:
    table = tables.unpack(packed)
except Exception as error:
    print(type(error).__name__, error)
else:
    print(type(table["x"].type).__name__, table["y"].type, table["x"].combine_chunks().storage.to_pylist())
"""


def run(program: str, given: bytes | None = None, path: Path | None = None) -> bytes:
    lines = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    return subprocess.run(
        [sys.executable, "-c", lines + program], input=given, capture_output=True, check=True
    ).stdout


def module(folder: Path, *, registers: bool) -> Path:
    call = "pa.register_extension_type(Celsius())" if registers else ""
    folder.mkdir()
    (folder / "weather.py").write_text(TYPES.replace("REGISTER", call))
    return folder


def test_an_extension_type_of_a_module_that_the_reader_has_is_kept(tmp_path):
    types = module(tmp_path / "types", registers=True)
    told = run(CONSUMER, run(PRODUCER, path=types), types).decode()
    assert told == "Celsius struct<t: extension<test.celsius<Celsius>>> [1.5, 2.5]\n"


@pytest.mark.parametrize("case", ["missing", "silent"])
def test_an_extension_type_that_the_reader_does_not_know_is_an_error(tmp_path, case):
    sent = run(PRODUCER, path=module(tmp_path / "types", registers=True))
    there = module(tmp_path / "there", registers=False) if case == "silent" else None
    told = run(CONSUMER, sent, there).decode()
    assert told.startswith("InvariantViolationError")
    assert "'test.celsius' (of module weather)" in told
    assert "register_extension_type" in told


def test_what_the_producer_did_not_know_either_is_left_alone():
    field = pa.field("x", pa.int8(), metadata={"ARROW:extension:name": "nobody.knows"})
    table = pa.table([pa.array([1], pa.int8())], schema=pa.schema([field]))
    found = tables.unpack(pickle.loads(pickle.dumps(tables.pack(table), 5)))
    assert found.schema.equals(table.schema, check_metadata=True)


def test_types_of_pyarrow_itself_need_no_copy():
    storage = pa.array([bytes(range(16))] * 5000, pa.binary(16))
    table = pa.table({"id": pa.ExtensionArray.from_storage(pa.uuid(), storage)})
    assert isinstance(tables.pack(table).body, pa.Table)
    found = tables.unpack(pickle.loads(pickle.dumps(tables.pack(table.slice(3, 5)), 5)))
    assert found.schema.types == [pa.uuid()]
    assert len(pickle.dumps(tables.pack(table.slice(3, 5)), 5)) < 2000


class Ledger:
    """A table type of a plugin."""

    def __init__(self, amounts: list[int]) -> None:
        self.amounts = amounts


class Sorted(Ledger):
    """A subclass of it."""


class LedgerHandler:
    kind = "plugin.Ledger"

    def to_arrow(self, value: Ledger) -> pa.Table:
        return pa.table({"amount": value.amounts})

    def from_arrow(self, table: pa.Table) -> Ledger:
        return Ledger(table["amount"].to_pylist())


HANDLER = LedgerHandler()
NAME = f"{Ledger.__module__}.{Ledger.__qualname__}"


@pytest.fixture
def registered(keeps_registrations) -> None:
    tables.register(NAME, f"{LedgerHandler.__module__}:HANDLER")


def arrived(value: Any) -> tables.Packed:
    return pickle.loads(pickle.dumps(tables.pack(value), 5))


def test_a_type_of_a_plugin_travels_as_a_table(registered):
    found = arrived(Ledger([1, 2]))
    assert found.kind == "plugin.Ledger"
    assert found.table.to_pydict() == {"amount": [1, 2]}
    assert tables.unpack(found).amounts == [1, 2]
    assert tables.unpack(found, pa.Table).num_rows == 2
    assert tables.unpack(arrived(pa.table({"amount": [7]})), Ledger).amounts == [7]


def test_a_subclass_of_a_plugins_type_stays_what_it_is(registered):
    assert type(tables.unpack(arrived(Sorted([3])))) is Sorted


def test_registrations_can_be_repeated_elsewhere(registered):
    tables.register("pandas.DataFrame", "penstock.tables.frames:PANDAS")
    assert tables.registrations() == {NAME: f"{LedgerHandler.__module__}:HANDLER"}


def test_a_reader_that_never_met_the_plugin_has_its_handler(keeps_registrations):
    tables.register(NAME, HANDLER)
    sent = arrived(Ledger([1, 2]))
    tables.unregister(NAME)
    assert tables.unpack(sent).amounts == [1, 2]


def test_columns_of_unlike_chunks_are_not_cut_to_fit():
    rows = 400_000
    number = pa.chunked_array([np.arange(rows)])
    cut = pa.chunked_array([pa.array(np.arange(rows // 2))] * 2)
    table = pa.table({"a": number, "b": cut})
    assert len(pickle.dumps(tables.pack(table), 5)) < 1.6 * table.nbytes
