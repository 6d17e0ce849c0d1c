"""Metadata of an event that is too long for the log, cut so that everybody sees that it was cut.

Owns: which kinds may be cut (text, Markdown, JSON, rows of a table) and how the cut reads. Short values
stay as they are, and so do all other kinds: keys, paths, numbers, schemas and lineage are facts that a part
of would be wrong. Must not know bytes or stores. Reached only by events that are too long.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve

from penstock.events.shortened import cut_text
from penstock.events.values import Happened
from penstock.metadata import MetadataValue, TextMetadataValue, to_plain

LIMITS = (32_768, 8192, 2048, 512)
"""Characters that each value may keep: the first of these with which the event is short enough."""

LARGEST_PICTURE = 1 << 20
"""Characters of a Markdown value with a picture inside that are kept whole."""

_PICTURE = "(data:image/"
_HOLDERS = ("failure", "type_check", "evaluation", "receipt", "materialization", "observation", "expectation")


def cut_metadata(event: Happened, limit: int) -> Happened:
    """The same event with every long metadata value cut.

    Args:
        event: any event.
        limit: characters that a value may keep.
    """
    changes: dict[str, Any] = _cut_of(event, limit)
    for name in _HOLDERS:
        held = getattr(event, name, None)
        if held is not None and (cut := _cut_of(held, limit)):
            changes[name] = evolve(held, **cut)
    return evolve(event, **changes) if changes else event


def _cut_of(holder: object, limit: int) -> dict[str, Any]:
    metadata: Mapping[str, MetadataValue] = getattr(holder, "metadata", None) or {}
    if not any(value.kind in _CUTTERS for value in metadata.values()):
        return {}
    return {"metadata": {key: _cut(value, limit) for key, value in metadata.items()}}


def _cut(value: MetadataValue, limit: int) -> MetadataValue:
    cutter = _CUTTERS.get(value.kind)
    return value if cutter is None else cutter(value, limit)


def _cut_text(value: Any, limit: int) -> MetadataValue:
    text: str = value.value or ""
    return value if len(text) <= limit else type(value)(cut_text(text, limit))


def _cut_json(value: Any, limit: int) -> MetadataValue:
    written = json.dumps(value.value, ensure_ascii=False)
    return value if len(written) <= limit else TextMetadataValue(cut_text(written, limit))


def _cut_table(value: Any, limit: int) -> MetadataValue:
    written = json.dumps(to_plain(value), ensure_ascii=False)
    return value if len(written) <= limit else TextMetadataValue(cut_text(written, limit))


def _cut_markdown(value: Any, limit: int) -> MetadataValue:
    """A picture inside the text is whole or none: half of one shows nothing."""
    text: str = value.value or ""
    return value if _PICTURE in text and len(text) <= LARGEST_PICTURE else _cut_text(value, limit)


_CUTTERS: Mapping[str, Callable[[Any, int], MetadataValue]] = {
    "text": _cut_text,
    "md": _cut_markdown,
    "json": _cut_json,
    "table": _cut_table,
}
