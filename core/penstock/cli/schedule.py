"""``penstock schedule``: list schedules with their next ticks, and see what ticks would ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from penstock.automation.cron_ticks import ticks_after
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.schedule_preview import preview_command, shown_tick
from penstock.cli.screen import Screen
from penstock.define.schedule import ScheduleDefinition
from penstock.host.clock import now


@click.group("schedule")
def command() -> None:
    """List schedules, and see what their ticks would ask for."""


command.add_command(preview_command)


@command.command("list", epilog=examples("penstock schedule list -m my_shop.definitions"))
@with_code
@answering
def list_command(screen: Screen, code: CodeChoice) -> None:
    """List the schedules of your definitions, each with its next tick."""
    found = sorted(load(code).repository.schedule_defs, key=lambda one: one.name)
    plain = [_plain(one, now()) for one in found]
    if screen.as_json:
        screen.document(plain)
    elif screen.quiet:
        screen.names([one.name for one in found])
    elif not found:
        screen.say("No schedules. A ScheduleDefinition, or a function with @schedule, is one.")
    else:
        rows = [
            (one["name"], one["runs"], ", ".join(one["cron_schedule"]), one["timezone"], _shown(one))
            for one in plain
        ]
        screen.table(("schedule", "runs", "cron", "zone", "next tick"), rows, elastic="runs")


def _shown(one: dict[str, Any]) -> str:
    """The next tick, on the wall of its zone."""
    return shown_tick(datetime.fromisoformat(one["next_tick"]))


def _plain(one: ScheduleDefinition, moment: datetime) -> dict[str, Any]:
    lines = one.cron_schedule
    return {
        "name": one.name,
        "runs": _runs(one),
        "job": one.job_name,
        "cron_schedule": [lines] if isinstance(lines, str) else list(lines),
        "timezone": one.execution_timezone or "UTC",
        "default_status": one.default_status.value,
        "next_tick": next(ticks_after(lines, moment, one.execution_timezone)).isoformat(),
        "description": one.description,
    }


def _runs(one: ScheduleDefinition) -> str:
    """What a schedule runs: a job by name, or the assets that it targets."""
    job: Any = one.target.job
    return f"assets {job.selection}" if one.has_anonymous_job and job is not None else f"job {one.job_name}"
