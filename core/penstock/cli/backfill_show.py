"""``penstock backfill show``: how far a backfill is, from its rows alone."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.cli.statuses import backfill_cell, status_cell
from penstock.cli.table import Cell
from penstock.cli.tags import tags_text
from penstock.cli.times import age, length
from penstock.events.runs import RunsFilter
from penstock.host.backfill_states import find, with_abandoned
from penstock.host.instance import Instance
from penstock.query.backfills import BackfillSummary, bad_chunks, summary_of
from penstock.spi.backfills import BackfillChunk, BackfillPart
from penstock.spi.store import Store

MOST = 10
_LABEL = 9
_BAR = 20
_COLUMNS = ("skipped", "failed", "blocked", "canceled", "removed")


@click.command("show", epilog=examples("penstock backfill show 3f2a91c0"))
@click.argument("backfill")
@answering
def show(screen: Screen, backfill: str) -> None:
    """Show one backfill: how far each asset is, and which runs failed.

    Wave: assets of wave 1 wait for those of wave 0, partition by partition. Blocked: something that it reads
    was not made. Skipped by its function counts as made.
    """
    with Instance.get() as instance:
        stored = summary_of(instance.store, find(instance, backfill))
        found = with_abandoned(instance, stored, time.time())
        bad = bad_chunks(instance.store, found.backfill.backfill_id)
        begun = _begun(instance.store, bad)
    if screen.as_json:
        screen.document({**found.to_plain(), "failed_runs": [_plain(one, found) for one in bad]})
    elif screen.quiet:
        screen.names([one.run_id for one in bad if one.run_id in begun])
    else:
        _head(screen, found)
        parts_table(screen, found)
        _failed_runs(screen, found, bad, begun)


def _begun(store: Store, chunks: Sequence[BackfillChunk]) -> frozenset[str]:
    """The runs of these that were ever begun: one that was refused left nothing to look at."""
    wanted = RunsFilter(run_ids=[one.run_id for one in chunks])
    return frozenset(one.run.run_id for one in store.runs(wanted)) if chunks else frozenset()


def _head(screen: Screen, found: BackfillSummary) -> None:
    one = found.backfill
    cell = backfill_cell(found)
    screen.say(f"backfill {screen.style(one.backfill_id, 'cyan')}  {screen.style(cell.text, cell.color)}")
    facts = {
        "title": one.title,
        "job": one.job or "",
        "began": f"{age(one.created, time.time())}, took {length(found.seconds)}",
        "order": "newest first" if one.newest_first else "",
        "tags": tags_text(one.tags),
        "code": one.location,
        "message": one.message,
        "go on": f"penstock backfill resume {one.backfill_id}" if found.is_abandoned else "",
    }
    for label, text in facts.items():
        if text:
            screen.labeled(label, text, _LABEL)


def parts_table(screen: Screen, found: BackfillSummary) -> None:
    """How far each asset is, as a table."""
    names = [name for name in _COLUMNS if found.count(name)]
    rows = [
        (
            part.name,
            Cell(str(part.wave), right=True),
            part.shown or "once",
            bar(part),
            Cell(f"{part.counts.get('done', 0):,} of {part.counts.get('target', 0):,}", right=True),
            *(Cell(f"{part.counts[name]:,}" if part.counts.get(name) else "", _color(name), right=True)
              for name in names),
        )
        for part in found.parts
    ]  # fmt: skip
    heads = ("job" if found.backfill.job else "asset", "wave", "partitions", "", "made", *names)
    screen.table(heads, rows, elastic="partitions")


def bar(part: BackfillPart) -> Cell:
    """How much of a part is over, as a bar."""
    wanted = part.counts.get("target", 0)
    over = sum(part.counts.get(name, 0) for name in ("done", *_COLUMNS))
    full = _BAR * over // wanted if wanted else _BAR
    bad = part.counts.get("failed", 0) + part.counts.get("blocked", 0)
    return Cell("━" * full + "·" * (_BAR - full), "red" if bad else "green")


def _color(name: str) -> str | None:
    return {"failed": "red", "blocked": "red", "canceled": "yellow"}.get(name)


def _failed_runs(
    screen: Screen, found: BackfillSummary, chunks: Sequence[BackfillChunk], begun: frozenset[str]
) -> None:
    if not chunks:
        return
    screen.say()
    rows = [(*_run(one, begun), _names(one, found), _range(one)) for one in chunks[:MOST]]
    screen.table(("run", "was", "of", "partitions"), rows, elastic="of")
    if len(chunks) > MOST:
        screen.say(screen.style(f"… and {len(chunks) - MOST} more: --json shows all.", dim=True))


def _run(chunk: BackfillChunk, begun: frozenset[str]) -> tuple[Cell, Cell]:
    if chunk.run_id in begun:
        return Cell(chunk.run_id[:8], "cyan"), status_cell(chunk.status.value)
    return Cell("-"), Cell("refused", "red")


def _names(chunk: BackfillChunk, found: BackfillSummary) -> str:
    return ", ".join(found.parts[place].name for place in chunk.parts)


def _range(chunk: BackfillChunk) -> str:
    if chunk.first is None:
        return "once"
    return chunk.first if chunk.first == chunk.last else f"{chunk.first}...{chunk.last}"


def _plain(chunk: BackfillChunk, found: BackfillSummary) -> dict[str, object]:
    return {
        "run_id": chunk.run_id,
        "status": chunk.status.value,
        "assets": [found.parts[place].name for place in chunk.parts],
        "first": chunk.first,
        "last": chunk.last,
        "partitions": chunk.count,
    }
