"""Answers as JSON-able data: one rule for every value that a query returns.

Owns: how keys, states, metadata and frozen values look in ``--json`` output and in the web API.
Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import Enum
from typing import Any, cast

from attrs import fields, has

from penstock.events import values as v
from penstock.events.view import Event
from penstock.keys import AssetCheckKey, AssetKey
from penstock.metadata import MetadataValue

_BARE = frozenset({"text", "int", "float", "bool", "null"})
_EXACT: frozenset[type] = frozenset({str, int, float, bool, type(None)})


def as_plain(value: Any) -> Any:
    """Write an answer, or a part of one, as JSON-able data.

    Args:
        value: a scalar, key, enum member, time, metadata value, frozen value, or a collection of such.

    Returns:
        Dicts with string keys, lists and scalars: asset keys as users write them, enum members by
        their value, sets sorted, times in ISO 8601.
    """
    if type(value) in _EXACT:
        return value
    if isinstance(value, (AssetKey, AssetCheckKey)):
        return value.to_user_string()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, MetadataValue):
        return fact_as_plain(value)
    return _plain_whole(value)


def fact_as_plain(value: MetadataValue) -> Any:
    """A metadata value: numbers, texts and such as they are, every other kind as ``{"kind", "value"}``."""
    payload = value.value
    if value.kind == "float" and payload is not None and not math.isfinite(payload):
        payload = str(payload)  # JSON has no word for it
    elif value.kind in _BARE:
        return payload
    if payload is value:  # a kind with several parts
        payload = {f.name: getattr(value, f.name) for f in fields(cast("type[Any]", type(value)))}
    return {"kind": value.kind, "value": as_plain(payload)}


def _plain_whole(value: Any) -> Any:
    if isinstance(value, Event):
        return event_as_plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {str(as_plain(key)): as_plain(item) for key, item in pairs}
    if isinstance(value, AbstractSet):
        return sorted((as_plain(item) for item in cast("AbstractSet[Any]", value)), key=str)
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in cast("list[Any]", value)]
    cls = cast("type[Any]", type(value))
    if has(cls):
        return {f.name: as_plain(getattr(value, f.name)) for f in fields(cls)}
    return str(cast("object", value))


def event_as_plain(event: Event) -> dict[str, Any]:
    """An event as data: its kind, place, sentence, and its fields beneath ``data``."""
    return {
        "type": event.event_type_value,
        "at": event.timestamp,
        "run_id": event.run_id,
        "job_name": event.job_name,
        "step": event.step_key,
        "message": event.message,
        "data": _fields_of(event.value),
    }


def _fields_of(value: v.Happened) -> dict[str, Any]:
    names = [f.name for f in fields(type(value)) if f.name not in {"at", "step"}]
    return {name: as_plain(getattr(value, name)) for name in names}
