"""Writes the reference page of the command line: ``python -m penstock.cli.reference``.

Owns: the page's words around what ``--help`` says. The page is ``docs/reference/cli.md``; a test compares
both. Commands of plugins are left out. Lazy: every built-in command is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from penstock.cli.main import BAD_INPUT, BUG, CANCELED, DONE, RUN_FAILED, cli
from penstock.host.builtin import COMMANDS

_WIDTH = 100

_HEAD = f"""\
# Command line

<!-- Written by `python -m penstock.cli.reference`; change the commands, not this page. -->

`penstock` finds your definitions by `-m MODULE`, by `-f FILE.py`, or by `[tool.penstock]` in the
nearest `pyproject.toml`:

```toml
[tool.penstock]
module = "my_shop.definitions"
```

A module may hold one `Definitions`, one `@repository`, or just assets and jobs; `MODULE:NAME` and
`FILE.py:NAME` choose among several. Runs may be named by the beginning of their id.

## Answers

On a terminal, commands answer with colours and progress (`NO_COLOR` switches colours off,
`FORCE_COLOR` on); in a pipe, with plain lines; with `--json`, with one JSON document. Commands that
run something write one JSON object a line with `--json`, an event each, and a last one of type
`SUMMARY`. `-q` leaves names, ids and failures; `-v` adds details. Answers go to standard output,
complaints to standard error.

| exit code | meaning |
| --- | --- |
| {DONE} | done |
| {RUN_FAILED} | a run failed |
| {BAD_INPUT} | bad input: one message, no traceback (`--debug` shows it); or what cannot be stored |
| {BUG} | a bug in Penstock or a plugin: a traceback, and where to report it |
| {CANCELED} | canceled by Ctrl-C or SIGTERM; the run is recorded as canceled |

## Completion

Completion of commands and options for bash; write `zsh_source` or `fish_source` for other shells:

```sh
eval "$(_PENSTOCK_COMPLETE=bash_source penstock)"
```
"""


def page() -> str:
    """The whole page."""
    names = cli.context_settings["help_option_names"]
    root = click.Context(cli, info_name="penstock", help_option_names=names)
    parts = [_HEAD]
    for name, _, _ in COMMANDS:
        command = cli.get_command(root, name)
        if command is not None:
            parts += _sections(command, name, root, 2)
    return "\n".join(parts)


def _sections(command: click.Command, name: str, parent: click.Context, depth: int) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    yield f"{'#' * depth} `{context.command_path}`\n\n```text\n{context.get_help().rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _sections(found, inner, context, depth + 1)


if __name__ == "__main__":
    sys.stdout.write(page())
