"""``penstock run show``: what a run did, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import click

from penstock.cli.fact_blocks import show_facts
from penstock.cli.failures import failure_lines, whole_lines
from penstock.cli.options import answering, examples, run_ids
from penstock.cli.screen import Screen
from penstock.cli.statuses import check_cell, status_cell
from penstock.cli.table import Cell
from penstock.cli.tags import partition_text, tags_text
from penstock.cli.tally import SHORT
from penstock.cli.times import clock, length, moment
from penstock.events.runs import RunStatus
from penstock.events.values import (
    AssetMaterialization,
    AssetMaterialized,
    Happened,
    ResourceFailed,
    StepFailed,
)
from penstock.host.instance import Instance
from penstock.keys import user_strings
from penstock.query.plain import as_plain
from penstock.query.records import of_run
from penstock.query.runs import RunDetail, RunLine, StepLine, events_of, show_run

_LABEL = 10
_ROWS, _PARTITION_ROWS = "penstock/row_count", "penstock/partition_row_count"


@click.command(
    "show",
    epilog=examples(
        "penstock run show 3f2a91c0", "penstock run show 3f2a91c0 -v", "penstock run show 3f2 --events"
    ),
)
@click.argument("run", shell_complete=run_ids)
@click.option("--events", is_flag=True, help="Every event, one line each.")
@answering
def show(screen: Screen, run: str, *, events: bool) -> None:
    """Show one run: steps, what it made, checks, failures."""
    with Instance.get() as instance:
        detail = show_run(instance.store, run)
        run_id = detail.run.run_id
        happened = events_of(instance.store, run_id)
        entries = (
            [record.event_log_entry for record in of_run(instance.store, run_id).records] if events else []
        )
    if screen.as_json:
        extra = {"log": [as_plain(entry) for entry in entries]} if events else {}
        screen.document({**detail.to_plain(), **extra})
        return
    if screen.quiet:
        screen.names([detail.run.status.value])
        return
    _head(screen, detail)
    if events:
        for entry in entries:
            screen.say(f"{clock(entry.timestamp)}  {entry.message}")
        return
    _steps(screen, detail.steps, happened)
    _details(screen, detail)
    _failures(screen, detail, happened)
    _next(screen, detail)


def _failures(screen: Screen, detail: RunDetail, happened: Sequence[Happened]) -> None:
    """What failed, with the user's frames; with every frame when verbose."""
    lines_of = whole_lines if screen.verbose else failure_lines
    failed = [(event.step, event.error) for event in happened if isinstance(event, StepFailed)]
    failed += [
        (f"resource {event.resource}", event.error) for event in happened if isinstance(event, ResourceFailed)
    ]
    if not failed and detail.error is not None:
        failed = [("run", detail.error)]
    for step, error in failed:
        screen.say()
        for line in lines_of(step, error):
            screen.say(line)


def _head(screen: Screen, detail: RunDetail) -> None:
    line, cell = detail.line, status_cell(detail.line.status.value)
    ended_well = detail.run.status is RunStatus.SUCCESS
    rows = [
        ("run", line.run_id),
        ("of", line.subject),
        ("partition", partition_text(line.tags)),
        ("started", f"{moment(line.start_time or line.create_time)}{_took(line)}"),
        ("retry of", line.parent_run_id or ""),
        ("tags", tags_text(line.tags, verbose=screen.verbose)),
        ("waits", ", ".join(f"{one.step} for a slot of pool {one.pool}" for one in detail.waits)),
        ("message", "" if ended_well else detail.message),
        ("not made", "" if ended_well else ", ".join(user_strings(detail.not_made))),
    ]
    for name, value in rows:
        if value:
            screen.labeled(name, value, _LABEL)
        if name == "of":
            label = screen.style(f"{'status':{_LABEL}}", "bright_black")
            screen.say(f"{label}{screen.style(cell.text, cell.color)}")


def _took(line: RunLine) -> str:
    return "" if line.seconds is None else f", took {length(line.seconds)}"


def _steps(screen: Screen, steps: tuple[StepLine, ...], happened: Sequence[Happened]) -> None:
    if not steps:
        return
    screen.say()
    made = _made_by_step(happened)
    tried = any(step.attempts > 1 for step in steps)
    rows: list[tuple[str | Cell, ...]] = []
    for step in steps:
        tries = (Cell(str(step.attempts), "yellow" if step.attempts > 1 else None, right=True),)
        took = Cell(length(step.seconds), right=True)
        result = _result(step, made.get(step.step, ()))
        rows.append((step.step, status_cell(step.status), *(tries if tried else ()), took, result))
    screen.table(("step", "status", *(("tries",) if tried else ()), "took", "result"), rows, elastic="result")


def _made_by_step(happened: Sequence[Happened]) -> dict[str, list[AssetMaterialization]]:
    made: dict[str, list[AssetMaterialization]] = {}
    for event in happened:
        if isinstance(event, AssetMaterialized):
            made.setdefault(event.step, []).append(event.materialization)
    return made


def _result(step: StepLine, made: Sequence[AssetMaterialization]) -> str:
    """What a step made, or why it did not."""
    if step.status == "SKIPPED":
        return step.reason
    if step.status != "SUCCESS":
        return step.error or ""
    if len(made) > 1 and len({one.asset_key for one in made}) == 1:
        return f"{len(made):,} partitions"
    after = f"after {step.error}" if step.error else ""
    return ", ".join(part for part in (*(_made(one, step.step) for one in made), after) if part)


def _made(made: AssetMaterialization, step: str) -> str:
    """An asset, unless the step's name tells it, its partition and how many rows it has."""
    name = "" if "__".join(made.asset_key.path) == step else made.label
    part = f"[{made.partition}]" if made.partition else ""
    rows = made.metadata.get(_PARTITION_ROWS) or made.metadata.get(_ROWS)
    count = "" if rows is None else f"{rows.value:,} rows" if not name else f"({rows.value:,} rows)"
    return " ".join(one for one in (name, part, count) if one)


def _details(screen: Screen, detail: RunDetail) -> None:
    """Checks; with ``-v`` also all that is known of what was made."""
    for made in detail.materializations if screen.verbose else ():
        part = f" [{made.partition}]" if made.partition else ""
        screen.say(f"\n{screen.style(made.label, bold=True)}{part}")
        show_facts(screen, made.metadata)
    if detail.checks:
        screen.say()
        rows = [
            (one.asset_check_key.to_user_string(), check_cell(one), one.description or "")
            for one in detail.checks
        ]
        screen.table(("check", "result", "remark"), rows, elastic="remark")


def _next(screen: Screen, detail: RunDetail) -> None:
    """What can be done with it."""
    short = detail.run.run_id[:SHORT]
    hints = [("what steps wrote", f"penstock run logs {short}")] if _has_logs(detail) else []
    if detail.run.is_finished and detail.run.status is not RunStatus.SUCCESS:
        hints.append(("try again", f"penstock run retry {short}"))
    if hints:
        screen.say()
    for what, line in hints:
        screen.say(f"{screen.style(f'{what}:', 'bright_black')} {screen.style(line, 'cyan')}")


def _has_logs(detail: RunDetail) -> bool:
    return any(step.log for step in detail.steps)
