"""``penstock check``: everything that is wrong with the definitions, at once.

Lazy: nothing runs, no store is opened.
"""

from __future__ import annotations

import click
from attrs import asdict

from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, with_code
from penstock.cli.screen import Screen
from penstock.define.faults import DefinitionFault, faults
from penstock.errors import UserError
from penstock.host.code import Code


@click.command("check")
@with_code
@answering
def command(screen: Screen, code: CodeChoice) -> int:
    """Find everything that is wrong with your definitions, without running anything.

    Duplicate keys, circles, dependencies that nobody defines, missing resources, jobs that cannot be made:
    all of them at once, each with its place. The exit code is 0 when all is well, 2 when something is wrong.
    """
    try:
        loaded = load(code)
    except UserError as error:
        return _tell(screen, [DefinitionFault("definitions", str(error))], None)
    return _tell(screen, faults(loaded.repository, strict_deps=True), loaded)


def _tell(screen: Screen, found: list[DefinitionFault], code: Code | None) -> int:
    if screen.as_json:
        screen.document({"ok": not found, "faults": [asdict(fault) for fault in found]})
    elif found:
        for fault in found:
            first, *rest = str(fault).splitlines()
            screen.write(f"{screen.style('✗', 'red')} {first}")
            for line in rest:
                screen.write(f"  {line}")
        screen.say(f"{len(found)} fault{'' if len(found) == 1 else 's'} found.")
    elif code is not None:
        screen.say(f"{screen.style('✓', 'green')} {_inventory(code)}: all is well.")
    return 2 if found else 0


def _inventory(code: Code) -> str:
    graph = code.graph
    counts = (
        (len(graph.by_key), "asset"),
        (len(graph.by_check), "check"),
        (len(code.job_names), "job"),
        (len(code.repository.resources), "resource"),
    )
    parts = [f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    return ", ".join(parts) or "nothing"
