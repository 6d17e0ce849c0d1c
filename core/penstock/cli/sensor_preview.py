"""``penstock sensor preview``: what one tick of a sensor would come to. Nothing is launched or stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.requests import plain_request, request_details
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.define.sensor import SensorDefinition
from penstock.define.sensor_context import build_sensor_context
from penstock.define.sensor_result import DynamicPartitionsRequest, SensorExecutionData
from penstock.errors import Error
from penstock.host.instance import Instance
from penstock.partitions.dynamic import AddDynamicPartitionsRequest
from penstock.values import frozen

_FAILED = 1
_Row = tuple[str | Cell, str]


@frozen(kw_only=True)
class Looked:
    """What a tick would come to, or what the function raised."""

    data: SensorExecutionData | None = None
    failure: str | None = None


@click.command(
    "preview",
    epilog=examples(
        "penstock sensor preview new_files",
        "penstock sensor preview new_files --cursor 2024-03-10 --json",
    ),
)
@click.argument("name")
@click.option("--cursor", metavar="TEXT", help="Where the tick before left off. [default: none]")
@with_code
@answering
def preview_command(screen: Screen, code: CodeChoice, name: str, cursor: str | None) -> int:
    """Show what a tick of the sensor NAME would come to. Nothing is launched or stored.

    Its function is called, with the instance and the resources of your definitions.

    The exit code is 0, or 1 when the function raised.
    """
    project = load(code).repository
    made = project.get_sensor_def(name)
    with Instance.get() as instance:
        context = build_sensor_context(instance, cursor, repository_def=project)
        found = looked_at(made, context)
    if screen.as_json:
        screen.document(_plain(made, cursor, found))
    elif screen.quiet:
        screen.names([] if found.data is None else [one.run_key or "-" for one in found.data.run_requests])
    else:
        _show(screen, made, cursor, found)
    return _FAILED if found.failure else 0


def looked_at(made: SensorDefinition, context: Any) -> Looked:
    """What a tick would come to; what the function raises is no fault of the command.

    Args:
        made: the sensor.
        context: of the tick.
    """
    try:
        return Looked(data=made.evaluate_tick(context))
    except Error:
        raise
    except Exception as error:  # noqa: BLE001  # of the user's function: told, not raised
        return Looked(failure=f"Sensor {made.name!r}: its function raised {type(error).__name__}: {error}")


def _job(made: SensorDefinition) -> str | None:
    return made.targets[0].job_name if len(made.targets) == 1 else None


def _plain(made: SensorDefinition, cursor: str | None, found: Looked) -> dict[str, Any]:
    data = found.data or SensorExecutionData(cursor=cursor)
    return {
        "sensor": made.name,
        "cursor": cursor,
        "next_cursor": data.cursor,
        "requests": [plain_request(one, _job(made)) for one in data.run_requests],
        "skip": data.skip_message,
        "partitions": [
            {"name": one.partitions_def_name, "change": _change(one), "keys": list(one.partition_keys)}
            for one in data.dynamic_partitions_requests
        ],
        "facts": [
            {"kind": type(one).__name__, "asset": one.asset_key.to_user_string()} for one in data.asset_events
        ],
        "reactions": [
            {"run_id": one.run and one.run.run_id, "failure": one.error and one.error.message}
            for one in data.run_reactions
        ],
        "failure": found.failure,
    }


def _change(request: DynamicPartitionsRequest) -> str:
    return "add" if isinstance(request, AddDynamicPartitionsRequest) else "delete"


def _show(screen: Screen, made: SensorDefinition, cursor: str | None, found: Looked) -> None:
    rows = [(Cell("failure", "red"), found.failure or "")] if found.data is None else _rows(made, found.data)
    screen.table(("a tick", "with"), rows, elastic="with")
    after = cursor if found.data is None else found.data.cursor
    screen.say(f"Cursor: {after!r}{' as before' if after == cursor else f', before {cursor!r}'}.")


def _rows(made: SensorDefinition, data: SensorExecutionData) -> Sequence[_Row]:
    job = _job(made)
    rows: list[_Row] = [
        (f"{_change(one)}s keys", f"{one.partitions_def_name}: {', '.join(one.partition_keys)}")
        for one in data.dynamic_partitions_requests
    ]
    rows += [
        (
            f"records a{'n' if type(one).__name__[0] in 'AO' else ''} {type(one).__name__}",
            one.asset_key.to_user_string(),
        )
        for one in data.asset_events
    ]
    rows += [
        (
            "has seen a run",
            f"{one.run.run_id} of {one.run.job_name}{f': {one.error.message}' if one.error else ''}",
        )
        for one in data.run_reactions
        if one.run is not None
    ]
    rows += [("asks for a run", request_details(one, one.job_name or job)) for one in data.run_requests]
    if not data.run_requests and not data.run_reactions:
        rows.append((Cell("asks for no run", "bright_black"), data.skip_message or ""))
    return rows
