"""``MetadataValue``: the name that all metadata values share and are made under.

Owns: the constructors and the list of kinds, which the kinds enter themselves (``values`` with one
payload, ``composites`` with several parts). Knows nothing of any single kind. Lazy: a kind that
most programs never use is imported when somebody makes or reads one.

Inside the class the names ``int``, ``float`` and ``bool`` are its own constructors, therefore
annotations there say ``builtins.int``.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from penstock.errors import InvalidMetadataError

if TYPE_CHECKING:
    from datetime import datetime

    from penstock.keys import AssetKey
    from penstock.metadata.composites import (
        JobMetadataValue,
        PythonArtifactMetadataValue,
        TableColumnLineageMetadataValue,
        TableMetadataValue,
        TableSchemaMetadataValue,
    )
    from penstock.metadata.table import TableColumnLineage, TableRecord, TableSchema
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

_VALUES, _COMPOSITES = "penstock.metadata.values", "penstock.metadata.composites"
_HOMES = {
    **dict.fromkeys(("text", "url", "path", "notebook", "json", "md", "float", "int", "bool"), _VALUES),
    **dict.fromkeys(("timestamp", "run", "asset", "null", "pool"), _VALUES),
    **dict.fromkeys(("schema", "lineage", "table", "job"), _COMPOSITES),
    **dict.fromkeys(("python_artifact", "code_references"), _COMPOSITES),
}


class _Kinds(dict[str, type[Any]]):
    """Kind to class, entered by the classes themselves when their module is imported."""

    def __missing__(self, kind: str) -> type[Any]:
        import_module(_HOMES[kind])
        return self[kind]


#: the kind is also the tag of the written form
KINDS = _Kinds()
KIND_NAMES = frozenset(_HOMES)


class MetadataValue:
    """Any metadata value, and the place to make one: ``MetadataValue.md("# Title")``."""

    __slots__ = ()
    kind: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.__dict__.get("kind"):
            KINDS[cls.kind] = cls

    @property
    def value(self) -> Any:
        """The payload as a Python value; kinds with several parts answer with themselves."""
        return self

    @staticmethod
    def text(text: str) -> TextMetadataValue:
        """Plain text."""
        return KINDS["text"](text)

    @staticmethod
    def url(url: str) -> UrlMetadataValue:
        """A link."""
        return KINDS["url"](url)

    @staticmethod
    def path(path: str | os.PathLike[str]) -> PathMetadataValue:
        """A path in some file system."""
        return KINDS["path"](path)

    @staticmethod
    def notebook(path: str | os.PathLike[str]) -> NotebookMetadataValue:
        """The path of a notebook."""
        return KINDS["notebook"](path)

    @staticmethod
    def json(data: Sequence[Any] | Mapping[str, Any] | None) -> JsonMetadataValue:
        """A list or dict of JSON-able values; it is copied."""
        return KINDS["json"](data)

    @staticmethod
    def md(data: str) -> MarkdownMetadataValue:
        """Markdown text."""
        return KINDS["md"](data)

    @staticmethod
    def python_artifact(python_artifact: Callable[..., Any]) -> PythonArtifactMetadataValue:
        """A class or function, recorded as its module and name."""
        return KINDS["python_artifact"](python_artifact)

    @staticmethod
    def float(value: builtins.float) -> FloatMetadataValue:
        """A number; NaN and infinities are kept."""
        return KINDS["float"](value)

    @staticmethod
    def int(value: builtins.int) -> IntMetadataValue:
        """A whole number of any size."""
        return KINDS["int"](value)

    @staticmethod
    def bool(value: builtins.bool) -> BoolMetadataValue:
        """True or False."""
        return KINDS["bool"](value)

    @staticmethod
    def timestamp(value: builtins.float | datetime) -> TimestampMetadataValue:
        """A moment: seconds since 1970-01-01 UTC, or a datetime with a time zone."""
        return KINDS["timestamp"](value)

    @staticmethod
    def run(run_id: str) -> RunMetadataValue:
        """A link to a run."""
        return KINDS["run"](run_id)

    @staticmethod
    def job(
        job_name: str, location_name: str | None = None, *, repository_name: str | None = None
    ) -> JobMetadataValue:
        """A link to a job."""
        return KINDS["job"](job_name, location_name, repository_name)

    @staticmethod
    def asset(asset_key: AssetKey) -> AssetMetadataValue:
        """A link to an asset."""
        return KINDS["asset"](asset_key)

    @staticmethod
    def table(
        records: Iterable[TableRecord | Mapping[str, Any]], schema: TableSchema | None = None
    ) -> TableMetadataValue:
        """A small table; without a schema it is taken from the records."""
        return KINDS["table"](records, schema)

    @staticmethod
    def table_schema(schema: TableSchema) -> TableSchemaMetadataValue:
        """The columns of a table."""
        return KINDS["schema"](schema)

    @staticmethod
    def column_lineage(lineage: TableColumnLineage) -> TableColumnLineageMetadataValue:
        """Where the columns of a table come from."""
        return KINDS["lineage"](lineage)

    @staticmethod
    def null() -> NullMetadataValue:
        """Nothing, said on purpose."""
        return KINDS["null"]()

    @staticmethod
    def pool(pool: str) -> PoolMetadataValue:
        """The name of a concurrency pool."""
        return KINDS["pool"](pool)


def refuse(kind: str, wanted: str, found: Any) -> NoReturn:
    """Say that a metadata value cannot be made from this.

    Args:
        kind: the constructor as users write it.
        wanted: what it takes, in words.
        found: what it got.

    Raises:
        InvalidMetadataError: always.
    """
    raise InvalidMetadataError(f"{kind} takes {wanted}, found {type(found).__qualname__}: {found!r:.120}.")
