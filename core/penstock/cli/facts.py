"""Metadata as lines of text.

Owns: how each kind of fact reads on a terminal. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from penstock.cli.table import cut
from penstock.metadata import MetadataValue, to_plain

_LONGEST = 100
_MOST = 8


def fact_lines(metadata: Mapping[str, MetadataValue], verbose: int = 0) -> Iterator[str]:
    """One line a fact; long texts are cut unless ``verbose``.

    Args:
        metadata: facts by name.
        verbose: from 1 on, whole texts.
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
    """A fact as text: numbers with separators, texts as they are, the rest as compact data."""
    plain: Any = to_plain(value)
    if isinstance(plain, dict):
        data = cast("dict[str, Any]", plain)
        inner = [item for name, item in data.items() if name not in {"type", "kind"}]
        plain = inner[0] if len(inner) == 1 else data
    if isinstance(plain, bool) or plain is None:
        return str(plain).lower()
    if isinstance(plain, int):
        return f"{plain:,}"
    if isinstance(plain, float):
        return f"{plain:,.6g}"
    return str(plain)
