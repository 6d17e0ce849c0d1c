"""``penstock backfill``: make many partitions, in as many runs as that takes.

Owns the group, ``list``, ``pause`` and ``cancel``. Lazy: what plans or runs stands in modules that are
imported when it is called.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

import click

from penstock.cli.lazy import LazyGroup
from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.cli.statuses import backfill_cell
from penstock.cli.table import Cell
from penstock.cli.times import age, length
from penstock.host.instance import Instance
from penstock.query.backfills import BackfillSummary, list_backfills
from penstock.spi.backfills import BackfillStatus

TARGETS = {
    "launch": ("penstock.cli.backfill_launch:launch", "Make partitions: plan, record and run."),
    "show": ("penstock.cli.backfill_show:show", "Show one backfill: how far each asset is, what failed."),
    "resume": ("penstock.cli.backfill_launch:resume", "Go on with a backfill that stopped."),
}
_ABANDONED = "abandoned"
_STATUSES = [*(one.value.lower() for one in BackfillStatus), _ABANDONED]


@click.group("backfill", cls=LazyGroup, targets=TARGETS)
def command() -> None:
    """Make many partitions, in as many runs as that takes.

    A backfill is recorded before its first run. Whatever is killed, `penstock backfill resume` goes on from
    there: nothing is made twice and nothing is left out. It may be named by the beginning of its id.
    """


@command.command(
    "list", epilog=examples("penstock backfill list", "penstock backfill list --status paused -q")
)
@click.option(
    "--status",
    multiple=True,
    metavar="STATUS",
    type=click.Choice(_STATUSES, case_sensitive=False),
    help=f"Backfills in this state ({', '.join(_STATUSES)}); may be given several times.",
)
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1), help="At most so many.")
@answering
def list_command(screen: Screen, status: tuple[str, ...], limit: int) -> None:
    """List backfills, newest first.

    Abandoned: the process that worked at it is gone. `penstock backfill resume` goes on.
    """
    with Instance.get() as instance:
        found = _listed(instance, status, limit)
    if screen.as_json:
        screen.document([one.to_plain() for one in found])
    elif screen.quiet:
        screen.names([one.backfill.backfill_id for one in found])
    elif not found:
        screen.say(
            "No such backfill." if status else "No backfills yet. `penstock backfill launch` makes one."
        )
    else:
        rows = [_row(one, time.time()) for one in found]
        screen.table(("backfill", "of", "status", "made", "failed", "began", "took"), rows, elastic="of")


def _listed(instance: Instance, names: Collection[str], limit: int) -> list[BackfillSummary]:
    """The backfills in these states; those that nobody works at are stored as if somebody did."""
    from penstock.host.backfill_states import GOING_ON, with_abandoned  # noqa: PLC0415 - lazy, as above

    named = {BackfillStatus(one.upper()) for one in names if one != _ABANDONED}
    wanted = (named | GOING_ON) if _ABANDONED in names else named
    most = None if wanted > named else limit
    found = list_backfills(instance.store, statuses=sorted(wanted, key=lambda one: one.value), limit=most)
    looked_at = (with_abandoned(instance, one, time.time()) for one in found)
    kept = [one for one in looked_at if not names or one.is_abandoned or one.backfill.status in named]
    return kept[:limit]


def _row(one: BackfillSummary, now: float) -> tuple[str | Cell, ...]:
    failed = one.count("failed") + one.count("blocked") + one.count("canceled")
    return (
        Cell(one.backfill.backfill_id, "cyan"),
        one.subject,
        backfill_cell(one),
        Cell(f"{one.made:,} of {one.count('target'):,}", right=True),
        Cell(f"{failed:,}" if failed else "", "red", right=True),
        age(one.backfill.created, now),
        Cell(length(one.seconds), right=True),
    )


@command.command("pause", epilog=examples("penstock backfill pause 3f2a91c0"))
@click.argument("backfill")
@answering
def pause_command(screen: Screen, backfill: str) -> None:
    """Begin no more runs of a backfill; the one that is under way is finished."""
    from penstock.host import backfill_states  # noqa: PLC0415 - lazy, as the docstring says

    _stop(screen, backfill, backfill_states.pause, "paused; a run that is under way is finished")


@command.command("cancel", epilog=examples("penstock backfill cancel 3f2a91c0"))
@click.argument("backfill")
@answering
def cancel_command(screen: Screen, backfill: str) -> None:
    """End a backfill: the run that is under way is finished, the rest is not begun."""
    from penstock.host import backfill_states  # noqa: PLC0415 - lazy, as the docstring says

    _stop(screen, backfill, backfill_states.cancel, "canceled; what was made stays")


def _stop(screen: Screen, name: str, act: Callable[..., Any], said: str) -> None:
    from penstock.host.backfill_states import find  # noqa: PLC0415 - lazy, as the docstring says

    with Instance.get() as instance:
        changed = act(instance, find(instance, name), time.time())
    if screen.as_json:
        screen.document({"backfill_id": changed.backfill_id, "status": changed.status.value})
    else:
        screen.say(f"Backfill {changed.backfill_id}: {said}.")
