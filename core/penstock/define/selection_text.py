r"""Texts inside of a selection: values in quotation marks, and faults shown where they stand.

Owns: quotation and escapes, in both directions, and the caret beneath a fault. Inside of quotation marks a
backslash takes the special meaning from ``"``, ``\``, ``*``, ``/`` and ``:``; before anything else it is a
character like others. Knows no assets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from unicodedata import combining, east_asian_width

from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey
from penstock.values import frozen

_AROUND = 60
_SPECIAL = '"\\*/:'


class How(Enum):
    """How a character of a value was written."""

    BARE = 1
    QUOTED = 2
    ESCAPED = 3


Chars = Sequence[tuple[str, How]]


@frozen
class Word:
    """A piece of a selection and where it begins in it, from 0."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


@frozen
class Mark:
    """Where something stands in a selection that was given as text."""

    text: str
    word: Word

    def drawn(self) -> str:
        """The line of the text, and carets beneath the word; both indented."""
        return pointed(self.text, self.word.start, self.word.end)


def fault(
    text: str, word: Word, wanted: str, hint: str = "", found: str | None = None
) -> InvalidDefinitionError:
    """The error for a text that cannot be read.

    Args:
        text: the whole selection.
        word: what stands where something else was wanted; empty at the end.
        wanted: what could stand there.
        hint: what to do, beginning with a space.
        found: the word in other words.
    """
    shown = word.text if len(word.text) <= _AROUND else f"{word.text[:_AROUND]}…"
    what = found or (repr(shown) if shown else "the end")
    lines = text[: word.start].count("\n")
    column = word.start - (text.rfind("\n", 0, word.start) + 1) + 1
    where = f"line {lines + 1}, column {column}" if lines else f"column {column}"
    return InvalidDefinitionError(
        f"The selection cannot be read at {where}: wanted {wanted}, found {what}.{hint}\n"
        f"{pointed(text, word.start, word.end)}"
    )


def pointed(text: str, start: int, end: int) -> str:
    """The line of a text on which something stands, and carets beneath it; both indented.

    Args:
        text: of which one line is shown, and of a long line what stands around.
        start, end: where it stands, from 0.
    """
    begins = text.rfind("\n", 0, start) + 1
    ends = text.find("\n", start)
    line = text[begins : len(text) if ends < 0 else ends].replace("\t", " ").replace("\r", " ")
    at, until = start - begins, min(end - begins, start - begins + _AROUND)
    first, last = max(at - _AROUND, 0), until + _AROUND
    before = ("…" if first else "") + line[first:at]
    after = line[until:last] + ("…" if last < len(line) else "")
    below = line[at:until]
    return f"  {before}{below}{after}\n  {' ' * _width(before)}{'^' * max(_width(below), 1)}"


def _width(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def chars_of(value: str) -> Chars:
    """The characters that a value stands for, with how each was written."""
    found: list[tuple[str, How]] = []
    inside, at = False, 0
    while at < len(value):
        char = value[at]
        if inside and char == "\\" and value[at + 1 : at + 2] and value[at + 1] in _SPECIAL:
            at += 1
            found.append((value[at], How.ESCAPED))
        elif char == '"':
            inside = not inside
        else:
            found.append((char, How.QUOTED if inside else How.BARE))
        at += 1
    return found


def plain(chars: Chars) -> str:
    """The characters as a text."""
    return "".join(char for char, _how in chars)


def split(chars: Chars, at: str, *, bare: bool = False) -> list[Chars]:
    """The pieces between special characters.

    Args:
        chars: to be split.
        at: the character; an escaped one is none.
        bare: whether one in quotation marks is none either.
    """
    pieces: list[list[tuple[str, How]]] = [[]]
    for char, how in chars:
        if char == at and (how is How.BARE or (how is How.QUOTED and not bare)):
            pieces.append([])
        else:
            pieces[-1].append((char, how))
    return list(pieces)


def key_of(chars: Chars) -> AssetKey:
    """The asset key that characters spell: parts with slashes between them."""
    return AssetKey([plain(part) for part in split(chars, "/")])


def quoted(pieces: Iterable[str], between: str = "", special: str = "") -> str:
    """A text in quotation marks which reads as these pieces.

    Args:
        pieces: the texts.
        between: the special character between them.
        special: every character that has a meaning where the text stands.
    """
    marks = {*'"\\', *between, *special}
    escaped = ("".join(f"\\{char}" if char in marks else char for char in piece) for piece in pieces)
    return f'"{between.join(escaped)}"'
