"""Assets whose resources leave marks, for the tests of workers; importable, so that they travel by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from penstock import (
    AssetIn,
    AssetKey,
    ConfigurableResource,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    EnvVar,
    TimeWindowPartitionMapping,
    asset,
    resource,
    success_hook,
)

MARKS = "PENSTOCK_TEST_MARKS"
say = print  # printing is the subject


def mark(text):
    with Path(os.environ[MARKS]).open("a") as file:
        file.write(f"{text}\n")


@resource
def first(_context):
    mark("first up")
    yield 1
    mark("first down")


@resource(required_resource_keys={"first"})
def second(context):
    mark("second up")
    yield context.resources.first + 1
    mark("second down")


@resource
def unused(_context):
    mark("unused up")


@resource
def broken(_context):
    raise ValueError("no database")


@resource
def stubborn(_context):
    yield 1
    raise ValueError("will not end")


class Inner(ConfigurableResource):
    word: str


class Outer(ConfigurableResource):
    inner: Inner


OUTER = Outer(inner=Inner(word=EnvVar(MARKS)))


@asset(required_resource_keys={"second"})
def a(context):
    return context.resources.second


@asset(required_resource_keys={"first", "second"})
def b(context, a):
    return a + context.resources.first + context.resources.second


@asset(required_resource_keys={"unused"})
def other(): ...


@asset(required_resource_keys={"broken"})
def needs_broken():
    mark("needs_broken ran")


@asset(required_resource_keys={"stubborn"})
def needs_stubborn(): ...


@asset
def nested(outer: Outer) -> str:
    return outer.inner.word


@asset(deps=["nested"])
def looks(context) -> bool:
    return context.instance.get_latest_materialization_event(AssetKey("nested")) is not None


@asset
def prints(context):
    say("printed")
    context.log.info("logged")


@success_hook(required_resource_keys={"first"})
def hooked(context):
    mark(f"hook of {context.op.name}: {context.resources.first} {sorted(context.op_output_values.values())}")


OPENED = []
LIMIT = 60.0


@resource
def slow(_context):
    time.sleep(0.05)
    OPENED.append(time.monotonic())


@asset(required_resource_keys={"slow"}, timeout=LIMIT)
def hurried() -> float:
    """When its time is up, or later: no pause makes that earlier."""
    return signal.getitimer(signal.ITIMER_REAL)[0] + time.monotonic()


DAYS = DailyPartitionsDefinition("2024-01-01")


@asset(partitions_def=DAYS)
def day(context):
    return {key: key for key in context.partition_keys}


@asset(
    partitions_def=DAYS,
    ins={"day": AssetIn(partition_mapping=TimeWindowPartitionMapping(start_offset=-1, end_offset=0))},
)
def day_before(context, day):
    keys = list(context.asset_partition_keys_for_input("day"))
    window = context.asset_partitions_time_window_for_input("day")
    return {key: (keys, sorted(day), window.start.day, window.end.day) for key in context.partition_keys}


@asset(partitions_def=DynamicPartitionsDefinition(name="files"))
def listed():
    return "file"


@asset
def all_listed(listed):
    return listed
