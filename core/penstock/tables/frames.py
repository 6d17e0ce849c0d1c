"""Handlers of pandas and polars frames.

Owns: their way to ``pyarrow.Table`` and back. An index of pandas travels in the table's pandas
metadata; an index without a name is bookkeeping of pandas, so only pandas sees it again.
Lazy: pandas and polars are imported when a frame is made of a table.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias, cast

import pyarrow as pa

from penstock.values import frozen

arrow: Any = pa  # ships no types; the alias says what is meant
Table: TypeAlias = Any

_PANDAS = b"pandas"
_UNNAMED = "__index_level_"


@frozen
class PandasHandler:
    """``pandas.DataFrame``, with its index."""

    kind: str = "pandas.DataFrame"

    def to_arrow(self, value: Any) -> Table:
        """The frame as a table; a plain range index costs no column."""
        return arrow.Table.from_pandas(value)

    def from_arrow(self, table: Table) -> Any:
        """A frame with the index that the table's pandas metadata names."""
        return table.to_pandas()


@frozen
class PolarsHandler:
    """``polars.DataFrame``."""

    kind: str = "polars.DataFrame"

    def to_arrow(self, value: Any) -> Table:
        """The frame as a table of plain types: pandas and old readers know no string views."""
        return _polars_to_arrow(value)

    def from_arrow(self, table: Table) -> Any:
        """A frame over the table's buffers."""
        import polars as pl  # noqa: PLC0415  # lazy, see the top

        return cast("Any", pl).from_arrow(without_pandas_index(table))


@frozen
class PolarsLazyHandler:
    """``polars.LazyFrame``: collected to travel."""

    kind: str = "polars.LazyFrame"

    def to_arrow(self, value: Any) -> Table:
        """The collected frame as a table."""
        return _polars_to_arrow(value.collect())

    def from_arrow(self, table: Table) -> Any:
        """A lazy frame over the table's buffers."""
        return POLARS.from_arrow(table).lazy()


def without_pandas_index(table: Table) -> Table:
    """The table without the columns in which pandas kept an index that has no name."""
    metadata: dict[bytes, bytes] = table.schema.metadata or {}
    if _PANDAS not in metadata:
        return table
    unnamed = [name for name in _index_columns(metadata[_PANDAS]) if name in table.column_names]
    if not unnamed:
        return table
    rest = {key: value for key, value in metadata.items() if key != _PANDAS}
    return table.drop_columns(unnamed).replace_schema_metadata(rest or None)


def _polars_to_arrow(frame: Any) -> Table:
    objects = [name for name, kind in frame.schema.items() if str(kind) == "Object"]
    if objects:  # polars would export their addresses
        raise TypeError(
            f"The polars columns {', '.join(map(repr, objects))} hold Python objects (dtype Object),"
            " which Arrow cannot carry. Cast them to a polars type, or drop them."
        )
    return frame.to_arrow()


def _index_columns(pandas_metadata: bytes) -> list[str]:
    described = cast("list[Any]", json.loads(pandas_metadata).get("index_columns", []))
    return [name for name in described if isinstance(name, str) and name.startswith(_UNNAMED)]


PANDAS = PandasHandler()
POLARS = PolarsHandler()
POLARS_LAZY = PolarsLazyHandler()
