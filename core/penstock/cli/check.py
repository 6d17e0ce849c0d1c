"""``penstock check``: everything that is wrong with the definitions, at once.

Lazy: nothing runs, no store is opened.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import click

from penstock.cli.loading import source_named
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.define.faults import DefinitionFault
from penstock.errors import UserError
from penstock.host.code import Code
from penstock.host.inspection import Inspected, inspect_code
from penstock.host.registry import open_registry
from penstock.host.settings import load_settings


@click.command("check", epilog=examples("penstock check", "penstock check -m my_shop.definitions --json"))
@with_code
@answering
def command(screen: Screen, code: CodeChoice) -> int:
    """Find everything that is wrong with your definitions, without running anything.

    Duplicate keys, circles, dependencies that nobody defines, missing resources, jobs that cannot be made,
    executors that nobody offers: all of them at once, each with its place. The exit code is 0 when all is
    well, 2 when something is wrong.
    """
    try:
        found = inspect_code(source_named(code), _executors)
    except UserError as error:
        found = Inspected([DefinitionFault("definitions", str(error))])
    _tell(screen, found)
    return 2 if found.faults else 0


def _executors() -> Collection[str]:
    registry = open_registry(load_settings().plugins, os.environ)
    return registry.names("executor").keys()


def _tell(screen: Screen, found: Inspected) -> None:
    if screen.as_json:
        screen.document({"ok": not found.faults, "faults": [_document(fault) for fault in found.faults]})
        return
    for fault in found.faults:
        first, *rest = _shown(fault).splitlines()
        screen.write(f"{screen.style('✗', 'red')} {first}")
        for line in rest:
            screen.write(f"  {line}")
    if found.code is not None and not found.faults:
        screen.say(f"{screen.style('✓', 'green')} {_inventory(found.code)}: all is well.")
    else:
        screen.say(f"{len(found.faults)} fault{'' if len(found.faults) == 1 else 's'} found.")


def _document(fault: DefinitionFault) -> dict[str, str]:
    return {"subject": fault.subject, "message": fault.message, "where": fault.where}


def _shown(fault: DefinitionFault) -> str:
    """The place and what is wrong there; places are told once, and as seen from the current folder."""
    here = f"{Path.cwd()}{os.sep}"
    if not fault.where:
        return fault.message.replace(here, "")
    message = fault.message.replace(f" ({fault.where})", "")
    return f"{fault.where}: {message}".replace(here, "")


def _inventory(code: Code) -> str:
    graph = code.graph
    counts = (
        (len(graph.by_key), "asset"),
        (len(graph.by_check), "check"),
        (len(code.job_names), "job"),
        (len(code.repository.schedules), "schedule"),
        (len(code.repository.sensors), "sensor"),
        (len(code.repository.resources), "resource"),
    )
    parts = [f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    return ", ".join(parts) or "nothing"
