"""``penstock materialize``: make assets, and show what happens."""

from __future__ import annotations

import click

from penstock.cli.launching import LaunchChoice, executor_named, run_job, steps_in, with_launch
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.errors import InvalidSubsetError

SELECTION_HELP = "Which assets, such as 'orders', 'orders+' or 'group:raw and not tag:slow'."


@click.command(
    "materialize",
    epilog=examples(
        "penstock materialize",
        "penstock materialize -s 'orders+' -t why=backfill",
        "penstock materialize -f shop.py --partition 2024-05-01",
        "penstock materialize -c run.yaml --json",
    ),
)
@with_code
@click.option("-s", "--select", "selection", metavar="SELECTION", help=SELECTION_HELP)
@with_launch
@answering
def command(screen: Screen, code: CodeChoice, selection: str | None, launch: LaunchChoice) -> int:
    """Make assets: those that --select names, or all of them.

    The exit code is 0 when everything was made, 1 when something failed, 2 when a value cannot be stored,
    130 when it was canceled.
    """
    executor = executor_named(launch.executor)
    loaded = load(code)
    job = loaded.asset_job(selection, executor)
    if not steps_in(job):
        raise InvalidSubsetError(f"The selection {selection!r} holds nothing that can be made.")
    return run_job(screen, loaded, job, launch, "The selection" if selection else "What is defined here")
