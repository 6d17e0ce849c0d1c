"""``penstock plan``: what a run would do, and why, before it does it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import click

from penstock.cli.causes import COLORS, causes_in_words, ranges_in_words
from penstock.cli.changed import CHANGED_HELP
from penstock.cli.launching import refuse_wrong_partition
from penstock.cli.loading import load
from penstock.cli.materialize import SELECTION_HELP
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.cli.times import length
from penstock.define.job import JobDefinition
from penstock.define.selection import AssetSelection
from penstock.host.changes import changed_within, whole
from penstock.host.code import Code
from penstock.host.coverage import Coverage, asked_in_words, coverage_of, makes_partitions
from penstock.host.instance import Instance
from penstock.host.preview import PlannedStep, preview, seconds_of
from penstock.host.staleness import judged
from penstock.keys import AssetKey
from penstock.plan.expand import Given
from penstock.plan.staleness import Verdict

_MOST_RANGES = 4


@click.command(
    "plan",
    epilog=examples(
        "penstock plan",
        "penstock plan --changed",
        "penstock plan -s 'group:raw+'",
        "penstock plan -j nightly",
    ),
)
@with_code
@click.option("-s", "--select", "selection", metavar="SELECTION", help=SELECTION_HELP)
@click.option("-j", "--job", metavar="NAME", help="The steps of this job, instead of assets.")
@click.option("--partition", metavar="KEY", help="The partition that would be made, or FIRST...LAST.")
@click.option("--changed", is_flag=True, help=CHANGED_HELP)
@answering
def command(
    screen: Screen,
    code: CodeChoice,
    selection: str | None,
    job: str | None,
    partition: str | None,
    changed: bool,
) -> None:
    """Show what a run would do, and why: nothing runs.

    Reasons: missing (never made), code changed (its code version did), upstream newer (what it is made of
    has other data now), upstream stale (that is to be made first), dependency added or removed, last try
    failed; for what is up to date: upstream runs, or selected. Partitioned assets are shown in ranges, or
    with --partition for that one. Times are medians of earlier runs. After: the steps that it waits for.
    """
    if selection is not None and job is not None:
        raise click.UsageError("Give either --select or --job.")
    loaded = load(code)
    planned_job = loaded.asset_job(selection) if job is None else loaded.job(job)
    if partition is not None or planned_job.assets is None:
        refuse_wrong_partition(planned_job, partition, f"Job {job!r}" if job else "The selection")
    with Instance.get() as instance:
        steps = _planned(loaded, planned_job, partition, instance, changed=changed)
    if screen.as_json:
        seconds, unknown = seconds_of(steps)
        total = None if unknown else seconds or 0
        screen.document({"steps": [step.to_plain() for step in steps], "seconds": total})
    elif screen.quiet:
        screen.names([step.step for step in steps])
    else:
        _show(screen, steps, changed=changed)


def _planned(
    loaded: Code, job: JobDefinition, partition: str | None, instance: Instance, *, changed: bool
) -> tuple[PlannedStep, ...]:
    key, ends = asked_in_words(partition)
    is_open = partition is None and makes_partitions(job)
    coverage = Coverage() if is_open else coverage_of(job, key, ends, instance)
    selected = frozenset[AssetKey]() if job.assets is None else job.assets.selected
    verdicts = judged(loaded.graph, instance, selected)
    if changed and job.assets is not None:
        keys = _changed_keys(verdicts, coverage.keys)
        if not keys:
            return ()
        job = loaded.asset_job(AssetSelection.keys(*whole(loaded.graph, keys)))
        coverage = Coverage() if is_open or not makes_partitions(job) else coverage
    given = Given(partition_keys=coverage.keys, reads=coverage.reads)
    return preview(job, loaded.graph, instance, given, verdicts)


def _changed_keys(verdicts: Mapping[AssetKey, Verdict], covered: Sequence[str]) -> list[AssetKey]:
    return [
        key
        for key, verdict in verdicts.items()
        if verdict.is_changed
        and (not covered or not verdict.is_partitioned or changed_within(verdict, covered) is not None)
    ]


def _show(screen: Screen, steps: tuple[PlannedStep, ...], *, changed: bool) -> None:
    if not steps:
        screen.say("Nothing has changed: everything is up to date." if changed else "Nothing would run.")
        return
    numbers = {step.step: str(number) for number, step in enumerate(steps, 1)}
    now = time.time()
    has_partitions = any(step.is_partitioned for step in steps)
    rows: list[tuple[str | Cell, ...]] = []
    for step in steps:
        after = ", ".join(numbers[one] for one in step.after)
        for place, (partitions, why) in enumerate(_lines(screen, step, now)):
            first = place == 0
            rows.append(
                (
                    Cell(numbers[step.step] if first else "", "bright_black", right=True),
                    _title(step) if first else "",
                    *((partitions,) if has_partitions else ()),
                    why,
                    Cell(_took(step) if first else "", right=True),
                    after if first else "",
                )
            )
    heads = ("#", "step", *(("partitions",) if has_partitions else ()), "why", "took", "after")
    screen.table(heads, rows, elastic="why" if has_partitions else "after")
    screen.say(screen.style(_total(steps), dim=True))


def _lines(screen: Screen, step: PlannedStep, now: float) -> Iterator[tuple[str | Cell, Cell]]:
    """What stands in the columns of partitions and reasons, in one line or several."""
    if not step.partitions:
        why = causes_in_words(step.causes, now, all_of_them=bool(screen.verbose)) or step.reason
        yield "", Cell(why, COLORS.get(step.reason))
        return
    most = None if screen.verbose else _MOST_RANGES
    for group in step.partitions:
        if not group.causes:
            yield (
                f"{group.count:,} {'more' if len(step.partitions) > 1 else 'partitions'}",
                Cell("up to date"),
            )
            continue
        why = causes_in_words(group.causes, now, all_of_them=bool(screen.verbose))
        color = COLORS.get("missing" if why.startswith("missing") else group.causes[0].kind.value)
        for text in ranges_in_words(group.ranges, most):
            yield text, Cell(why, color)


def _took(step: PlannedStep) -> str:
    """How long it takes: of one run, or of all that its partitions take."""
    if not step.runs:
        return "-"
    if step.runs == 1 or step.seconds is None:
        return length(step.seconds)
    return f"{step.runs:,} × {length(step.seconds)}"


def _title(step: PlannedStep) -> str:
    """A step, and its assets where its name does not tell them."""
    names = [key.to_user_string() for key in step.makes if "__".join(key.path) != step.step]
    return f"{step.step} → {', '.join(names)}" if names else step.step


def _total(steps: tuple[PlannedStep, ...]) -> str:
    running = sum(1 for step in steps if step.runs)
    seconds, unknown = seconds_of(steps)
    count = f"{running:,} step{'' if running == 1 else 's'} would run"
    if seconds is None:
        return f"{count}; how long is not known yet." if running else "Everything is up to date."
    rest = f", and {unknown} of unknown length" if unknown else ""
    return f"{count}, about {length(seconds)} one after the other{rest}."
