"""Metadata: what people attach to assets, events and definitions, and how it is written down.

Owns: every kind of metadata value, the coercion of plain Python values, the compact JSON form
and the well-known sets of keys. Knows nothing of definitions, events or stores.
Read next: ``values`` (the kinds), ``coercion`` (plain values), ``codec`` (the written form).
Lazy: a definition needs little of this, so each name is imported from its module on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock.metadata.codec import from_plain, metadata_from_plain, metadata_to_plain, to_plain
    from penstock.metadata.coercion import (
        ArbitraryMetadataMapping,
        MetadataMapping,
        RawMetadataMapping,
        RawMetadataValue,
        as_metadata_value,
        normalize_metadata,
    )
    from penstock.metadata.composites import (
        CodeReference,
        CodeReferencesMetadataValue,
        JobMetadataValue,
        LocalFileCodeReference,
        PythonArtifactMetadataValue,
        TableColumnLineageMetadataValue,
        TableMetadataValue,
        TableSchemaMetadataValue,
        UrlCodeReference,
    )
    from penstock.metadata.sets import (
        CodeReferencesMetadataSet,
        NamespacedMetadataSet,
        TableMetadataSet,
        system_key,
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
    from penstock.metadata.value import MetadataValue
    from penstock.metadata.values import (
        AssetMetadataValue,
        BoolMetadataValue,
        FloatMetadataValue,
        IntMetadataValue,
        JsonMetadataValue,
        MarkdownMetadataValue,
        NotebookMetadataValue,
        NullMetadataValue,
        PathMetadataValue,
        PoolMetadataValue,
        RunMetadataValue,
        TextMetadataValue,
        TimestampMetadataValue,
        UrlMetadataValue,
    )

__all__ = [
    "ArbitraryMetadataMapping",
    "AssetMetadataValue",
    "BoolMetadataValue",
    "CodeReference",
    "CodeReferencesMetadataSet",
    "CodeReferencesMetadataValue",
    "FloatMetadataValue",
    "IntMetadataValue",
    "JobMetadataValue",
    "JsonMetadataValue",
    "LocalFileCodeReference",
    "MarkdownMetadataValue",
    "MetadataMapping",
    "MetadataValue",
    "NamespacedMetadataSet",
    "NotebookMetadataValue",
    "NullMetadataValue",
    "PathMetadataValue",
    "PoolMetadataValue",
    "PythonArtifactMetadataValue",
    "RawMetadataMapping",
    "RawMetadataValue",
    "RunMetadataValue",
    "TableColumn",
    "TableColumnConstraints",
    "TableColumnDep",
    "TableColumnLineage",
    "TableColumnLineageMetadataValue",
    "TableConstraints",
    "TableMetadataSet",
    "TableMetadataValue",
    "TableRecord",
    "TableSchema",
    "TableSchemaMetadataValue",
    "TextMetadataValue",
    "TimestampMetadataValue",
    "UrlCodeReference",
    "UrlMetadataValue",
    "as_metadata_value",
    "from_plain",
    "metadata_from_plain",
    "metadata_to_plain",
    "normalize_metadata",
    "system_key",
    "to_plain",
]

_MODULES = {
    "codec": (
        "from_plain",
        "metadata_from_plain",
        "metadata_to_plain",
        "to_plain",
    ),
    "coercion": (
        "ArbitraryMetadataMapping",
        "MetadataMapping",
        "RawMetadataMapping",
        "RawMetadataValue",
        "as_metadata_value",
        "normalize_metadata",
    ),
    "composites": (
        "CodeReference",
        "CodeReferencesMetadataValue",
        "JobMetadataValue",
        "LocalFileCodeReference",
        "PythonArtifactMetadataValue",
        "TableColumnLineageMetadataValue",
        "TableMetadataValue",
        "TableSchemaMetadataValue",
        "UrlCodeReference",
    ),
    "sets": (
        "CodeReferencesMetadataSet",
        "NamespacedMetadataSet",
        "TableMetadataSet",
        "system_key",
    ),
    "table": (
        "TableColumn",
        "TableColumnConstraints",
        "TableColumnDep",
        "TableColumnLineage",
        "TableConstraints",
        "TableRecord",
        "TableSchema",
    ),
    "value": ("MetadataValue",),
    "values": (
        "AssetMetadataValue",
        "BoolMetadataValue",
        "FloatMetadataValue",
        "IntMetadataValue",
        "JsonMetadataValue",
        "MarkdownMetadataValue",
        "NotebookMetadataValue",
        "NullMetadataValue",
        "PathMetadataValue",
        "PoolMetadataValue",
        "RunMetadataValue",
        "TextMetadataValue",
        "TimestampMetadataValue",
        "UrlMetadataValue",
    ),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
