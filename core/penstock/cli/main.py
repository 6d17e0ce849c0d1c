"""The entry point: finds the command, runs it, turns its end into an exit code.

Owns: ``main`` and the exit codes. 0 done; 1 a run failed; 2 bad input, also a value that cannot be
stored; 70 a bug of ours or of a plugin's command; 130 canceled. Imports click and the light part of
plugins only.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from penstock.cli.commands import PenstockGroup
from penstock.cli.screen import Screen
from penstock.errors import UserError

DONE, RUN_FAILED, BAD_INPUT, BUG, CANCELED = 0, 1, 2, 70, 130
MOST_LINES = 20
REPORT_TO = "https://github.com/penstock/penstock/issues"

HINT = """\
Begin:    penstock new project NAME
Then:     penstock materialize      make your assets
          penstock plan             what would run, and why
          penstock run list         what was run

All commands: penstock --help. Each explains itself: penstock COMMAND --help.
"""


@click.group(
    cls=PenstockGroup,
    name="penstock",
    help="Declare data assets in Python; Penstock plans, runs, records and shows them.",
    epilog="Begin with: penstock new project NAME. Each command explains itself: penstock COMMAND --help.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=True,
)
@click.version_option(package_name="penstock", message="penstock %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """The root of all commands."""
    if context.invoked_subcommand is None:
        click.echo(f"Penstock makes data assets from Python functions.\n\n{HINT}", nl=False)


def main() -> None:
    """Run the command line of this process and end it."""
    open_closed_streams()
    sys.exit(run(sys.argv[1:]))


def open_closed_streams() -> None:
    """Have the standard streams that this process was started without lead nowhere.

    The next file that is opened would take the number of a closed one: what child processes print would land
    in the database.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - stays open


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line.

    Args:
        arguments: what follows ``penstock``.

    Returns:
        The exit code; everything that can be said was written.
    """
    screen = Screen.of(
        as_json="--json" in arguments, debug="--debug" in arguments, environ=os.environ, out=sys.stdout
    )
    try:
        code = ending(lambda: call(arguments), screen)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has seen enough, as in `penstock run list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def call(arguments: Sequence[str]) -> Any:
    """Find the command and call it; its exceptions and what it returns come through."""
    return cli.main(args=list(arguments), prog_name="penstock", standalone_mode=False)


def ending(act: Callable[[], Any], screen: Screen) -> int:
    """The exit code of an action, after telling what went wrong.

    Args:
        act: returns an exit code, or None for 0.
        screen: where to tell it.
    """
    try:
        code = act()
    except click.exceptions.NoArgsIsHelpError as error:
        screen.write(error.format_message())
        return DONE
    except click.ClickException as error:
        _tell_usage(error, screen)
        return BAD_INPUT
    except click.exceptions.Exit as error:
        return error.exit_code
    except SystemExit:
        return DONE  # click ends so when the reader of a pipe has gone
    except (KeyboardInterrupt, click.Abort):
        screen.complain("Canceled.")
        return CANCELED
    except UserError as error:
        _tell(error, screen)
        return BAD_INPUT
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the user is told what to do with it
        _tell_bug(error, screen)
        return BUG
    return code if isinstance(code, int) else DONE


def _tell_usage(error: click.ClickException, screen: Screen) -> None:
    if screen.as_json:
        screen.document({"error": {"type": "UsageError", "message": error.format_message()}})
    context = getattr(error, "ctx", None)
    if context is not None:
        screen.complain(context.get_usage())
    screen.complain(f"{screen.style('Error', 'red')}: {error.format_message()}")
    if context is not None and context.help_option_names:
        screen.complain(f"Help: {context.command_path} --help")


def _tell(error: UserError, screen: Screen) -> None:
    if screen.as_json:
        screen.document({"error": {"type": type(error).__name__, "message": str(error)}})
    if screen.debug:
        screen.complain(_traceback(error))
    shown = str(error) if screen.debug else in_one_screen(str(error))
    screen.complain(f"{screen.style('Error', 'red')}: {shown}")


def in_one_screen(text: str) -> str:
    """A message as far as people read it at once; ``--debug`` shows all of it."""
    lines = text.splitlines()
    if len(lines) <= MOST_LINES:
        return text
    rest = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"… and {rest} more lines; --debug shows them."])


def _tell_bug(error: Exception, screen: Screen) -> None:
    if screen.as_json:
        screen.document({"error": {"type": type(error).__name__, "message": str(error), "bug": True}})
    screen.complain(_traceback(error))
    screen.complain(
        f"This is a bug in Penstock or a plugin, not in your input. Please report it: {REPORT_TO}"
    )


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()
