"""Tables as lines of text that fit a width.

Owns: alignment, and what is cut when there is no room. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

_GAP = "  "
_LEAST = 8


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
        elastic: the column that is cut first; others are cut when that is not enough.
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
        yield _line(row, widths, style)


def _fitted(widths: list[int], width: int, elastic: int | None) -> list[int]:
    """Widths that fit, taken from the elastic column first and then from the widest."""
    fitted = list(widths)
    excess = sum(fitted) + len(_GAP) * (len(fitted) - 1) - width
    while excess > 0:
        widest = max(range(len(fitted)), key=fitted.__getitem__)
        place = elastic if elastic is not None and fitted[elastic] > _LEAST else widest
        if fitted[place] <= _LEAST:
            break
        fitted[place] -= 1
        excess -= 1
    return fitted


def _line(cells: Sequence[Cell], widths: Sequence[int], style: Style) -> str:
    parts: list[str] = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        text = cut(cell.text, width)
        padding = " " * (width - len(text))
        shown = style(text, cell.color)
        last = place == len(widths) - 1
        parts.append(padding + shown if cell.right else shown if last else shown + padding)
    return _GAP.join(parts).rstrip()


def cut(text: str, width: int) -> str:
    """Text in at most that many columns, with an ellipsis where something is missing."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
