"""How a value is written: the format that gives exactly the same value back.

Owns: the choice of the format and both ways through it. Tables become Parquet, JSON values JSON,
bytes and text stay as they are, the rest is pickled (protocol 5). A value is a JSON value only if
the way through JSON is exact: a tuple, a dict with integer keys or a NaN is pickled. A table that
Parquet cannot hold, and a subclass of a table type, is pickled as well.
Lazy: ``parquet`` (and with it pyarrow) is imported when the first table comes.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from importlib import import_module
from math import isfinite
from typing import Any, BinaryIO, cast

from attrs import frozen

from penstock import tables

_SCALARS: frozenset[type] = frozenset({str, int, float, bool, type(None)})
_DEEPEST = 100
_JSON = json.JSONEncoder(ensure_ascii=False)
# Python reads no integer of more digits than this by default.
_LONGEST_INTEGER = 1024


@frozen(kw_only=True)
class Encoded:
    """A value ready to be written.

    Args:
        extension: the format, as the ending of the file (``".json"``).
        data: everything that is to be written, when it is small enough to be made at once.
        write: writes it into an open binary file, when it is not.
        table: the ``pyarrow.Table`` that is written, None for other values.
    """

    extension: str
    data: bytes | None = None
    write: Callable[[BinaryIO], None] | None = None
    table: Any = None

    def write_to(self, sink: BinaryIO) -> None:
        """Write it all."""
        if self.data is not None:
            sink.write(self.data)
        elif self.write is not None:
            self.write(sink)


def encode(value: Any) -> Encoded:
    """Choose the format of a value.

    A value that pickle cannot hold is found out while it is written.
    """
    kind = cast("type[Any]", type(value))
    if kind is bytes:
        return Encoded(extension=".bin", data=value)
    if kind is str:
        return _encode_text(value)
    if kind not in _SCALARS and tables.recognize(value) is not None:
        return _encode_table(value)
    return _encode_json(value) or pickled(value)


def pickled(value: Any) -> Encoded:
    """A value to be pickled, whatever it is; whether pickle takes it shows while it is written."""
    return Encoded(extension=".pickle", write=lambda sink: pickle.dump(value, sink, protocol=5))


def decode(extension: str, source: Any, wanted: Any = None) -> Any:
    """Read a value back.

    Args:
        extension: the format that the file's name records.
        source: a path, or a binary file that can be read and, for Parquet, sought.
        wanted: the consumer's annotation; a table is given as what it asks for.
    """
    if extension == ".parquet":
        return _parquet().read(source, wanted)
    if isinstance(source, str):
        with open(source, "rb") as file:  # Path costs as much as reading a small file
            return tables.convert(_decode(extension, file), wanted)
    return tables.convert(_decode(extension, source), wanted)


def is_exact_json(value: Any) -> bool:
    """Whether JSON gives this value back, types included."""
    return _is_exact_json(value, _DEEPEST)


def _decode(extension: str, file: BinaryIO) -> Any:
    if extension == ".pickle":
        return pickle.load(file)  # our own file, as trusted as the code that wrote it
    data = bytes(file.read())
    if extension == ".json":
        return json.loads(data)
    return data.decode() if extension == ".txt" else data


def _encode_text(value: str) -> Encoded:
    try:
        return Encoded(extension=".txt", data=value.encode())
    except UnicodeEncodeError:  # lone surrogates
        return pickled(value)


def _encode_table(value: Any) -> Encoded:
    table = _parquet().to_storable(value) if tables.is_exact_table(value) else None
    if table is None:
        return pickled(value)
    return Encoded(extension=".parquet", write=lambda sink: _parquet().write(table, sink), table=table)


def _encode_json(value: Any) -> Encoded | None:
    if not is_exact_json(value):
        return None
    try:
        return Encoded(extension=".json", data=_JSON.encode(value).encode())
    except UnicodeEncodeError:
        return None


def _is_exact_json(value: Any, depth: int) -> bool:
    kind = cast("type[Any]", type(value))
    if kind is dict:
        return set(map(type, value)) <= {str} and _are_exact_json(list(value.values()), depth - 1)
    if kind is list:
        return _are_exact_json(value, depth - 1)
    return kind in _SCALARS and _is_exact_scalar(value)


def _are_exact_json(values: list[Any], depth: int) -> bool:
    kinds: set[type] = set(map(type, values))
    if kinds <= {str, bool, type(None)}:
        return True
    if kinds <= _SCALARS:
        return all(map(_is_exact_scalar, values))
    return depth > 0 and all(_is_exact_json(value, depth) for value in values)


def _is_exact_scalar(value: Any) -> bool:
    if type(value) is float:
        return isfinite(value)
    return type(value) is not int or value.bit_length() <= _LONGEST_INTEGER


def _parquet() -> Any:
    return import_module("penstock_files.parquet")
