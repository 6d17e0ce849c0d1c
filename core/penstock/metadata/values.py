"""The kinds of metadata value that have one payload.

Owns: one class per kind, its checks and its equality. Kinds with several parts live in
``composites``. Knows nothing of plain values (``coercion``) or JSON (``codec``).

The classes are written by hand: attrs would take a third of the whole import budget to make them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isnan
from typing import Any, ClassVar, Self, cast

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey
from penstock.metadata.plainness import as_scalar, json_copy
from penstock.metadata.value import MetadataValue, refuse


def _text(kind: str, found: Any) -> str | None:
    if found is None or type(found) is str:
        return found
    return as_scalar(found) if isinstance(found, str) else refuse(kind, "a string", found)


def _path(kind: str, found: Any) -> str | None:
    if isinstance(found, os.PathLike):
        found = os.fspath(cast("os.PathLike[str]", found))
    if found is None or isinstance(found, str):
        return found
    return refuse(kind, "a string or a path", found)


def _is_nan(value: Any) -> bool:
    # NaN is unlike itself, but two metadata values that both say NaN say the same
    return type(value) is float and isnan(value)


class SingleMetadataValue(MetadataValue):
    """A metadata value with one payload: frozen, equal to others of its kind and payload."""

    __slots__ = ("_value",)
    _label: ClassVar[str] = "value"
    _value: Any

    def __init__(self, value: Any) -> None:
        object.__setattr__(self, "_value", value)

    @property
    def value(self) -> Any:
        """The payload as a Python value."""
        return self._value

    @classmethod
    def holding(cls, payload: Any) -> Self:
        """A value around a payload that was checked before, as the codec reads them."""
        made = object.__new__(cls)
        object.__setattr__(made, "_value", payload)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable, cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable, cannot delete {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)) or type(self) is not type(other):
            return False
        mine, theirs = self._value, other._value
        return bool(mine == theirs) or (_is_nan(mine) and _is_nan(theirs))

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._label}={self._value!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).holding, (self._value,))


class TextMetadataValue(SingleMetadataValue):
    """Plain text."""

    __slots__ = ()
    kind = "text"
    _label = "text"

    def __init__(self, text: str | None = "") -> None:
        super().__init__(_text("MetadataValue.text", text))

    @property
    def text(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # public API
        """The text."""
        return self._value


class UrlMetadataValue(SingleMetadataValue):
    """A link."""

    __slots__ = ()
    kind = "url"
    _label = "url"

    def __init__(self, url: str | None = "") -> None:
        super().__init__(_text("MetadataValue.url", url))

    @property
    def url(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # public API
        """The link."""
        return self._value


class PathMetadataValue(SingleMetadataValue):
    """A path in some file system."""

    __slots__ = ()
    kind = "path"
    _label = "path"

    def __init__(self, path: str | os.PathLike[str] | None = "") -> None:
        super().__init__(_path("MetadataValue.path", path))

    @property
    def path(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # public API
        """The path as a string."""
        return self._value

    @property
    def fspath(self) -> str | None:
        """The path as a string."""
        return self._value


class NotebookMetadataValue(PathMetadataValue):
    """The path of a notebook."""

    __slots__ = ()
    kind = "notebook"

    def __init__(self, path: str | os.PathLike[str] | None = "") -> None:
        SingleMetadataValue.__init__(self, _path("MetadataValue.notebook", path))


class JsonMetadataValue(SingleMetadataValue):
    """A list or dict of JSON-able values, copied from what was given."""

    __slots__ = ()
    kind = "json"
    _label = "data"

    def __init__(self, data: Sequence[Any] | Mapping[str, Any] | None) -> None:
        if data is not None and (isinstance(data, str) or not isinstance(data, (Mapping, Sequence))):
            refuse("MetadataValue.json", "a list, a dict or None", data)
        super().__init__(json_copy(data))

    @property
    def data(self) -> Any:
        """The list or dict."""
        return self._value


class MarkdownMetadataValue(SingleMetadataValue):
    """Markdown text."""

    __slots__ = ()
    kind = "md"
    _label = "md_str"

    def __init__(self, md_str: str | None = "") -> None:
        super().__init__(_text("MetadataValue.md", md_str))

    @property
    def md_str(self) -> str | None:
        """The Markdown source."""
        return self._value


class IntMetadataValue(SingleMetadataValue):
    """A whole number of any size."""

    __slots__ = ()
    kind = "int"

    def __init__(self, value: int | None) -> None:
        found = as_scalar(value)
        if found is not None and not isinstance(found, int):
            refuse("MetadataValue.int", "a whole number", value)
        super().__init__(int(found) if found is not None else None)


class FloatMetadataValue(SingleMetadataValue):
    """A number; NaN and infinities are kept."""

    __slots__ = ()
    kind = "float"

    def __init__(self, value: float | None) -> None:
        found = as_scalar(value)
        if found is not None and not isinstance(found, (int, float)):
            refuse("MetadataValue.float", "a number", value)
        super().__init__(float(found) if found is not None else None)


class BoolMetadataValue(SingleMetadataValue):
    """True or False."""

    __slots__ = ()
    kind = "bool"

    def __init__(self, value: bool | None) -> None:
        found = as_scalar(value)
        if found is not None and not isinstance(found, bool):
            refuse("MetadataValue.bool", "True or False", value)
        super().__init__(found)


class TimestampMetadataValue(SingleMetadataValue):
    """A moment, as seconds since 1970-01-01 UTC."""

    __slots__ = ()
    kind = "timestamp"

    def __init__(self, value: float | datetime) -> None:
        super().__init__(_seconds(value))


def _seconds(value: Any) -> float:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidMetadataError(
                f"MetadataValue.timestamp takes a datetime with a time zone, found {value!r}."
                " Write value.replace(tzinfo=timezone.utc), or whichever zone it was meant in."
            )
        return value.timestamp()
    found = as_scalar(value)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found)
    return refuse("MetadataValue.timestamp", "seconds since 1970 or a datetime", value)


class RunMetadataValue(SingleMetadataValue):
    """A link to a run."""

    __slots__ = ()
    kind = "run"
    _label = "run_id"

    def __init__(self, run_id: str) -> None:
        super().__init__(_text("MetadataValue.run", run_id))

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._value


class AssetMetadataValue(SingleMetadataValue):
    """A link to an asset."""

    __slots__ = ()
    kind = "asset"
    _label = "asset_key"

    def __init__(self, asset_key: AssetKey) -> None:
        if not isinstance(asset_key, AssetKey):
            refuse("MetadataValue.asset", "an AssetKey", asset_key)
        super().__init__(asset_key)

    @property
    def asset_key(self) -> AssetKey:
        """The asset's key."""
        return self._value


class NullMetadataValue(SingleMetadataValue):
    """Nothing, said on purpose."""

    __slots__ = ()
    kind = "null"

    def __init__(self) -> None:
        super().__init__(None)

    def __repr__(self) -> str:
        return "NullMetadataValue()"


class PoolMetadataValue(SingleMetadataValue):
    """The name of a concurrency pool."""

    __slots__ = ()
    kind = "pool"
    _label = "pool"

    def __init__(self, pool: str) -> None:
        super().__init__(_text("MetadataValue.pool", pool))

    @property
    def name(self) -> str:
        """The pool's name."""
        return self._value
