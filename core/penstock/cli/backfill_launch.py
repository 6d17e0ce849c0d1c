"""``penstock backfill launch`` and ``resume``: plan, record, and run until it is over.

Owns: their options, the preview, and what is said at the end.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click
from attrs import asdict

from penstock.automation.scheme import Unit
from penstock.automation.targets import Asked
from penstock.cli.backfill_progress import watching
from penstock.cli.launching import executor_named
from penstock.cli.loading import load, read_config
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.running import interruptible
from penstock.cli.screen import Screen
from penstock.cli.statuses import counted, word
from penstock.cli.table import Cell
from penstock.cli.tags import parse_tags
from penstock.cli.tally import SHORT
from penstock.engine.wants import EXECUTOR_TAG
from penstock.errors import RunNotFoundError
from penstock.host import backfill_states, backfills
from penstock.host.backfill_drive import Driver
from penstock.host.backfill_work import Work
from penstock.host.backfills import Planned, Request
from penstock.host.code import Code
from penstock.host.executors import USUAL
from penstock.host.instance import Instance
from penstock.query.backfills import BackfillSummary, bad_chunks, summary_of
from penstock.spi.backfills import BackfillStatus
from penstock.values import frozen

_EXIT_CODES = {
    BackfillStatus.COMPLETED_SUCCESS: 0,
    BackfillStatus.CANCELED: 130,
    BackfillStatus.CANCELING: 130,
    BackfillStatus.PAUSED: 130,
}
_LOOKED_AT = 10
_SIGNS = {
    BackfillStatus.COMPLETED_SUCCESS: ("✓", "green"),
    BackfillStatus.COMPLETED_FAILED: ("✗", "red"),
    BackfillStatus.FAILED: ("✗", "red"),
}


def with_interrupt(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says what Ctrl-C does."""
    return click.option(
        "--on-interrupt", type=click.Choice(["pause", "cancel"]), default="pause", show_default=True,
        help="What Ctrl-C does.",
    )(function)  # fmt: skip


