"""The kinds of metadata value that are rarer: tables and their columns, jobs, code.

Owns: these classes and references to source code. Where a kind has several parts, its ``value``
is the metadata value itself. Knows nothing of plain values (``coercion``) or JSON (``codec``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from attrs import field

from penstock.errors import InvalidMetadataError
from penstock.metadata.table import TableColumnLineage, TableRecord, TableSchema, infer_schema
from penstock.metadata.value import MetadataValue, refuse
from penstock.metadata.values import SingleMetadataValue
from penstock.values import frozen


@frozen
class JobMetadataValue(MetadataValue):
    """A link to a job.

    Args:
        job_name: the job's name.
        location_name: the code location that holds it; None is the only one.
        repository_name: the repository inside that location.
    """

    kind: ClassVar[str] = "job"
    job_name: str
    location_name: str | None = None
    repository_name: str | None = None


@frozen(init=False)
class PythonArtifactMetadataValue(MetadataValue):
    """A class or function, recorded as its module and name.

    Args:
        module: the artifact itself, or the name of its module.
        name: its name in that module, where ``module`` is a name.
    """

    kind: ClassVar[str] = "python_artifact"
    module: str
    name: str

    def __init__(self, module: Any, name: str | None = None) -> None:
        if name is None:
            module, name = _address(module)
        object.__setattr__(self, "module", module)
        object.__setattr__(self, "name", name)


def _address(artifact: Any) -> tuple[str, str]:
    module, name = getattr(artifact, "__module__", None), getattr(artifact, "__name__", None)
    if isinstance(module, str) and isinstance(name, str):
        return module, name
    return refuse("MetadataValue.python_artifact", "a class or function", artifact)


class TableSchemaMetadataValue(SingleMetadataValue):
    """The columns of a table."""

    __slots__ = ()
    kind = "schema"
    _label = "schema"

    def __init__(self, schema: TableSchema) -> None:
        if not isinstance(schema, TableSchema):
            refuse("MetadataValue.table_schema", "a TableSchema", schema)
        super().__init__(schema)

    @property
    def schema(self) -> TableSchema:
        """The schema."""
        return self._value


class TableColumnLineageMetadataValue(SingleMetadataValue):
    """Where the columns of a table come from."""

    __slots__ = ()
    kind = "lineage"
    _label = "column_lineage"

    def __init__(self, column_lineage: TableColumnLineage) -> None:
        if not isinstance(column_lineage, TableColumnLineage):
            refuse("MetadataValue.column_lineage", "a TableColumnLineage", column_lineage)
        super().__init__(column_lineage)

    @property
    def lineage(self) -> TableColumnLineage:
        """The lineage."""
        return self._value

    @property
    def column_lineage(self) -> TableColumnLineage:  # type: ignore[override]  # the constructor of its ground
        """Another name of ``lineage``."""
        return self._value


@frozen(init=False)
class TableMetadataValue(MetadataValue):
    """A small table.

    Args:
        records: its rows, all with the same columns; dicts are taken as records.
        schema: its columns; None takes them from the records.

    Raises:
        InvalidMetadataError: when rows differ in their columns, or there is neither row nor schema.
    """

    kind: ClassVar[str] = "table"
    records: Sequence[TableRecord]
    schema: TableSchema

    def __init__(
        self, records: Iterable[TableRecord | Mapping[str, Any]], schema: TableSchema | None = None
    ) -> None:
        rows = tuple(_record(row) for row in records)
        _require_same_columns(rows)
        if schema is None and not rows:
            raise InvalidMetadataError(
                "MetadataValue.table without records needs a schema, to know its columns."
                " Write MetadataValue.table([], schema=TableSchema(columns=[...]))."
            )
        object.__setattr__(self, "records", rows)
        object.__setattr__(self, "schema", schema if schema is not None else infer_schema(rows))


def _record(row: Any) -> TableRecord:
    if isinstance(row, TableRecord):
        return row
    if isinstance(row, Mapping):
        return TableRecord(cast("Mapping[str, Any]", row))
    return refuse("MetadataValue.table", "TableRecord values", row)


def _require_same_columns(rows: Sequence[TableRecord]) -> None:
    for at, row in enumerate(rows):
        if row.data.keys() != rows[0].data.keys():
            raise InvalidMetadataError(
                "All records of a metadata table have the same columns, but record 0 has"
                f" {sorted(rows[0].data)} and record {at} has {sorted(row.data)}."
                " Give the missing cells as None."
            )


@frozen
class LocalFileCodeReference:
    """A place in a local source file.

    Args:
        file_path: path of the file.
        line_number: line in the file, counted from 1.
        label: what to call the place.
    """

    file_path: str
    line_number: int | None = None
    label: str | None = None


@frozen
class UrlCodeReference:
    """A place in a source file on the web.

    Args:
        url: link to the place.
        label: what to call the place.
    """

    url: str
    label: str | None = None


CodeReference = LocalFileCodeReference | UrlCodeReference


def _references(found: Iterable[CodeReference]) -> tuple[CodeReference, ...]:
    references = tuple(found)
    for reference in references:
        if not isinstance(reference, CodeReference):
            refuse("CodeReferencesMetadataValue", "code references", reference)
    return references


@frozen
class CodeReferencesMetadataValue(MetadataValue):
    """Where the code of a definition is.

    Args:
        code_references: ``LocalFileCodeReference`` and ``UrlCodeReference`` values.
    """

    kind: ClassVar[str] = "code_references"
    code_references: Sequence[CodeReference] = field(converter=_references)
