"""Well-known metadata: keys that the system itself reads, grouped by subject.

Owns: the names below ``penstock/`` and the types of their values. Knows nothing of who sets
or shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, cast

from attrs import field, fields

from penstock.errors import InvalidMetadataError
from penstock.metadata.composites import CodeReferencesMetadataValue
from penstock.metadata.table import TableColumnLineage, TableSchema
from penstock.metadata.value import MetadataValue
from penstock.values import frozen

_PREFIX = "penstock"


def system_key(name: str) -> str:
    """The full metadata key or tag of the system: ``system_key("row_count")``.

    Args:
        name: the part after the slash.
    """
    return f"{_PREFIX}/{name}"


class NamespacedMetadataSet:
    """A group of metadata keys with one prefix; subclasses are keyword-only attrs classes.

    ``{**TableMetadataSet(row_count=3)}`` is the metadata with full keys, without those that
    are None; ``TableMetadataSet.extract(metadata)`` reads the group back.
    """

    __slots__ = ()

    @classmethod
    def namespace(cls) -> str:
        """The prefix of the keys, without the slash."""
        return _PREFIX

    def keys(self) -> Iterable[str]:
        """The full keys of all values that are not None."""
        found = ((name, getattr(self, name)) for name in _names(type(self)))
        return [f"{self.namespace()}/{name}" for name, value in found if value is not None]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key.removeprefix(f"{self.namespace()}/"))

    @classmethod
    def extract(cls, metadata: Mapping[str, Any]) -> Self:
        """Read the group's keys out of metadata that may hold others.

        Args:
            metadata: full keys to plain or metadata values.

        Raises:
            InvalidMetadataError: when a value is not of the key's type.
        """
        known = {name: f"{cls.namespace()}/{name}" for name in _names(cls)}
        return cls(**{name: _payload(metadata[key]) for name, key in known.items() if key in metadata})


def _names(cls: type[NamespacedMetadataSet]) -> list[str]:
    return [attribute.name for attribute in fields(cast("Any", cls))]


def _payload(value: Any) -> Any:
    return value.value if isinstance(value, MetadataValue) else value


def _none_or(wanted: type) -> Any:
    def require(_owner: Any, attribute: Any, value: Any) -> None:
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise InvalidMetadataError(
                f"Metadata {system_key(attribute.name)!r} is a {wanted.__name__},"
                f" found {type(value).__qualname__}: {value!r:.120}."
            )

    return require


@frozen(kw_only=True)
class TableMetadataSet(NamespacedMetadataSet):
    """What is known of an asset that is a table.

    Args:
        column_schema: its columns.
        column_lineage: where its columns come from.
        row_count: rows in the whole table.
        partition_row_count: rows in the partition that was just written.
        table_name: its full name where it is stored, for example ``db.schema.table``.
        storage_kind: the kind of system that holds it, for example ``snowflake``.
    """

    column_schema: TableSchema | None = field(default=None, validator=_none_or(TableSchema))
    column_lineage: TableColumnLineage | None = field(default=None, validator=_none_or(TableColumnLineage))
    row_count: int | None = field(default=None, validator=_none_or(int))
    partition_row_count: int | None = field(default=None, validator=_none_or(int))
    table_name: str | None = field(default=None, validator=_none_or(str))
    storage_kind: str | None = field(default=None, validator=_none_or(str))


@frozen(kw_only=True)
class CodeReferencesMetadataSet(NamespacedMetadataSet):
    """Where the code of a definition is.

    Args:
        code_references: places in source files.
    """

    code_references: CodeReferencesMetadataValue | None = field(
        default=None, validator=_none_or(CodeReferencesMetadataValue)
    )
