"""pandas objects as tables, where that is exact.

Owns: which frames Arrow gives back unchanged, and giving them back. Others are pickled, which is as fast
for all but columns of Python objects. Those go to Arrow column by column: ``Table.from_pandas`` would look at
each object once more than needed. What comes often travels once, and is one object again where it arrives.
Imported on first use, so pyarrow may stand at the top.
Lazy: pandas is imported when a frame is looked at or made.
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC
from operator import countOf
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

import pyarrow as pa

from penstock.tables.compact import fit
from penstock.tables.envelope import body_of
from penstock.tables.packed import Packed
from penstock.values import frozen

arrow: Any = pa  # ships no types; the aliases say what is meant
Table: TypeAlias = Any
Frame: TypeAlias = Any

_UNITS = frozenset({"s", "ms", "us", "ns"})
_MASKED = frozenset({"boolean", *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))})
_NONE = type(None)
_CARRIED = {
    str: ("unicode", arrow.string()),
    bytes: ("bytes", arrow.binary()),
    _NONE: ("empty", arrow.null()),
}
"""What pandas and Arrow call columns of objects that travel."""
_PANDAS = b"pandas"
_SERIES = "value"
_WIDE = 50
_SAMPLE = 10_000


@frozen
class FrameCarrier:
    """``pandas.DataFrame``."""

    kind: str = "pandas.DataFrame"

    def pack(self, value: Frame) -> Packed | None:
        """The table that ``convert`` would make, with a note of what it does not hold."""
        note = _note_of(value)
        table = None if note is None else _table_of(value, note["objects"])
        return None if note is None or table is None else _packed(self.kind, table, note)

    def give(self, table: Table, note: Mapping[str, Any]) -> Frame:
        """The frame; it can be written to."""
        frame = _frame_of(table, note["objects"])
        if note["columns"] is not None:
            frame.columns = note["columns"]
        frame.attrs = note["attrs"]
        return frame

    def plain(self, table: Table, note: Mapping[str, Any]) -> Table:
        """The table as ``convert`` would make it: columns of objects hold their values themselves."""
        for place in note["objects"]:
            column, name = table.column(place), table.column_names[place]
            if arrow.types.is_dictionary(column.type):
                chunks = [one.dictionary_decode() for one in column.chunks]
                table = table.set_column(place, name, arrow.chunked_array(chunks, column.type.value_type))
        return table


@frozen
class SeriesCarrier:
    """``pandas.Series``: a frame of one column; its name is in the note."""

    kind: str = "pandas.Series"

    def pack(self, value: Any) -> Packed | None:
        """The table of it."""
        frame = value.to_frame(_SERIES)
        frame.attrs = {}
        note = _note_of(frame)
        if note is None or not value.flags.allows_duplicate_labels:
            return None
        table = _table_of(frame, note["objects"])
        note |= {"name": value.name, "attrs": value.attrs}
        return None if table is None else _packed(self.kind, table, note)

    def give(self, table: Table, note: Mapping[str, Any]) -> Any:
        """The series; it can be written to."""
        series = _frame_of(table, note["objects"]).iloc[:, 0].rename(note["name"])
        series.attrs = note["attrs"]
        return series


def _packed(kind: str, table: Table, note: dict[str, Any]) -> Packed | None:
    try:
        noted = pickle.dumps(note, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError):  # attrs hold anything
        return None
    table = fit(table, trim=False)
    return Packed(kind=kind, nbytes=table.nbytes + len(noted), body=body_of(table), note=noted)


def _note_of(frame: Frame) -> dict[str, Any] | None:
    """What the table of a frame does not hold; None when the frame is none that Arrow gives back."""
    import numpy as np  # noqa: PLC0415  # lazy, see the top

    if not (frame.flags.allows_duplicate_labels and _is_plain_index(frame.index, frame.columns)):
        return None
    if not _are_plain_names(frame.columns):
        return None
    objects: list[int] = []
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind == "O":
            objects.append(place)
        elif not _is_exact(dtype):
            return None
    columns = None if _is_text(frame.columns.dtype) and frame.columns.name is None else frame.columns
    return {"columns": columns, "objects": tuple(objects), "attrs": frame.attrs}


def _table_of(frame: Frame, objects: tuple[int, ...]) -> Table | None:
    """The table of a frame; None when Arrow cannot hold all of it."""
    values = {place: frame.iloc[:, place].to_numpy() for place in objects}
    kinds = [kind for column in values.values() if (kind := _kind_of(column)) is not None]
    if len(kinds) < len(objects):
        return None
    try:
        table = _converted(frame, values, kinds) if objects else arrow.Table.from_pandas(frame)
    except (arrow.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return table if len(set(table.column_names)) == table.num_columns else None


def _converted(frame: Frame, values: Mapping[int, Any], kinds: Sequence[type]) -> Table:
    """The table of a frame.

    Args:
        frame: the frame.
        values: its columns of objects by their place.
        kinds: what these hold.
    """
    rest = arrow.Table.from_pandas(frame.iloc[:, [n for n in range(frame.shape[1]) if n not in values]])
    pairs = zip(values.items(), kinds, strict=True)
    found = {place: _column_of(column, _CARRIED[kind][1]) for (place, column), kind in pairs}
    return _put_together(rest, found, [_CARRIED[kind][0] for kind in kinds], frame)


def _column_of(values: Any, kind: Any) -> Any:
    """A column of objects: a dictionary where values come often, made while they are converted."""
    sample = arrow.array(values[:_SAMPLE], type=kind)
    often = not arrow.types.is_null(kind) and 2 * len(sample.unique()) <= len(sample)
    return arrow.array(values, type=arrow.dictionary(arrow.int32(), kind) if often else kind)


def _put_together(rest: Table, found: Mapping[int, Any], called: Sequence[str], frame: Frame) -> Table:
    """The table that ``Table.from_pandas`` would make of a frame.

    Args:
        rest: of the columns that hold no objects, and of the index.
        found: the columns of objects by their place in the frame, in its order.
        called: what pandas calls their content.
        frame: the frame.
    """
    said = json.loads(rest.schema.metadata[_PANDAS])
    columns, described = list(zip(rest.column_names, rest.columns, strict=True)), said["columns"]
    for place, content in zip(found, called, strict=True):
        name = str(frame.columns[place])
        columns.insert(place, (name, found[place]))
        about = {"name": name, "field_name": name, "pandas_type": content, "numpy_type": "object"}
        described.insert(place, about | {"metadata": None})
    names, arrays = zip(*columns, strict=True)
    return arrow.table(list(arrays), names=list(names)).replace_schema_metadata({_PANDAS: json.dumps(said)})


def _are_plain_names(columns: Any) -> bool:
    """Whether Arrow tells all columns apart, and from an index."""
    names = [str(name) for name in columns]
    return (
        columns.nlevels == 1
        and len(set(map(type, columns))) <= 1
        and len(set(names)) == len(names)
        and not any(name.startswith("__index_level_") for name in names)
    )


def _is_plain_index(index: Any, columns: Any) -> bool:
    import pandas as pd  # noqa: PLC0415  # lazy, see the top

    if index.name is not None and (type(index.name) is not str or index.name in columns):
        return False
    if type(index) is pd.RangeIndex:
        return True
    if type(index) is pd.DatetimeIndex and index.freq is not None:
        return False
    return type(index) in {pd.Index, pd.DatetimeIndex} and _is_exact_index(index.dtype)


def _is_exact_index(dtype: Any) -> bool:
    """Whether an index of a type is given back; an index of a masked type becomes a plain one."""
    return _is_exact(dtype) and str(dtype) not in _MASKED


def _is_exact(dtype: Any) -> bool:
    """Whether Arrow and its pandas metadata give a column of this type back."""
    import numpy as np  # noqa: PLC0415  # lazy, see the top
    import pandas as pd  # noqa: PLC0415

    if isinstance(dtype, np.dtype):
        if dtype.kind in "mM":
            return dtype.isnative and np.datetime_data(cast("Any", dtype))[0] in _UNITS
        return dtype.kind in "biuf" and dtype.isnative and dtype.itemsize <= 8
    if isinstance(dtype, pd.CategoricalDtype):
        categories: Any = dtype.categories
        return type(categories) is pd.Index and (_is_text(categories.dtype) or categories.dtype == "int64")
    if isinstance(dtype, pd.DatetimeTZDtype):
        return dtype.tz is UTC or isinstance(dtype.tz, ZoneInfo)
    return _is_text(dtype) or str(dtype) in _MASKED


def _is_text(dtype: Any) -> bool:
    """Whether a type is the ``str`` that pandas makes by itself."""
    import pandas as pd  # noqa: PLC0415  # lazy, see the top

    if not isinstance(dtype, pd.StringDtype) or dtype.storage != pd.StringDtype(na_value=math.nan).storage:
        return False
    return isinstance(dtype.na_value, float)


def _kind_of(values: Any) -> type | None:
    """The type of all objects of a column, if they travel; None stays None, other gaps do not."""
    first: object = next((one for one in values if one is not None), None)
    kind: type = type(first)
    if kind not in _CARRIED:
        return None
    found = countOf(map(type, values), kind)  # half the time of a set of types
    if found < len(values):
        found += countOf(map(type, values), _NONE)
    return kind if found == len(values) else None


def _frame_of(table: Table, objects: tuple[int, ...]) -> Frame:
    import pandas as pd  # noqa: PLC0415  # lazy, see the top

    if not objects:
        return table.to_pandas()
    names = table.column_names
    found = {place: _objects_of(table.column(place)) for place in objects}
    rest = table.drop_columns([names[place] for place in objects]).to_pandas()
    others = iter(rest.columns)
    width = rest.shape[1] + len(objects)
    columns = {
        place: pd.Series(found[place], index=rest.index, dtype=object, copy=False)
        if place in found
        else rest[next(others)]
        for place in range(width)
    }
    # many columns are better copied into few blocks
    frame = pd.DataFrame(columns, index=rest.index, copy=width > _WIDE)
    frame.columns = pd.Index(names[:width])
    return frame


def _objects_of(column: Any) -> Any:
    """The values of a column as Python objects; those of a dictionary are made once."""
    import numpy as np  # noqa: PLC0415  # lazy, see the top

    if arrow.types.is_null(column.type) or not len(column):
        return np.full(len(column), None, dtype=object)
    if not arrow.types.is_dictionary(column.type):
        return column.to_numpy()
    found = [_looked_up(part) for part in column.chunks]
    return found[0] if len(found) == 1 else np.concatenate(found)


def _looked_up(part: Any) -> Any:
    import numpy as np  # noqa: PLC0415  # lazy, see the top

    gap = len(part.dictionary)  # where None stands
    words = np.full(gap + 1, None, dtype=object)
    words[:gap] = part.dictionary.to_numpy(zero_copy_only=False)
    return words.take(part.indices.fill_null(gap).to_numpy())


PANDAS = FrameCarrier()
PANDAS_SERIES = SeriesCarrier()
