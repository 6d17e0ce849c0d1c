"""From plain Python values to metadata values.

Owns: which plain value becomes which kind, and the refusal of everything else by name of its
key. Knows nothing of where metadata is attached.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, cast

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey
from penstock.metadata.plainness import as_scalar, is_scalar
from penstock.metadata.value import KIND_NAMES, KINDS, MetadataValue
from penstock.metadata.values import (
    AssetMetadataValue,
    BoolMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    JsonMetadataValue,
    NullMetadataValue,
    PathMetadataValue,
    TextMetadataValue,
)

#: what users may give where metadata is asked for; typing cannot say "JSON-able" better
RawMetadataValue = Any
RawMetadataMapping = Mapping[str, RawMetadataValue]
ArbitraryMetadataMapping = Mapping[str, Any]
MetadataMapping = Mapping[str, MetadataValue]

_SCALARS: dict[type[Any], Callable[[Any], MetadataValue]] = {
    str: TextMetadataValue.holding,
    int: IntMetadataValue.holding,
    float: FloatMetadataValue.holding,
    bool: BoolMetadataValue.holding,
    type(None): lambda _: NullMetadataValue(),
}
_OBJECTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], MetadataValue]], ...] = (
    ((dict, list), JsonMetadataValue),
    (os.PathLike, PathMetadataValue),
    (AssetKey, AssetMetadataValue),
)


def normalize_metadata(
    metadata: RawMetadataMapping | None, allow_invalid: bool = False
) -> dict[str, MetadataValue]:
    """Turn every value of a mapping into a metadata value.

    Args:
        metadata: keys to metadata values or plain values; None is no metadata.
        allow_invalid: record what cannot be kept as the text ``[its type] (unserializable)``
            instead of refusing it.

    Returns:
        A new dict in the same order.

    Raises:
        InvalidMetadataError: naming the key, what was found and what to write instead.
    """
    return {
        # what is one already is the usual case: each event has its metadata looked through again
        _label(key): raw if isinstance(raw, MetadataValue) else _entry(key, raw, allow_invalid)
        for key, raw in (metadata or {}).items()
    }


def as_metadata_value(raw: RawMetadataValue) -> MetadataValue:
    """The metadata value that fits one plain value.

    Args:
        raw: str, int, float, bool, None, dict, list, path, AssetKey, TableSchema,
            TableColumnLineage, a NumPy scalar, or a metadata value.

    Raises:
        InvalidMetadataError: when no kind fits.
    """
    make = _SCALARS.get(cast("type[Any]", type(raw)))
    if make is not None:
        return make(raw)
    if isinstance(raw, MetadataValue):
        return raw
    for kinds, build in _OBJECTS:
        if isinstance(raw, kinds):
            return build(raw)
    # table schemas say it themselves, so that whoever has no table need not import them
    own_kind: Any = getattr(raw, "metadata_kind", None)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(own_kind, str) and own_kind in KIND_NAMES:
        return KINDS[own_kind](raw)
    scalar = as_scalar(raw)
    if is_scalar(scalar):
        return _SCALARS[type(scalar)](scalar)
    raise InvalidMetadataError(
        f"no kind of metadata fits a {type(raw).__qualname__}: {raw!r:.120}. {_hint(raw)}"
    )


def _entry(key: str, raw: RawMetadataValue, allow_invalid: bool) -> MetadataValue:
    try:
        return as_metadata_value(raw)
    except InvalidMetadataError as error:
        if allow_invalid:
            return TextMetadataValue(f"[{type(raw).__name__}] (unserializable)")
        raise InvalidMetadataError(f"Metadata {key!r} cannot be recorded: {error}") from error


def _label(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise InvalidMetadataError(
        f"Metadata has strings as keys, found {key!r:.120} of type {type(key).__qualname__}. Write str(key)."
    )


def _hint(raw: Any) -> str:
    if isinstance(raw, date):
        return "Write MetadataValue.timestamp(moment) for a moment with a time zone, or str(value)."
    if isinstance(raw, (tuple, set, frozenset)):
        return "Write list(value)."
    if callable(raw):
        return "Write MetadataValue.python_artifact(value)."
    return "Write str(value), or wrap it in a constructor of MetadataValue."
