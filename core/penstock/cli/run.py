"""``penstock run``: look at runs, and what to do with them.

Owns the group; each subcommand stands in a module of its own where it is more than a page. Lazy: those
are imported when they are called, because running again needs the whole engine.
"""

from __future__ import annotations

import time

import click

from penstock.cli.lazy import LazyGroup
from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.cli.statuses import status_cell
from penstock.cli.table import Cell
from penstock.cli.tags import parse_tags, partition_text, tags_text
from penstock.cli.times import age, length
from penstock.events.runs import RunsFilter, RunStatus
from penstock.host.instance import Instance
from penstock.query.runs import RunLine, find_run, list_runs

SHORT = 8


TARGETS = {
    "show": ("penstock.cli.run_show:show", "Show one run: steps, what it made, checks, failures."),
    "logs": ("penstock.cli.run_logs:logs", "Show what the steps of a run wrote."),
    "retry": ("penstock.cli.run_retry:retry", "Run again what failed; take over what succeeded."),
}


_STORED = [one for one in RunStatus if one is not RunStatus.NOT_STARTED]
_NAMES = ", ".join(one.value.lower() for one in _STORED)


@click.group("run", cls=LazyGroup, targets=TARGETS)
def command() -> None:
    """Look at runs: list, show, logs; retry or delete them.

    A run may be named by the beginning of its id.
    """


@command.command(
    "list",
    epilog=examples("penstock run list --status failure --limit 5", "penstock run list -t team=shop -q"),
)
@click.option("-j", "--job", metavar="NAME", help="Runs of this job.")
@click.option(
    "--status",
    multiple=True,
    metavar="STATUS",
    type=click.Choice([one.value.lower() for one in _STORED], case_sensitive=False),
    help=f"Runs in this state ({_NAMES}); may be given several times.",
)
@click.option("-t", "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Runs with this tag.")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1), help="At most so many.")
@answering
def list_command(
    screen: Screen, job: str | None, status: tuple[str, ...], tags: tuple[str, ...], limit: int
) -> None:
    """List runs, newest first."""
    wanted = RunsFilter(
        job_name=job, statuses=[RunStatus(one.upper()) for one in status], tags=parse_tags(tags)
    )
    with Instance.get() as instance:
        page = list_runs(instance.store, wanted, limit=limit)
    if screen.as_json:
        screen.document(page.to_plain()["runs"])
    elif screen.quiet:
        screen.names([line.run_id for line in page.runs])
    elif not page.runs:
        screen.say(
            "No runs yet. `penstock materialize` makes one."
            if not (job or status or tags)
            else "No such run."
        )
    else:
        rows = [_row(line, time.time()) for line in page.runs]
        screen.table(("run", "of", "status", "started", "took", "tags"), rows, elastic="tags")
        if page.cursor is not None:
            screen.say(screen.style(f"Only the newest {limit}; --limit shows more.", dim=True))


def _row(line: RunLine, now: float) -> tuple[str | Cell, ...]:
    partition = partition_text(line.tags)
    return (
        Cell(line.run_id[:SHORT], "cyan"),
        f"{line.subject} [{partition}]" if partition else line.subject,
        status_cell(line.status.value),
        age(line.start_time or line.create_time, now),
        Cell(length(line.seconds), right=True),
        tags_text(line.tags),
    )


@command.command(
    "delete",
    epilog=examples(
        "penstock run delete 3f2a91c0", "penstock run delete --yes $(penstock run list -q --status failure)"
    ),
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@answering
def delete(screen: Screen, runs: tuple[str, ...], *, yes: bool) -> None:
    """Forget runs: their events and logs.

    What they made stays, and its latest facts too.
    """
    with Instance.get() as instance:
        records = [find_run(instance.store, name) for name in runs]
        unfinished = [record for record in records if not record.run.is_finished]
        if not yes:
            warning = f" {len(unfinished)} of them may still be running." if unfinished else ""
            click.confirm(f"Delete {len(records)} run(s)?{warning}", abort=True, err=True)
        for record in records:
            instance.delete_run(record.run.run_id)
    ids = [record.run.run_id for record in records]
    if screen.as_json:
        screen.document({"deleted": ids})
    else:
        screen.say(f"Deleted {', '.join(one[:SHORT] for one in ids)}.")
