"""``penstock materialize``: make assets, and show what happens."""

from __future__ import annotations

import click

from penstock.cli.changed import CHANGED_HELP, cut_to_changed
from penstock.cli.launching import LaunchChoice, executor_named, run_job, steps_in, with_launch
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.define.selection import AssetSelection, needs_facts
from penstock.define.selection_hints import why_empty
from penstock.errors import InvalidSubsetError
from penstock.host.code import Code

SELECTION_HELP = "Which assets, such as 'orders', 'orders+', 'group:raw and not tag:slow' or 'status:failed'."


@click.command(
    "materialize",
    epilog=examples(
        "penstock materialize",
        "penstock materialize -s 'orders+' -t why=backfill",
        "penstock materialize --changed",
        "penstock materialize -f shop.py --partition 2024-05-01",
        "penstock materialize -c run.yaml --json",
    ),
)
@with_code
@click.option("-s", "--select", "selection", metavar="SELECTION", help=SELECTION_HELP)
@click.option("--changed", is_flag=True, help=CHANGED_HELP)
@with_launch
@answering
def command(
    screen: Screen, code: CodeChoice, selection: str | None, launch: LaunchChoice, changed: bool
) -> int:
    """Make assets: those that --select names, or all of them.

    With --changed only those that are stale or missing, as penstock plan tells; a run makes one partition or
    one range, and what does not fit it is left out and told.

    The exit code is 0 when everything was made or nothing is to be done, 1 when something failed, 2 when a
    value cannot be stored, 130 when it was canceled.
    """
    executor = executor_named(launch.executor)
    loaded = load(code)
    job = loaded.asset_job(selection, executor)
    if not steps_in(job):
        return _nothing(screen, loaded, selection)
    if changed:
        cut = cut_to_changed(screen, loaded, job, launch, lambda keys: loaded.asset_job(keys, executor))
        if cut is None:
            return 0
        job, launch = cut
    return run_job(screen, loaded, job, launch, "The selection" if selection else "What is defined here")


def _nothing(screen: Screen, loaded: Code, selection: str | None) -> int:
    """Say that nothing is selected: no fault of somebody who asked what failed, and nothing did.

    Raises:
        InvalidSubsetError: when nothing ever will be.
    """
    chosen = AssetSelection.from_coercible(selection or "*")
    if not needs_facts(chosen):
        why = why_empty(chosen, loaded.graph)
        raise InvalidSubsetError(f"The selection {selection!r} holds nothing that can be made.{why}")
    if screen.as_json:
        screen.document({"type": "SUMMARY", "run_id": None, "status": None, "left_out": []})
    else:
        screen.say(f"Nothing to do: {selection} chooses no asset now.")
    return 0
