"""Tables as lines of text that fit a width.

Owns: alignment, and how a cell is folded into several lines when there is no room. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from penstock.values import frozen

_GAP = "  "
_LEAST = 8
_LEAST_ELASTIC = 24
_MOST_LINES = 6
_WORD = re.compile(r"\S+\s*|\s+")
_PIECE = re.compile(r"[^,/_:.\-]*[,/_:.\-]")


@frozen
class Cell:
    """Text with a colour; ``right`` stands at the right edge of its column."""

    text: str
    color: str | None = None
    right: bool = False


Style = Callable[[str, str | None], str]


def render(
    heads: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    width: int | None = None,
    elastic: str = "",
    style: Style = lambda text, _color: text,
) -> Iterator[str]:
    """The lines of a table, its titles first.

    Args:
        heads: the titles of the columns.
        rows: one cell a column.
        width: columns of the screen; None when nothing limits them.
        elastic: the column that is folded first; others are when that is not enough.
        style: puts text into a colour.
    """
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[i].text) for row in cells), 0) for i, head in enumerate(heads)]
    if width is not None:
        widths = _fitted(widths, width, heads.index(elastic) if elastic in heads else None)
    right = [any(row[place].right for row in cells) for place in range(len(heads))]
    titles = [Cell(head.upper(), "bright_black", right=right[place]) for place, head in enumerate(heads)]
    yield _line(titles, widths, style)
    for row in cells:
        folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*folded, fillvalue=Cell("")):
            yield _line(parts, widths, style)


def _folded(cell: Cell, width: int) -> list[Cell]:
    """A cell as the cells of several lines."""
    if len(cell.text) <= width and "\n" not in cell.text:
        return [cell]
    return [Cell(line, cell.color, cell.right) for line in fold(cell.text, width, _MOST_LINES)]


def _fitted(widths: list[int], width: int, elastic: int | None) -> list[int]:
    """Widths that fit, taken from the elastic column first and then from the widest."""
    fitted = list(widths)
    least = 0 if elastic is None else max(min(widths[elastic] // 2, _LEAST_ELASTIC), _LEAST)
    excess = sum(fitted) + len(_GAP) * (len(fitted) - 1) - width
    while excess > 0:
        widest = max(range(len(fitted)), key=fitted.__getitem__)
        place = elastic if elastic is not None and fitted[elastic] > least else widest
        if fitted[place] <= _LEAST:
            break
        fitted[place] -= 1
        excess -= 1
    return fitted


def _line(cells: Sequence[Cell], widths: Sequence[int], style: Style) -> str:
    parts: list[str] = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        padding = " " * (width - len(cell.text))
        shown = style(cell.text, cell.color) if cell.text else ""
        last = place == len(widths) - 1
        parts.append(padding + shown if cell.right else shown if last else shown + padding)
    return _GAP.join(parts).rstrip()


def fold(text: str, width: int, most: int | None = None) -> list[str]:
    """Text as lines of at most a width, broken at spaces and inside of long names.

    Args:
        text: may have lines of its own.
        width: in columns.
        most: so many lines at most; the last one ends with an ellipsis when something is missing.
    """
    lines = [line for own in text.splitlines() or [""] for line in _broken(own, width)]
    if most is not None and len(lines) > most:
        return [*lines[: most - 1], cut(f"{lines[most - 1]} …", width)]
    return lines


def _broken(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in _WORD.findall(text):
        if line and len(line) + len(word.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += word
        while len(line.rstrip()) > width:
            place = _place_to_break(line, width)
            yield line[:place]
            line = line[place:]
    yield line.rstrip()


def _place_to_break(word: str, width: int) -> int:
    """Where to break a word that is too long: behind a part of its name, else anywhere."""
    places = [found.end() for found in _PIECE.finditer(word) if found.end() <= width]
    return max(places, default=0) or width


def cut(text: str, width: int) -> str:
    """Text in at most that many columns, with an ellipsis where something is missing."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
