"""Metadata on a screen with room: short facts as lines, tables and texts as blocks below them.

Owns: what is a line and what is a block, and how much of a block is shown. Lazy: rich, which renders
Markdown on a terminal, is imported when there is some.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from penstock.cli.facts import fact_text, without_images
from penstock.cli.screen import Screen
from penstock.cli.table import Cell, fold, render
from penstock.metadata import MetadataValue

_MOST_ROWS = 30
_MOST_LINES = 30
_WIDEST = 100
_INDENT = "  "
_BLOCKS = frozenset({"schema", "table", "md"})


def show_facts(screen: Screen, metadata: Mapping[str, MetadataValue]) -> None:
    """Write facts: short ones first, then tables and texts; with ``-v`` all of each."""
    lines = {name: fact_text(value) for name, value in metadata.items() if value.kind not in _BLOCKS}
    short = {name: text for name, text in lines.items() if "\n" not in text}
    width = max((len(name) for name in short), default=0)
    for name, text in short.items():
        label = screen.style(f"{name:{width}}", "bright_black")
        first, *rest = _folded(screen, text, width + 4)
        screen.say(f"{_INDENT}{label}  {first}")
        for line in rest:
            screen.say(f"{' ' * (width + 4)}{line}")
    for name, value in metadata.items():
        if name not in short:
            screen.say(f"\n{_INDENT}{screen.style(name, 'bright_black')}")
            for line in _block(screen, value):
                screen.say(f"{_INDENT}{line}")


def _folded(screen: Screen, text: str, taken: int) -> list[str]:
    width = _room(screen, taken)
    if width is None:
        return [text]
    return fold(text, width, None if screen.verbose else _MOST_LINES)


def _room(screen: Screen, taken: int) -> int | None:
    return None if screen.width is None else max(screen.width - taken, 20)


def _block(screen: Screen, value: MetadataValue) -> Iterator[str]:
    if value.kind == "schema":
        yield from _columns(screen, cast("Any", value).schema)
    elif value.kind == "table":
        yield from _rows(screen, value)
    elif value.kind == "md" and screen.color:
        yield from _rendered(screen, cast("Any", value).md_str or "")
    else:
        yield from _first(screen, fact_text(value).splitlines())


def _columns(screen: Screen, schema: Any) -> Iterator[str]:
    """A schema as a table: column, type, and what else is said of a column."""
    rows = [
        (Cell(one.name, "cyan"), Cell(one.type, "bright_black"), ", ".join(_said_of(one)))
        for one in schema.columns
    ]
    heads: Sequence[str] = ("column", "type", "remark")
    if not any(row[2] for row in rows):
        yield from _table(screen, heads[:2], [row[:2] for row in rows])
    else:
        yield from _table(screen, heads, rows)


def _said_of(column: Any) -> Iterator[str]:
    if not column.constraints.nullable:
        yield "never missing"
    if column.constraints.unique:
        yield "unique"
    yield from column.constraints.other
    if column.description:
        yield column.description


def _rows(screen: Screen, value: Any) -> Iterator[str]:
    names = [column.name for column in value.schema.columns]
    rows = [tuple(_cell(record.data.get(name)) for name in names) for record in value.records]
    yield from _table(screen, names, rows)


def _cell(value: Any) -> Cell:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell(f"{value:,}" if isinstance(value, int) else f"{value:,.6g}", right=True)
    return Cell("" if value is None else str(value))


def _table(screen: Screen, heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> Iterator[str]:
    shown = rows if screen.verbose else rows[:_MOST_ROWS]
    width = _room(screen, len(_INDENT))
    yield from render(heads, shown, width=width, elastic=heads[-1] if heads else "", style=screen.style)
    if len(shown) < len(rows):
        yield screen.style(f"… and {len(rows) - len(shown):,} more (-v)", "bright_black")


def _rendered(screen: Screen, markdown: str) -> Iterator[str]:
    """Markdown as rich shows it."""
    from rich.console import Console  # noqa: PLC0415 - lazy, as the docstring says
    from rich.markdown import Markdown  # noqa: PLC0415 - as above

    out = io.StringIO()
    width = min(_room(screen, len(_INDENT)) or _WIDEST, _WIDEST)
    Console(file=out, force_terminal=True, width=width).print(Markdown(without_images(markdown)))
    lines = [line.rstrip() for line in out.getvalue().strip("\n").splitlines()]
    doubled = [bool(place) and not line and not lines[place - 1] for place, line in enumerate(lines)]
    yield from _first(screen, [line for line, twice in zip(lines, doubled, strict=True) if not twice])


def _first(screen: Screen, lines: Sequence[str]) -> Iterator[str]:
    shown = lines if screen.verbose else lines[:_MOST_LINES]
    yield from shown
    if len(shown) < len(lines):
        yield screen.style(f"… and {len(lines) - len(shown):,} more lines (-v)", "bright_black")
