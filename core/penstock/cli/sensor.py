"""``penstock sensor``: list sensors with what they look at, and see what a tick would come to."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.cli.sensor_preview import preview_command
from penstock.define.asset_sensor import AssetSensorDefinition
from penstock.define.automation_sensor import AutomationConditionSensorDefinition
from penstock.define.multi_asset_sensor import MultiAssetSensorDefinition
from penstock.define.run_status_sensor import RunStatusSensorDefinition
from penstock.define.selection import AssetSelection
from penstock.define.sensor import SensorDefinition
from penstock.define.targets import Target


@click.group("sensor")
def command() -> None:
    """List sensors, and see what a tick would come to."""


command.add_command(preview_command)


@command.command("list", epilog=examples("penstock sensor list -m my_shop.definitions"))
@with_code
@answering
def list_command(screen: Screen, code: CodeChoice) -> None:
    """List the sensors of your definitions, each with what it looks at and what it runs."""
    found = sorted(load(code).repository.sensor_defs, key=lambda one: one.name)
    plain = [_plain(one) for one in found]
    if screen.as_json:
        screen.document(plain)
    elif screen.quiet:
        screen.names([one.name for one in found])
    elif not found:
        screen.say("No sensors. A function with @sensor, @asset_sensor or @run_status_sensor is one.")
    else:
        rows = [
            (one["name"], one["looks_at"], one["runs"] or "-", f"{one['minimum_interval_seconds']} s")
            for one in plain
        ]
        screen.table(("sensor", "looks at", "runs", "every"), rows, elastic="runs")


def _plain(one: SensorDefinition) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.sensor_type.value,
        "looks_at": _looks_at(one),
        "runs": _runs(one),
        "jobs": [target.job_name for target in one.targets],
        "minimum_interval_seconds": one.minimum_interval_seconds,
        "default_status": one.default_status.value,
        "description": one.description,
    }


def _looks_at(one: SensorDefinition) -> str:
    """What a sensor looks at, as far as its definition says so."""
    if isinstance(one, AssetSensorDefinition):
        return f"asset {one.asset_key.to_user_string()}"
    if isinstance(one, MultiAssetSensorDefinition):
        given = one.monitored_assets
        keys = (
            given if isinstance(given, AssetSelection) else ", ".join(key.to_user_string() for key in given)
        )
        return f"assets {keys}"
    if isinstance(one, RunStatusSensorDefinition):
        names = [str(getattr(job, "name", None) or job) for job in one.monitored_jobs]
        return f"runs {one.run_status.value}{' of ' + ', '.join(names) if names else ''}"
    if isinstance(one, AutomationConditionSensorDefinition):
        return "automation conditions"
    return "what its function does"


def _runs(one: SensorDefinition) -> str:
    """What a sensor may run: jobs by name, or assets."""
    if isinstance(one, AutomationConditionSensorDefinition):
        return "what they ask for"
    if one.asset_selection is not None:
        return f"assets {one.asset_selection}"
    return "; ".join(_run_by(target) for target in one.targets)


def _run_by(target: Target) -> str:
    job: Any = target.job
    return f"assets {job.selection}" if target.is_anonymous and job is not None else f"job {target.job_name}"
