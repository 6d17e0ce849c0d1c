"""``penstock schedule preview``: what the next ticks of a schedule would ask for. Nothing is launched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import click

from penstock.automation.cron_ticks import ticks_after
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.requests import plain_request, request_details
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.define.repository import RepositoryDefinition
from penstock.define.run_requests import RunRequest
from penstock.define.schedule import ScheduleDefinition
from penstock.define.schedule_context import build_schedule_context
from penstock.errors import UserCodeExecutionError, UserError
from penstock.host.clock import now
from penstock.host.instance import Instance
from penstock.partitions.zones import zone_named
from penstock.values import frozen

_FAILED = 1
_YEARS = range(1000, 9001)  # those of partitions; a schedule may tick once in a lifetime


@frozen(kw_only=True)
class Looked:
    """What a tick would do.

    Args:
        at: the tick, on the wall of its zone.
        requests: runs that it asks for.
        skip: why it asks for none; None when it does, or says nothing.
        failure: what its function raised, or what is wrong with its answer.
    """

    at: datetime
    requests: tuple[RunRequest, ...] = ()
    skip: str | None = None
    failure: str | None = None


@click.command(
    "preview",
    epilog=examples(
        "penstock schedule preview nightly",
        "penstock schedule preview nightly --at 2024-03-10 -n 3",
        "penstock schedule preview nightly --at 2024-03-10T06:00+01:00 --json",
    ),
)
@click.argument("name")
@click.option("--at", metavar="TIME", help="From this time on, in the schedule's zone. [default: now]")
@click.option(
    "-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="So many ticks."
)
@with_code
@answering
def preview_command(screen: Screen, code: CodeChoice, name: str, at: str | None, count: int) -> int:
    """Show the next ticks of the schedule NAME, and what each would ask for. Nothing is launched.

    Its functions are called, with the instance and the resources of your definitions.

    The exit code is 0, or 1 when a tick would fail.
    """
    project = load(code).repository
    made = project.get_schedule_def(name)
    after = now() if at is None else moment_named(at, made.execution_timezone or "UTC") - timedelta(seconds=1)
    ticks = islice(ticks_after(made.cron_schedule, after, made.execution_timezone), count)
    with Instance.get() as instance:
        found = [looked_at(made, tick, project, instance) for tick in ticks]
    _tell(screen, made, found)
    return _FAILED if any(one.failure for one in found) else 0


def moment_named(text: str, zone_name: str) -> datetime:
    """A time as somebody typed it; without an offset it is meant on the wall of a zone.

    Args:
        text: a date, or a date and a time, as of ISO 8601.
        zone_name: of the zone.

    Raises:
        BadParameter: when it is no time.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _no_time(text) from error
    if found.year not in _YEARS:
        raise _no_time(text)
    return (found if found.tzinfo else found.replace(tzinfo=zone_named(zone_name))).astimezone(UTC)


def _no_time(text: str) -> click.BadParameter:
    years = f"in the years {_YEARS[0]} to {_YEARS[-1]}"
    return click.BadParameter(
        f"wanted a date or a time such as 2024-03-10 or 2024-03-10T06:00, {years}, found {text!r}.",
        param_hint="--at",
    )


def shown_tick(tick: datetime) -> str:
    """A tick for people, on the wall of its zone."""
    return tick.strftime("%a %Y-%m-%d %H:%M %z")


def looked_at(
    made: ScheduleDefinition, tick: datetime, project: RepositoryDefinition, instance: Instance
) -> Looked:
    """What a tick would do."""
    context = build_schedule_context(instance, tick, repository_def=project)
    try:
        data = made.evaluate_tick(context)
    except (UserError, UserCodeExecutionError) as error:
        return Looked(at=tick, failure=str(error))
    return Looked(at=tick, requests=tuple(data.run_requests), skip=data.skip_message)


def _tell(screen: Screen, made: ScheduleDefinition, found: list[Looked]) -> None:
    if screen.as_json:
        zone = made.execution_timezone or "UTC"
        ticks = [_plain(one, made) for one in found]
        screen.document({"schedule": made.name, "timezone": zone, "ticks": ticks})
    elif screen.quiet:
        screen.names([one.at.isoformat() for one in found])
    else:
        rows = [row for one in found for row in _rows(one)]
        screen.table(("tick", "asks for", "with"), rows, elastic="with")


def _plain(one: Looked, made: ScheduleDefinition) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "requests": [plain_request(request, made.job_name) for request in one.requests],
        "skip": one.skip,
        "failure": one.failure,
    }


def _rows(one: Looked) -> list[tuple[str, str | Cell, str]]:
    at = shown_tick(one.at)
    if one.failure is not None:
        return [(at, Cell("failure", "red"), one.failure)]
    if not one.requests:
        return [(at, Cell("no run", "bright_black"), one.skip or "")]
    heads = [at, *[""] * (len(one.requests) - 1)]
    return [
        (head, "a run", request_details(request)) for head, request in zip(heads, one.requests, strict=True)
    ]
