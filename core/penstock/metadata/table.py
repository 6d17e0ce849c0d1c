"""Tables as metadata: records, schemas, constraints and column lineage.

Owns: the description of tables that people attach to assets. Knows nothing of Arrow, of data
frames or of how the description is written down.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from attrs import field

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey, as_asset_key
from penstock.metadata.plainness import Scalar, as_scalar, is_scalar
from penstock.values import frozen

_TYPE_NAMES: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "string"}


def _texts(values: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(values) if values is not None else ()


def _tags(tags: Mapping[str, str] | None) -> Mapping[str, str]:
    return dict(tags) if tags else {}


def _cells(data: Mapping[str, Any]) -> dict[str, Scalar]:
    cells: dict[str, Scalar] = {}
    for name, raw in data.items():
        value = as_scalar(raw)
        if not is_scalar(value):
            raise InvalidMetadataError(
                f"A table record holds strings, numbers, bools and None, but column {name!r} has a"
                f" {type(value).__qualname__}: {value!r:.120}. Write str(value)."
            )
        cells[name] = value
    return cells


@frozen(init=False, hash=False)
class TableRecord:
    """One row of a table: ``TableRecord({"name": "ann"})`` or ``TableRecord(name="ann")``.

    Args:
        data: column name to string, number, bool or None.
        columns: the same as keyword arguments.

    Raises:
        InvalidMetadataError: when a cell holds anything else.
    """

    data: Mapping[str, Scalar]

    def __init__(self, data: Mapping[str, Any] | None = None, /, **columns: Any) -> None:
        if data is None and isinstance(columns.get("data"), Mapping) and len(columns) == 1:
            data, columns = columns["data"], {}
        object.__setattr__(self, "data", _cells({**(data or {}), **columns}))

    def __hash__(self) -> int:
        return hash(frozenset(self.data.items()))


@frozen
class TableColumnConstraints:
    """What holds for the values of one column.

    Args:
        nullable: whether values may be missing.
        unique: whether no value occurs twice.
        other: further constraints in words or SQL.
    """

    nullable: bool = True
    unique: bool = False
    other: Sequence[str] = field(default=None, converter=_texts)


@frozen
class TableConstraints:
    """What holds for a table as a whole.

    Args:
        other: constraints in words or SQL, for example ``["age > 0"]``.
    """

    other: Sequence[str] = field(converter=_texts)


_FREE_COLUMN = TableColumnConstraints()
_FREE_TABLE = TableConstraints(())


def _column_constraints(given: TableColumnConstraints | None) -> TableColumnConstraints:
    return given if given is not None else _FREE_COLUMN


def _table_constraints(given: TableConstraints | None) -> TableConstraints:
    return given if given is not None else _FREE_TABLE


@frozen(hash=False)
class TableColumn:
    """One column of a table schema.

    Args:
        name: the column's name.
        type: the column's type, in the words of whatever system holds the table.
        description: what the column means.
        constraints: what holds for its values; None is no constraint.
        tags: free labels of the column.
    """

    name: str
    type: str = "string"
    description: str | None = None
    constraints: TableColumnConstraints = field(default=None, converter=_column_constraints)
    tags: Mapping[str, str] = field(default=None, converter=_tags)

    def __hash__(self) -> int:
        return hash((self.name, self.type))


def _columns(columns: Iterable[TableColumn]) -> tuple[TableColumn, ...]:
    found = tuple(columns)
    for column in found:
        if not isinstance(column, TableColumn):
            raise InvalidMetadataError(
                f"TableSchema(columns=...) takes TableColumn values, found {column!r:.120}."
                " Write TableColumn(name, type) or TableSchema.from_name_type_dict({name: type})."
            )
    return found


@frozen
class TableSchema:
    """The columns of a table, in order, and what holds for the table.

    Args:
        columns: one ``TableColumn`` each.
        constraints: what holds for the whole table; None is no constraint.
    """

    metadata_kind: ClassVar[str] = "schema"
    columns: Sequence[TableColumn] = field(converter=_columns)
    constraints: TableConstraints = field(default=None, converter=_table_constraints)

    @staticmethod
    def from_name_type_dict(name_type_dict: Mapping[str, str]) -> TableSchema:
        """A schema without constraints.

        Args:
            name_type_dict: column name to type name, in order.
        """
        return TableSchema([TableColumn(name, kind) for name, kind in name_type_dict.items()])


@frozen
class TableColumnDep:
    """One column that another one is made from.

    Args:
        asset_key: the asset that holds the column, in any spelling.
        column_name: the column's name there.
    """

    asset_key: AssetKey = field(converter=as_asset_key)
    column_name: str


def _deps(raw: Mapping[str, Iterable[TableColumnDep]]) -> Mapping[str, Sequence[TableColumnDep]]:
    return {column: tuple(deps) for column, deps in raw.items()}


@frozen(hash=False)
class TableColumnLineage:
    """Which columns of which assets each column of a table is made from.

    Args:
        deps_by_column: column name to the columns that it comes from.
    """

    metadata_kind: ClassVar[str] = "lineage"
    deps_by_column: Mapping[str, Sequence[TableColumnDep]] = field(converter=_deps)

    def __hash__(self) -> int:
        return hash(frozenset(self.deps_by_column.items()))


def infer_schema(records: Sequence[TableRecord]) -> TableSchema:
    """The schema that records have, from the first value of each column that is not None.

    Args:
        records: at least one, all with the same columns.
    """
    return TableSchema([TableColumn(name, _type_name(name, records)) for name in records[0].data])


def _type_name(column: str, records: Sequence[TableRecord]) -> str:
    cells = (record.data.get(column) for record in records)
    return next((_TYPE_NAMES[builtins.type(cell)] for cell in cells if cell is not None), "string")
