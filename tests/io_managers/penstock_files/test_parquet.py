"""Damage to stored tables is found."""

from __future__ import annotations

import random
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet as pq

from penstock_files import parquet

TABLE = pa.table(
    {
        "n": np.random.default_rng(7).integers(0, 2**60, 20_000),
        "s": [f"row {i * 7919 % 20_000}" for i in range(20_000)],
    }
)


def stored() -> bytes:
    sink = BytesIO()
    parquet.write(parquet.to_storable(TABLE), sink)
    return sink.getvalue()


def test_every_flipped_bit_in_the_data_is_detected():
    data = stored()
    dice = random.Random(11)
    first_footer_byte = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    undetected = []
    for _ in range(150):
        offset = dice.randrange(4, first_footer_byte)
        flipped = bytearray(data)
        flipped[offset] ^= 1 << dice.randrange(8)
        try:
            back = parquet.read(BytesIO(bytes(flipped)))
        except OSError:
            continue
        if not back.equals(TABLE):
            undetected.append(offset)
    assert undetected == []


def test_a_truncated_file_is_detected():
    data = stored()
    for length in (0, 3, 8, len(data) // 2, len(data) - 1):
        try:
            parquet.read(BytesIO(data[:length]))
        except (OSError, pa.ArrowInvalid):
            continue
        raise AssertionError(length)


def test_other_tools_read_the_file():
    table = pq.read_table(BytesIO(stored()))
    assert table.to_pydict() == TABLE.to_pydict()


def test_the_columns_are_described():
    columns = parquet.column_schema(TABLE).columns
    assert [(column.name, column.type) for column in columns] == [("n", "int64"), ("s", "string")]


def test_rows_without_columns_are_left_to_pickle():
    assert parquet.to_storable(pd.DataFrame(index=range(4))) is None
    assert parquet.to_storable(pd.DataFrame()) is not None


def test_moments_in_seconds_come_back_in_seconds():
    """A join of what was handed on with what was loaded needs the same type on both sides."""
    import io

    import pyarrow as pa

    from penstock_files import parquet as files

    table = pa.table(
        {"at": pa.array([1, None], pa.timestamp("s", "UTC")), "ns": pa.array([1, 2], pa.timestamp("ns"))}
    )
    file = io.BytesIO()
    files.write(files.to_storable(table), file)
    file.seek(0)
    assert files.read(file).equals(table)
