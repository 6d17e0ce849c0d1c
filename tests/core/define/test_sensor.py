"""Sensors as definitions: names, targets, and calls in a test."""

from __future__ import annotations

from penstock.define.asset_job import define_asset_job
from penstock.define.run_requests import SkipReason
from penstock.define.sensor import build_sensor_context, sensor

JOB = define_asset_job("refill")


def test_a_function_may_move_its_cursor():
    @sensor(job=JOB)
    def watch(context):
        context.update_cursor("2")
        return SkipReason(f"at {context.cursor}")

    context = build_sensor_context(cursor="1")
    assert watch(context) == SkipReason("at 2")
    assert (watch.name, watch.job_name, context.cursor) == ("watch", "refill", "2")
