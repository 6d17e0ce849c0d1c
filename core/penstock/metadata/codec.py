"""The compact written form of metadata values.

Owns: ``to_plain`` and ``from_plain``. Text, whole numbers, numbers, bools and null are written
as bare JSON; every other kind as ``{kind: payload}``, payloads with their defaults left out.
What JSON libraries do not carry (NaN, integers beyond 64 bits, lone surrogates) is written as
``{"!": text}``, the text being ASCII JSON of the standard library, which carries all of it.
Knows nothing of events or stores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, cast

from penstock.errors import InvalidMetadataError, suggest
from penstock.keys import AssetKey
from penstock.metadata.composites import (
    CodeReference,
    LocalFileCodeReference,
    UrlCodeReference,
)
from penstock.metadata.table import (
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableConstraints,
    TableRecord,
    TableSchema,
)
from penstock.metadata.value import KIND_NAMES, KINDS, MetadataValue
from penstock.metadata.values import (
    BoolMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    NullMetadataValue,
    SingleMetadataValue,
    TextMetadataValue,
)

Plain = Any  # JSON-able: None, bool, int, float, str, lists and dicts of these
_ESCAPED = "!"
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_BARE: dict[type[Any], type[SingleMetadataValue]] = {
    str: TextMetadataValue,
    int: IntMetadataValue,
    float: FloatMetadataValue,
    bool: BoolMetadataValue,
}


def to_plain(value: MetadataValue) -> Plain:
    """Write a metadata value as JSON-able data, as short as its kind allows.

    Args:
        value: any metadata value.

    Returns:
        Data that any JSON library carries unharmed.
    """
    plain = _write(value)
    return plain if _is_portable(plain) else {_ESCAPED: json.dumps(plain, separators=(",", ":"))}


def from_plain(plain: Plain) -> MetadataValue:
    """Read back what ``to_plain`` wrote: an equal value of the same kind.

    Args:
        plain: the written form.

    Raises:
        InvalidMetadataError: when it is of a kind that this version does not know.
    """
    bare = _BARE.get(cast("type[Any]", type(plain)))
    if bare is not None:
        return bare.holding(plain)
    if plain is None:
        return NullMetadataValue()
    ((tag, payload),) = plain.items()
    if tag == _ESCAPED:
        return from_plain(json.loads(payload))
    return _read(tag, payload)


def metadata_to_plain(metadata: Mapping[str, MetadataValue]) -> dict[str, Plain]:
    """Write a whole mapping of metadata; see ``to_plain``."""
    return {key: to_plain(value) for key, value in metadata.items()}


def metadata_from_plain(plain: Mapping[str, Plain]) -> dict[str, MetadataValue]:
    """Read back a whole mapping of metadata; see ``from_plain``."""
    return {key: from_plain(value) for key, value in plain.items()}


def _is_portable(plain: Plain) -> bool:
    kind = cast("type[Any]", type(plain))
    if kind is str:
        return plain.isascii() or not any("\ud800" <= char <= "\udfff" for char in plain)
    if kind is int:
        return _INT_MIN <= plain <= _INT_MAX
    if kind is float:
        return isfinite(plain)
    if kind is dict:
        return all(_is_portable(key) and _is_portable(item) for key, item in plain.items())
    return all(map(_is_portable, plain)) if kind is list else True


def _write(value: MetadataValue) -> Plain:
    if isinstance(value, SingleMetadataValue):
        payload = value.value
        if type(payload) in _BARE and _BARE[type(payload)] is type(value):
            return payload
        if type(value) is NullMetadataValue:
            return None
    else:
        payload = value
    write = _WRITERS.get(value.kind)
    return {value.kind: write(payload) if write is not None else payload}


def _read(kind: str, payload: Plain) -> MetadataValue:
    if kind not in KIND_NAMES:
        raise InvalidMetadataError(
            f"Metadata of kind {kind!r} is not known to this version, which knows"
            f" {', '.join(sorted(KIND_NAMES))}.{suggest(kind, KIND_NAMES)} A newer version wrote it: upgrade."
        )
    found, read = KINDS[kind], _READERS.get(kind)
    if read is None:
        return found.holding(payload)
    return found.holding(read(payload)) if issubclass(found, SingleMetadataValue) else read(payload)


def _trimmed(parts: Sequence[Plain]) -> list[Plain]:
    """The parts without trailing ones that are empty: they are the defaults."""
    kept = list(parts)
    while kept and (kept[-1] is None or kept[-1] == [] or kept[-1] == {}):
        kept.pop()
    return kept


def _write_key(key: AssetKey) -> Plain:
    return key.parts[0] if len(key.parts) == 1 else list(key.parts)


def _write_column(column: TableColumn) -> Plain:
    limits = column.constraints
    written: list[Plain] = [] if limits == TableColumnConstraints() else _write_limits(limits)
    return _trimmed([column.name, column.type, column.description, written, dict(column.tags)])


def _write_limits(limits: TableColumnConstraints) -> list[Plain]:
    return [int(limits.nullable), int(limits.unique), *limits.other]


def _read_column(parts: list[Any]) -> TableColumn:
    rest: list[Any] = [None] * (5 - len(parts))
    name, kind, description, limits, tags = [*parts, *rest]
    constraints = TableColumnConstraints(bool(limits[0]), bool(limits[1]), limits[2:]) if limits else None
    return TableColumn(name, kind, description, constraints, tags)


def _write_schema(schema: TableSchema) -> Plain:
    columns = [_write_column(column) for column in schema.columns]
    return _trimmed([columns, list(schema.constraints.other)]) or [[]]


def _read_schema(parts: list[Plain]) -> TableSchema:
    constraints = TableConstraints(parts[1]) if len(parts) > 1 else None
    return TableSchema([_read_column(column) for column in parts[0]], constraints)


def _write_lineage(lineage: TableColumnLineage) -> Plain:
    return {
        column: [[_write_key(dep.asset_key), dep.column_name] for dep in deps]
        for column, deps in lineage.deps_by_column.items()
    }


def _read_lineage(plain: Mapping[str, list[list[Plain]]]) -> TableColumnLineage:
    return TableColumnLineage(
        {
            column: [TableColumnDep(AssetKey(key), name) for key, name in deps]
            for column, deps in plain.items()
        }
    )


def _write_table(table: Any) -> Plain:
    columns = [column.name for column in table.schema.columns]
    names: list[str] = list(table.records[0].data) if table.records else columns
    rows = [[record.data[name] for name in names] for record in table.records]
    return (
        [_write_schema(table.schema), rows]
        if names == columns
        else [
            _write_schema(table.schema),
            rows,
            names,
        ]
    )


def _read_table(parts: list[Plain]) -> MetadataValue:
    schema = _read_schema(parts[0])
    names = parts[2] if len(parts) > 2 else [column.name for column in schema.columns]
    records = [TableRecord(dict(zip(names, row, strict=True))) for row in parts[1]]
    return KINDS["table"](records, schema)


def _write_reference(reference: CodeReference) -> Plain:
    if isinstance(reference, UrlCodeReference):
        return {"url": reference.url, **({"label": reference.label} if reference.label is not None else {})}
    return _trimmed([reference.file_path, reference.line_number, reference.label])


def _read_reference(plain: Plain) -> CodeReference:
    if type(plain) is list:
        return LocalFileCodeReference(*cast("list[Any]", plain))
    return UrlCodeReference(plain["url"], plain.get("label"))


def _write_job(job: Any) -> Plain:
    return _trimmed([job.job_name, job.location_name, job.repository_name])


_WRITERS: dict[str, Callable[[Any], Plain]] = {
    "asset": _write_key,
    "schema": _write_schema,
    "lineage": _write_lineage,
    "table": _write_table,
    "job": _write_job,
    "python_artifact": lambda artifact: [artifact.module, artifact.name],
    "code_references": lambda value: [_write_reference(one) for one in value.code_references],
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "asset": AssetKey,
    "schema": _read_schema,
    "lineage": _read_lineage,
    "table": _read_table,
    "job": lambda parts: KINDS["job"](*parts),
    "python_artifact": lambda parts: KINDS["python_artifact"](*parts),
    "code_references": lambda parts: KINDS["code_references"](map(_read_reference, parts)),
}
