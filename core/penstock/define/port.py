"""The late-bound port: how a definition asks a higher room to do something.

Owns: one table of names to ``"module:attribute"`` strings, imported on first use. Lazy on purpose:
definitions stay pure and cheap to import, and nothing below imports upward.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_TARGETS: dict[str, str] = {
    "job_of_graph": "penstock.define.job_decorator:job_of_graph",
    "execute_job": "penstock.host.execute:execute_job_in_process",
    "execute_graph": "penstock.host.execute:execute_graph_in_process",
    "load_asset_value": "penstock.host.values:load_asset_value",
    "asset_value_loader": "penstock.host.values:asset_value_loader",
    "validate_run_config": "penstock.host.execute:validate_run_config",
    "validate_definitions": "penstock.plan.validate:validate_definitions",
    "open_resources": "penstock.engine.resources:open_resources",
    "init_resource_context": "penstock.engine.resources:InitResourceContext",
    "direct_context": "penstock.engine.direct:direct_context",
    "current_instance": "penstock.host.instance:current_instance",
    "ephemeral_instance": "penstock.host.instance:ephemeral_instance",
    "environment": "penstock.host.settings:environment",
    "logger": "penstock.engine.logs:get_logger",
    "tick_resources": "penstock.host.ticks:tick_resources",
    "request_due_checks": "penstock.host.due_checks:request_due_checks",
    "check_last_updates": "penstock.host.built_checks:check_last_updates",
    "check_partitions_in_time": "penstock.host.built_checks:check_partitions_in_time",
    "check_column_schemas": "penstock.host.built_checks:check_column_schemas",
    "check_metadata_bounds": "penstock.host.built_checks:check_metadata_bounds",
    "evaluate_function": "penstock.host.ticks:evaluate",
    "evaluate_sensor": "penstock.host.sensor_ticks:evaluate_sensor",
    "check_timing": "penstock.define.cron_lines:check_timing",
    "follow_partitions": "penstock.define.partitioned_schedule:follow_partitions",
    "evaluate_schedule": "penstock.host.schedule_ticks:evaluate_schedule",
    "call_schedule": "penstock.host.schedule_ticks:call_schedule",
    "ask_automation_sensor": "penstock.host.automation_sensors:ask_automation_sensor",
    "send_mail": "penstock.host.mail:send_mail",
    "ask_asset_sensor": "penstock.host.asset_sensors:ask_asset_sensor",
    "ask_multi_asset_sensor": "penstock.host.multi_asset_sensors:ask_multi_asset_sensor",
    "ask_run_status_sensor": "penstock.host.run_status_sensors:ask_run_status_sensor",
}
_FOUND: dict[str, Callable[..., Any]] = {}


def call(name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call what stands behind a name of the table.

    Args:
        name: a name of the table above.
        args, kwargs: handed on as they are.
    """
    target = _FOUND.get(name)
    if target is None:
        module, _, attribute = _TARGETS[name].partition(":")
        target = _FOUND[name] = getattr(import_module(module), attribute)
    return target(*args, **kwargs)