@click.command(
    "launch",
    epilog=examples(
        "penstock backfill launch -s daily_sales --from 2024-01-01 --to 2024-12-31 --dry-run",
        "penstock backfill launch -s 'group:raw+' --missing",
        "penstock backfill launch -j nightly --partitions 2024-03-09,2024-03-10",
    ),
)
@with_code
@click.option("-s", "--asset", "--select", "selection", metavar="SELECTION", help="Assets to make.")
@click.option("-j", "--job", metavar="NAME", help="The partitions of this job, instead of assets.")
@click.option("--partitions", metavar="KEY,KEY", multiple=True, help="These partitions.")
@click.option("--from", "first", metavar="KEY", help="Partitions from this one on.")
@click.option("--to", "last", metavar="KEY", help="Partitions up to this one.")
@click.option("--all", "everything", is_flag=True, help="Every partition there is.")
@click.option("--missing", is_flag=True, help="Only partitions that were never made.")
@click.option("--failed", is_flag=True, help="Only partitions whose last try failed.")
@click.option("--changed", is_flag=True, help="Only partitions that are stale or missing; see penstock plan.")
@click.option(
    "--order", type=click.Choice(["oldest", "newest"]), default="oldest", show_default=True,
    help="Which partitions come first.",
)  # fmt: skip
@click.option("--max-concurrent", type=click.IntRange(1), metavar="N", help="At most N runs at a time.")
@with_interrupt
@click.option("-c", "--config", metavar="FILE|JSON", help="Run config: a JSON or YAML file, or JSON text.")
@click.option("-t", "--tag", "--tags", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of each run.")
@click.option("--title", default="", help="What it is for.")
@click.option("--executor", metavar="NAME", help="What carries out the steps; see penstock plugins -v.")
@click.option("--dry-run", is_flag=True, help="Show what would run; record and run nothing.")
@click.option("--no-run", is_flag=True, help="Record it only; `penstock backfill resume` runs it.")
@answering
def launch(screen: Screen, code: CodeChoice, **given: Any) -> int:
    """Make partitions of assets, or run a job for its partitions.

    One run makes one partition of all assets with these partitions, or as many as their BackfillPolicy says.
    What reads other partitions waits for exactly those. Ctrl-C pauses.

    The exit code is 0 when everything was made, 1 when something failed, 130 when it was stopped.
    """
    loaded = load(code)
    request = _request(given, loaded)
    with Instance.get() as instance:
        planned = backfills.plan(instance, loaded, request, datetime.now(UTC))
        if given["dry_run"]:
            _preview(screen, planned)
            return 0
        if planned.is_empty:
            return _nothing(screen)
        backfills.store(planned)
        if given["no_run"]:
            return _recorded(screen, planned)
        return _drive(screen, planned.work, code, given, is_new=True)


def _request(given: dict[str, Any], loaded: Code) -> Request:
    selection, job = given["selection"], given["job"]
    if (selection is None) is (job is None):
        raise click.UsageError("Give either --asset SELECTION or --job NAME.")
    only = [one for one in ("missing", "failed", "changed") if given[one]]
    if len(only) > 1:
        raise click.UsageError("Give one of --missing, --failed and --changed.")
    keys = tuple(key.strip() for text in given["partitions"] for key in text.split(",") if key.strip())
    asked = Asked(everything=given["everything"], keys=keys, first=given["first"], last=given["last"])
    if asked.everything + bool(keys) + asked.is_range > 1:
        raise click.UsageError("Give one of --partitions, --from/--to and --all.")
    return Request(
        selection=None if selection is None else loaded.chosen(selection),
        job=job,
        asked=asked,
        only=only[0] if only else None,
        newest_first=given["order"] == "newest",
        max_runs=given["max_concurrent"],
        run_config=read_config(given["config"]) or {},
        tags=parse_tags(given["tags"]) | ({EXECUTOR_TAG: given["executor"]} if given["executor"] else {}),
        title=given["title"],
        location=str(loaded.source),
        executor=executor_named(given["executor"]),
    )


@click.command(
    "resume", epilog=examples("penstock backfill resume 3f2a91c0", "penstock backfill resume 3f2a --failed")
)
@click.argument("backfill")
@with_code
@click.option("--failed", is_flag=True, help="Try again what failed, and what waited for it.")
@with_interrupt
@click.option("--executor", metavar="NAME", help="What carries out the steps; see penstock plugins -v.")
@click.option("--join", hidden=True, type=int, metavar="PROCESS", help="Help this process.")
@answering
def resume(screen: Screen, backfill: str, code: CodeChoice, **given: Any) -> int:
    """Go on with a backfill: one that was paused, canceled, or whose process was killed.

    What it has made stays made. Several processes may work at one backfill at once. The executor that it was
    launched with carries out the rest too, unless another is named.
    """
    loaded = load(code)
    with Instance.get() as instance:
        found = backfill_states.find(instance, backfill)
        given["executor"] = given["executor"] or found.tags.get(EXECUTOR_TAG)
        work = Work(instance, loaded, found, executor_named(given["executor"]))
        if given["join"] is not None:
            return _help(work, given["join"])
        work.backfill = backfill_states.resume(work, time.time(), failed=given["failed"])
        return _drive(screen, work, code, given)


# ---- running -------------------------------------------------------------------------------------


def _help(work: Work, parent: int) -> int:
    """Work at a backfill as long as another process does; say nothing."""
    with suppress(KeyboardInterrupt, _ParentGone, RunNotFoundError):
        Driver(
            work,
            on_step=lambda _step: _stay(parent),
            location=work.backfill.location or None,
            default_executor=work.instance.settings.executor or USUAL,
        ).drive()
    return 0


class _ParentGone(Exception):
    """The process that is helped has ended."""


def _stay(parent: int) -> None:
    if os.getppid() != parent:
        raise _ParentGone


@contextmanager
def _helpers(work: Work, code: CodeChoice, executor: str | None) -> Generator[None]:
    """Other processes that work at the backfill too, so that as many runs go on at once as it allows."""
    wanted = (work.backfill.max_runs or 1) - 1
    program = "from penstock.cli.main import main; main()"
    command = [sys.executable, "-c", program, "backfill", "resume", work.backfill.backfill_id, "-q"]
    command += ["--join", str(os.getpid()), *code.arguments]
    command += [] if executor is None else ["--executor", executor]
    started = [subprocess.Popen(command) for _ in range(wanted)]  # noqa: S603 - our own command
    try:
        yield
    finally:
        for one in started:
            one.wait()


def _drive(
    screen: Screen, work: Work, code: CodeChoice, given: dict[str, Any], *, is_new: bool = False
) -> int:
    instance = work.instance
    store, backfill_id = instance.store, work.backfill.backfill_id
    before = summary_of(store, work.backfill)
    screen.say(f"Backfill {screen.style(backfill_id, 'cyan')}: {counted(before.left, 'partition')} to make.")
    with interruptible(screen), watching(screen, before) as progress, _helpers(work, code, given["executor"]):
        driver = Driver(
            work,
            on_step=progress.step,
            observers=[progress.observe],
            location=work.backfill.location or None,
            default_executor=instance.settings.executor or USUAL,
            is_new=is_new,
        )
        try:
            driver.drive()
        except KeyboardInterrupt:  # the backfill is paused, which is told below
            if given["on_interrupt"] == "cancel":
                _end(instance, backfill_id)
    after = summary_of(store, backfill_states.find(instance, backfill_id))
    failed = (chunk.run_id for chunk in bad_chunks(store, backfill_id, limit=_LOOKED_AT))
    _conclude(screen, after, code, next((one for one in failed if instance.has_run(one)), None))
    return _EXIT_CODES.get(after.backfill.status, 1)


def _end(instance: Instance, backfill_id: str) -> None:
    """What was interrupted is to be canceled."""
    found = backfill_states.find(instance, backfill_id)
    if found.status is BackfillStatus.PAUSED:
        backfill_states.cancel(instance, found, time.time())


def _conclude(screen: Screen, found: BackfillSummary, code: CodeChoice, failed: str | None) -> None:
    if screen.as_json:
        screen.write(json.dumps(found.to_plain(), ensure_ascii=False))
        return
    status, backfill_id = found.backfill.status, found.backfill.backfill_id
    sign, color = _SIGNS.get(status, ("■", "yellow"))
    screen.say(f"{screen.style(f'{sign} {word(status.value)}', color, bold=True)}: {in_words(found)}")
    if found.backfill.message:
        for line in found.backfill.message.splitlines():
            screen.say(f"  {line}")
    screen.say(f"  look at it: {screen.style(f'penstock backfill show {backfill_id}', 'cyan')}")
    rest = code.arguments
    if status is BackfillStatus.COMPLETED_FAILED:
        if failed is not None:
            screen.say(f"  and why:    {screen.style(f'penstock run show {failed[:SHORT]}', 'cyan')}")
        again = shlex.join(["penstock", "backfill", "resume", backfill_id, "--failed", *rest])
        screen.say(f"  try again:  {screen.style(again, 'cyan')}")
    elif status in (BackfillStatus.PAUSED, BackfillStatus.FAILED):
        again = shlex.join(["penstock", "backfill", "resume", backfill_id, *rest])
        screen.say(f"  go on:      {screen.style(again, 'cyan')}")
        screen.say(f"  or end it:  {screen.style(f'penstock backfill cancel {backfill_id}', 'cyan')}")


def in_words(found: BackfillSummary) -> str:
    """How far a backfill is, one line without colour."""
    others = ("skipped", "failed", "blocked", "canceled", "removed")
    parts = [f"{found.count('done'):,} of {found.count('target'):,} partitions made"]
    return ", ".join([*parts, *(f"{found.count(name):,} {name}" for name in others if found.count(name))])


# ---- without running -----------------------------------------------------------------------------


def _nothing(screen: Screen) -> int:
    if screen.as_json:
        screen.document({"backfill_id": None, "counts": {"target": 0}})
    screen.say("Nothing to make: no partition fits.")
    return 0


def _recorded(screen: Screen, planned: Planned) -> int:
    backfill_id = planned.backfill.backfill_id
    if screen.as_json:
        screen.document({"backfill_id": backfill_id, "status": planned.backfill.status.value})
    elif screen.quiet:
        screen.write(backfill_id)
    else:
        screen.say(f"Recorded backfill {backfill_id}. Run it: penstock backfill resume {backfill_id}")
    return 0


@frozen(kw_only=True)
class _Line:
    """A unit as the preview shows it."""

    wave: int
    assets: list[str]
    partitions: int
    ranges: str
    runs: int
    in_order: bool


def _line(planned: Planned, unit: Unit) -> _Line:
    return _Line(
        wave=unit.wave,
        assets=[planned.scheme.parts[place].name for place in unit.places],
        partitions=max(len(planned.targets[place]) for place in unit.places),
        ranges=planned.shown(unit.places[0]) or ("once" if planned.runs_of(unit) else "none"),
        runs=planned.runs_of(unit),
        in_order=unit.in_order,
    )


def _preview(screen: Screen, planned: Planned) -> None:
    lines = [_line(planned, unit) for unit in planned.scheme.units]
    config, tags = dict(planned.backfill.run_config), dict(planned.backfill.tags)
    if screen.as_json:
        screen.document({"units": [asdict(one) for one in lines], "config": config, "tags": tags})
        return
    rows = [
        (
            Cell(str(one.wave), right=True),
            ", ".join(one.assets),
            f"{one.ranges}{', in order' if one.in_order else ''}",
            Cell(f"{one.partitions:,}", right=True),
            Cell(f"{one.runs:,}", right=True),
        )
        for one in lines
    ]
    screen.table(("wave", "made together", "partitions", "count", "runs"), rows, elastic="made together")
    if config:
        screen.say(f"config: {json.dumps(config, ensure_ascii=False)}")
    if tags:
        screen.say(f"tags: {', '.join(f'{key}={value}' for key, value in tags.items())}")
    screen.say(
        screen.style(f"{counted(sum(one.runs for one in lines), 'run')}. Nothing was recorded.", dim=True)
    )
