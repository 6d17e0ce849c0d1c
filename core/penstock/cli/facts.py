"""Metadata as lines of text.

Owns: how each kind of fact reads in one line. Tables, Markdown and long texts as blocks are the matter
of ``fact_blocks``. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from penstock.cli.table import cut
from penstock.cli.times import moment
from penstock.metadata import MetadataValue, to_plain

_LONGEST = 100
_MOST = 8
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)[^)]*\)")


def fact_lines(metadata: Mapping[str, MetadataValue], verbose: int = 0) -> Iterator[str]:
    """One line a fact; long texts are cut unless ``verbose``.

    Args:
        metadata: facts by name.
        verbose: from 1 on, all facts and whole texts.
    """
    shown = metadata if verbose else dict(list(metadata.items())[:_MOST])
    for name, value in shown.items():
        lines = fact_text(value).splitlines() or [""]
        if verbose and len(lines) > 1:
            yield f"{name}:"
            yield from (f"  {line}" for line in lines)
        else:
            more = f" … ({len(lines)} lines)" if len(lines) > 1 else ""
            yield f"{name}: {lines[0] if verbose else cut(lines[0], _LONGEST)}{more}"
    if len(shown) < len(metadata):
        yield f"… and {len(metadata) - len(shown)} more (-v)"


def fact_text(value: MetadataValue) -> str:
    """A fact as text: numbers with separators, texts as they are, tables by their columns, data as JSON."""
    make = _BY_KIND.get(value.kind)
    if make is not None:
        return make(value)
    payload = value.value
    if isinstance(payload, (bool, type(None))):
        return str(payload).lower() if payload is not None else "none"
    if isinstance(payload, int):
        return f"{payload:,}"
    if isinstance(payload, float):
        return f"{payload:,.6g}"
    return payload if isinstance(payload, str) else json_text(to_plain(value))


def json_text(plain: Any) -> str:
    """Data as compact JSON."""
    return json.dumps(plain, ensure_ascii=False, default=str)


def without_images(markdown: str) -> str:
    """Markdown with images named by what they show and where they are, never by their bytes."""
    return _IMAGE.sub(_image, markdown)


def _image(found: re.Match[str]) -> str:
    title, place = found.groups()
    if place.startswith("data:"):
        kind = place[5:].partition(";")[0] or "image"
        place = f"{kind}, {len(place):,} characters"
    return f"[image: {title or 'untitled'} ({place})]"


def _schema(value: Any) -> str:
    names = [column.name for column in value.schema.columns]
    return f"{_counted(len(names), 'column')}: {', '.join(names)}"


def _table(value: Any) -> str:
    return f"{_counted(len(value.records), 'row')} of {_counted(len(value.schema.columns), 'column')}"


def _lineage(value: Any) -> str:
    found = value.lineage.deps_by_column
    return "; ".join(
        f"{column} from {', '.join(f'{dep.asset_key.to_user_string()}.{dep.column_name}' for dep in deps)}"
        for column, deps in found.items()
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_BY_KIND: Mapping[str, Callable[[Any], str]] = {
    "md": lambda value: without_images(value.md_str or ""),
    "json": lambda value: json_text(value.value),
    "timestamp": lambda value: moment(value.value),
    "schema": _schema,
    "table": _table,
    "lineage": _lineage,
    "asset": lambda value: value.asset_key.to_user_string(),
    "job": lambda value: value.job_name,
}
