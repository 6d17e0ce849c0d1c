"""The screen: where a command writes, and what that place can show.

Owns: the choice between text for people, plain text for pipes and JSON; colour; width. Answers go to
standard output, complaints to standard error. Knows no command.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from penstock.cli.table import Cell, fold, render
from penstock.values import frozen


@frozen(kw_only=True)
class Screen:
    """What the place where answers go can show.

    Args:
        as_json: answers are JSON documents.
        quiet: only what was asked for: names, ids, failures.
        verbose: how much more than usual, from 0.
        debug: complaints come with a traceback.
        color: whether colours show.
        live: whether lines can be rewritten: a terminal, and no JSON.
        width: columns; None when nothing limits them.
        out: where answers go; None for standard output as it is when they are written.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0
    debug: bool = False
    color: bool = False
    live: bool = False
    width: int | None = None
    out: TextIO | None = None

    @classmethod
    def of(cls, *, environ: Mapping[str, str], out: TextIO, **flags: Any) -> Screen:
        """The screen that a stream is.

        Args:
            environ: ``NO_COLOR``, ``FORCE_COLOR``, ``TERM`` and ``COLUMNS`` are looked at.
            out: where answers go.
            flags: ``as_json``, ``quiet``, ``verbose``, ``debug``.
        """
        terminal = out.isatty()
        capable = terminal and environ.get("TERM") != "dumb"
        color = (capable or bool(environ.get("FORCE_COLOR"))) and not environ.get("NO_COLOR")
        given = environ.get("COLUMNS", "")
        width = shutil.get_terminal_size().columns if terminal or given.isdigit() else None
        live = capable and not flags.get("as_json") and not flags.get("quiet")
        kept = out if flags.get("as_json") else None
        return cls(color=color and not flags.get("as_json"), live=live, width=width, out=kept, **flags)

    def say(self, text: str = "") -> None:
        """Write a line for people: not in JSON, not when quiet."""
        if not self.as_json and not self.quiet:
            self.write(text)

    def folded(self, text: str, indent: str = "") -> list[str]:
        """Text as lines that fit, the second and later ones indented."""
        width = None if self.width is None else max(self.width - len(indent), 20)
        first, *rest = (text.splitlines() or [""]) if width is None else fold(text, width)
        return [first, *(f"{indent}{line}" for line in rest)]

    def labeled(self, label: str, text: str, label_width: int) -> None:
        """Write a label and text for people, folded beside it."""
        room = None if self.width is None else max(self.width - label_width, 20)
        lines = text.splitlines() or [""] if room is None else fold(text, room)
        self.say(f"{self.style(f'{label:{label_width}}', 'bright_black')}{lines[0]}")
        for line in lines[1:]:
            self.say(f"{' ' * label_width}{line}")

    def write(self, text: str) -> None:
        """Write a line whatever was chosen."""
        click.echo(text, file=self.out, color=self.color)

    def complain(self, text: str) -> None:
        """Write a line to standard error."""
        sys.stdout.flush()
        click.echo(text, err=True, color=self.color)

    def document(self, value: Any) -> None:
        """Write one JSON document: indented for people, one line in a pipe."""
        self.write(
            json.dumps(value, ensure_ascii=False, indent=2 if (self.out or sys.stdout).isatty() else None)
        )

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str | Cell]], *, elastic: str = "") -> None:
        """Write a table that fits the width.

        Args:
            heads: the titles of the columns.
            rows: one cell a column.
            elastic: the column that is folded first when there is no room.
        """
        for line in render(heads, rows, width=self.width, elastic=elastic, style=self.style):
            self.say(line)

    def names(self, names: Sequence[str]) -> None:
        """Write names, one a line: what a list is when quiet."""
        for name in names:
            self.write(name)

    def style(self, text: str, color: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        """Text in a colour, where colours show."""
        if not self.color:
            return text
        return click.style(text, fg=color, bold=bold or None, dim=dim or None)
