"""``penstock run show`` and ``penstock run logs``: what a run did, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import click

from penstock.cli.facts import fact_lines
from penstock.cli.failures import failure_lines, whole_lines
from penstock.cli.options import answering
from penstock.cli.screen import Screen
from penstock.cli.statuses import status_cell
from penstock.cli.table import Cell
from penstock.cli.tags import tags_text
from penstock.cli.times import clock, length, moment
from penstock.errors import StepNotFoundError, suggest
from penstock.events.values import AssetCheckEvaluation, Happened, ResourceFailed, StepFailed
from penstock.host.instance import Instance
from penstock.query.plain import as_plain
from penstock.query.records import of_run
from penstock.query.runs import RunDetail, StepLine, events_of, show_run


@click.command("show")
@click.argument("run")
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
    _steps(screen, detail.steps)
    _made(screen, detail)
    _failures(screen, detail, happened)


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
    rows = [
        ("run", line.run_id),
        ("job", line.job_name if line.job_name != "__ASSET_JOB" else "(assets)"),
        ("status", screen.style(cell.text, cell.color)),
        ("started", f"{moment(line.start_time or line.create_time)}, took {length(line.seconds)}"),
        ("retry of", line.parent_run_id or ""),
        ("tags", tags_text(line.tags, verbose=screen.verbose)),
        ("message", detail.message if detail.line.status.value != "SUCCESS" else ""),
    ]
    for name, value in rows:
        if value:
            screen.say(f"{screen.style(f'{name:9}', 'bright_black')}{value}")


def _steps(screen: Screen, steps: tuple[StepLine, ...]) -> None:
    if not steps:
        return
    screen.say()
    rows = [
        (step.step, status_cell(step.status), Cell(length(step.seconds), right=True), _remark(step))
        for step in steps
    ]
    screen.table(("step", "status", "took", "remark"), rows, elastic="remark")


def _remark(step: StepLine) -> str:
    attempts = f"{step.attempts} attempts" if step.attempts > 1 else ""
    said = step.reason if step.status == "SKIPPED" else step.error if step.status != "SUCCESS" else None
    return "; ".join(part for part in (attempts, said) if part)


def _made(screen: Screen, detail: RunDetail) -> None:
    for made in detail.materializations:
        part = f" [{made.partition}]" if made.partition else ""
        screen.say(f"\n{screen.style(made.label, bold=True)}{part}")
        for line in fact_lines(made.metadata, screen.verbose):
            screen.say(f"  {line}")
    if detail.checks:
        screen.say()
        rows = [_check(one) for one in detail.checks]
        screen.table(("check", "result", "remark"), rows, elastic="remark")


def _check(found: AssetCheckEvaluation) -> tuple[str | Cell, ...]:
    result = Cell("passed", "green") if found.passed else Cell(f"failed ({found.severity.value})", "red")
    return found.asset_check_key.to_user_string(), result, found.description or ""


@click.command("logs")
@click.argument("run")
@click.option("--step", metavar="STEP", help="Of this step alone.")
@answering
def logs(screen: Screen, run: str, step: str | None) -> None:
    """Show what the steps of a run wrote.

    Log messages, standard output and standard error, each under a line of its own.
    """
    with Instance.get() as instance:
        detail = show_run(instance.store, run)
        steps = [line.step for line in detail.steps]
        if step is not None and step not in steps:
            raise StepNotFoundError(
                f"Run {detail.run.run_id[:8]} has no step {step!r}.{suggest(step, steps)}"
            )
        folder, run_id = instance.logs, detail.run.run_id
        texts = {
            name: {one.value: folder.read(run_id, name, one).text for one in folder.streams(run_id, name)}
            for name in ([step] if step else steps)
        }
    if screen.as_json:
        screen.document(texts)
        return
    found = {name: streams for name, streams in texts.items() if any(streams.values())}
    for name, streams in found.items():
        for stream, text in streams.items():
            if text:
                screen.write(screen.style(f"── {name} · {stream}", "cyan"))
                screen.write(text.rstrip("\n"))
    if not found:
        screen.say("These steps wrote nothing.")
