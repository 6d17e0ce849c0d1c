"""``penstock plan``: what a run would do, and why, before it does it."""

from __future__ import annotations

import click

from penstock.cli.launching import refuse_wrong_partition
from penstock.cli.loading import load
from penstock.cli.materialize import SELECTION_HELP
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.cli.times import length
from penstock.host.coverage import asked_in_words, coverage_of
from penstock.host.instance import Instance
from penstock.host.preview import PlannedStep, preview
from penstock.plan.expand import Given

_COLORS = {"missing": "yellow", "code changed": "magenta", "upstream newer": "blue", "upstream runs": "blue"}


@click.command(
    "plan", epilog=examples("penstock plan", "penstock plan -s 'group:raw+'", "penstock plan -j nightly")
)
@with_code
@click.option("-s", "--select", "selection", metavar="SELECTION", help=SELECTION_HELP)
@click.option("-j", "--job", metavar="NAME", help="The steps of this job, instead of assets.")
@click.option("--partition", metavar="KEY", help="The partition that would be made, or a range.")
@answering
def command(
    screen: Screen, code: CodeChoice, selection: str | None, job: str | None, partition: str | None
) -> None:
    """Show what a run would do, and why: nothing runs.

    Reasons: missing (never made), code changed (its code version did), upstream newer, upstream runs (what it
    is made of would be made anew), selected (it is up to date). Times are medians of earlier runs. After:
    the numbers of the steps that it waits for.
    """
    if selection is not None and job is not None:
        raise click.UsageError("Give either --select or --job.")
    loaded = load(code)
    planned_job = loaded.asset_job(selection) if job is None else loaded.job(job)
    refuse_wrong_partition(planned_job, partition, f"Job {job!r}" if job else "The selection")
    key, ends = asked_in_words(partition)
    with Instance.get() as instance:
        coverage = coverage_of(planned_job, key, ends, instance)
        given = Given(partition_keys=coverage.keys, reads=coverage.reads)
        steps = preview(planned_job, loaded.graph, instance.store, given)
    if screen.as_json:
        known = [step.seconds for step in steps if step.seconds is not None]
        total = sum(known) if len(known) == len(steps) else None
        screen.document({"steps": [step.to_plain() for step in steps], "seconds": total})
    elif screen.quiet:
        screen.names([step.step for step in steps])
    else:
        _show(screen, steps)


def _show(screen: Screen, steps: tuple[PlannedStep, ...]) -> None:
    if not steps:
        screen.say("Nothing would run.")
        return
    numbers = {step.step: str(number) for number, step in enumerate(steps, 1)}
    rows = [
        (
            Cell(numbers[step.step], "bright_black", right=True),
            _title(step),
            Cell(step.reason, _COLORS.get(step.reason)),
            Cell(length(step.seconds), right=True),
            ", ".join(numbers[one] for one in step.after),
        )
        for step in steps
    ]
    screen.table(("#", "step", "why", "took", "after"), rows, elastic="after")
    screen.say(screen.style(_total(steps), dim=True))


def _title(step: PlannedStep) -> str:
    """A step, and its assets where its name does not tell them."""
    names = [key.to_user_string() for key in step.makes if "__".join(key.path) != step.step]
    return f"{step.step} → {', '.join(names)}" if names else step.step


def _total(steps: tuple[PlannedStep, ...]) -> str:
    known = [step.seconds for step in steps if step.seconds is not None]
    count = f"{len(steps):,} step{'' if len(steps) == 1 else 's'} would run"
    if not known:
        return f"{count}; how long is not known yet."
    missing = len(steps) - len(known)
    rest = f", and {missing} of unknown length" if missing else ""
    return f"{count}, about {length(sum(known))} one after the other{rest}."
