"""The library under measurement, by name: where Penstock and Dagster differ in a name, it is said here."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

INSTANCES = {"penstock": "Instance", "dagster": "DagsterInstance"}
EVENTS = {"penstock": "event", "dagster": "dagster_event"}


def load(name: str) -> Any:
    """The library itself; silent, as a program in production would have it."""
    library = import_module(name)
    if name == "dagster":
        import_module("logging").disable(50)
    return library


@contextlib.contextmanager
def instance_of(name: str, store: str, folder: Path) -> Generator[Any]:
    """An instance that forgets (``memory``), or one that keeps all in a folder (``durable``)."""
    instances = getattr(load(name), INSTANCES[name])
    folder.mkdir(parents=True, exist_ok=True)
    made = (
        instances.ephemeral(tempdir=str(folder))
        if store == "memory"
        else instances.local_temp(tempdir=str(folder))
    )
    with made as instance:
        yield instance


def moments(name: str, instance: Any, run_id: str, kind: str) -> list[float]:
    """When events of a kind (``"STEP_START"``) of a run happened, in seconds since 1970."""
    entries = [(entry, getattr(entry, EVENTS[name])) for entry in instance.all_logs(run_id)]
    return [
        entry.timestamp for entry, event in entries if event is not None and event.event_type_value == kind
    ]


def plan_of(name: str, job: Any) -> Any:
    """The plan of a job."""
    if name == "dagster":
        return import_module("dagster._core.execution.api").create_execution_plan(job)
    return import_module("penstock.plan.expand").build_plan(job)


def database_bytes(folder: Path) -> int:
    """What all databases in a folder take, their write-ahead logs included."""
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return sum(file.stat().st_size for file in files if ".db" in file.name)


def report(**numbers: float) -> None:
    """Print the numbers as the last line, where the benchmark looks for them."""
    sys.stdout.write("\n" + json.dumps(numbers) + "\n")
