"""Options that commands share: how to answer, and where the user's code is.

Owns: ``answering`` (``--json``, ``-q``, ``-v``, ``--debug``) and ``with_code`` (``-m``, ``-f``).
Lazy: runs are looked up when a shell completes their ids.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from pathlib import Path
from typing import Any

import click

from penstock.cli.screen import Screen
from penstock.errors import UserError
from penstock.values import frozen

Function = Callable[..., Any]


def answering(function: Function) -> Function:
    """Add the options that say how to answer; the function gets a ``Screen`` as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    @click.option("-q", "--quiet", is_flag=True, help="Write names, ids and failures only.")
    @click.option("-v", "--verbose", count=True, help="Write more.")
    @click.option("--debug", is_flag=True, help="Show a traceback with each error.")
    @wraps(function)
    def command(*, as_json: bool, quiet: bool, verbose: int, debug: bool, **rest: Any) -> Any:
        screen = Screen.of(
            as_json=as_json, quiet=quiet, verbose=verbose, debug=debug, environ=os.environ, out=sys.stdout
        )
        if not as_json:
            return function(screen, **rest)
        with redirect_stdout(sys.stderr):  # what user code prints must not stand between the JSON
            return function(screen, **rest)

    return command


@frozen(kw_only=True)
class CodeChoice:
    """Where the command line says the user's definitions are; both None leaves it to the settings."""

    module: str | None
    file: str | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """What says the same on another command line."""
        if self.module is not None:
            return ("-m", self.module)
        return () if self.file is None else ("-f", self.file)


def with_code(function: Function) -> Function:
    """Add ``-m`` and ``-f``; the function gets a ``CodeChoice`` as ``code``."""

    @click.option("-m", "--module", metavar="MODULE[:NAME]", help="The module with your definitions.")
    @click.option("-f", "--file", metavar="FILE.py[:NAME]", help="The Python file with your definitions.")
    @wraps(function)
    def command(*args: Any, module: str | None, file: str | None, **rest: Any) -> Any:
        if module is not None and file is not None:
            raise click.UsageError("The definitions are either in a module (-m) or in a file (-f), not both.")
        return function(*args, code=CodeChoice(module=module, file=file), **rest)

    return command


def run_ids(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Recent runs, for completion in the shell; none when the home cannot be read."""
    from penstock.host.instance import Instance  # noqa: PLC0415 - lazy: only completion needs it here
    from penstock.query.runs import list_runs  # noqa: PLC0415 - as above

    try:
        with Instance.get() as instance:
            runs = list_runs(instance.store, limit=100).runs
    except UserError:
        return []
    return [line.run_id[:8] for line in runs if line.run_id.startswith(begun)]


def examples(*lines: str) -> str:
    """The end of a command's help: lines that can be pasted."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def path_type(*, exists: bool = True) -> click.Path:
    """A path on the command line, as a ``Path``."""
    return click.Path(exists=exists, path_type=Path)
