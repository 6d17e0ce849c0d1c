"""Backfills: planning many partitions, one step of it while it is half done, and a run for each partition."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

from library import report

from penstock import (
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    Instance,
    StaticPartitionsDefinition,
    asset,
)
from penstock.automation.targets import Asked
from penstock.host import backfills
from penstock.host.backfill_drive import Driver
from penstock.host.backfill_step import iterate
from penstock.host.code import Code
from penstock.host.ownership import identity_of
from penstock.host.user_code import CodeSource
from penstock.spi.backfills import BackfillChange, ChunkStatus

NOW = datetime(2024, 12, 1, tzinfo=UTC)
DAYS_DRIVEN = 365
HOLE = 10


def code_of(*definitions: object) -> Code:
    """Two assets of the same partitions, and days of them when they are hours."""
    hours = definitions[0]

    @asset(partitions_def=hours)
    def raw() -> None: ...

    @asset(partitions_def=hours, deps=[raw])
    def clean() -> None: ...

    made = [raw, clean]
    if len(definitions) > 1:

        @asset(partitions_def=definitions[1], deps=[clean])
        def daily() -> None: ...

        made.append(daily)
    return _code(made)


def one_of(definition: object) -> Code:
    """One asset that gives a number."""

    @asset(partitions_def=definition)
    def number() -> int:
        return 1

    return _code([number])


def _code(assets: Sequence[object]) -> Code:
    source = CodeSource(module="benchmark", folder=Path.cwd())
    repository = Definitions(assets=assets).get_repository_def()
    return Code(repository=repository, module=ModuleType("m"), source=source)


def seconds(act: Callable[[], object]) -> float:
    """The time of one call."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def planned(instance: Instance, code: Code) -> backfills.Planned:
    """A backfill of everything, recorded."""
    request = backfills.Request(selection="*", asked=Asked(everything=True))
    found = backfills.plan(instance, code, request, NOW)
    backfills.store(found)
    return found


def half_done(instance: Instance, found: backfills.Planned) -> None:
    """Note that the first half is made, with holes."""
    work, rows = found.work, instance.store.backfills
    changed = []
    for row in rows.parts(found.backfill.backfill_id)[:2]:
        before = work.sets_of(row)
        definition = before.target.partitions_def
        keys = list(before.target)[: len(before.target) // 2]
        made = definition.subset_with_partition_keys(keys)
        made -= definition.subset_with_partition_keys(keys[:: len(keys) // HOLE or 1])
        changed.append(work.row_of(row, before, before.moved("done", made)))
    (backfill,) = rows.find([found.backfill.backfill_id])
    opened = rows.chunks(backfill.backfill_id, statuses=[ChunkStatus.REQUESTED])
    settled = {chunk.number: ChunkStatus.RETURNED for chunk in opened}
    change = BackfillChange(parts=tuple(changed), settled=settled)
    rows.change(backfill.backfill_id, backfill.version, change, time.time())


def main(count: int) -> None:
    figures: dict[str, float] = {}
    start = NOW - timedelta(hours=count)
    keys = [f"customer {number}" for number in range(count)]
    kinds = {
        "hours": (
            HourlyPartitionsDefinition(start, timezone="America/New_York"),
            DailyPartitionsDefinition(start + timedelta(days=1), timezone="America/New_York"),
        ),
        "listed": (StaticPartitionsDefinition(keys),),
        "dynamic": (DynamicPartitionsDefinition(name="customers"),),
    }
    owner = identity_of(os.getpid()) or ""
    with tempfile.TemporaryDirectory() as folder, Instance.local_temp(folder) as instance:
        instance.add_dynamic_partitions("customers", keys)
        planned(instance, code_of(StaticPartitionsDefinition(["warm"])))
        for kind, definitions in kinds.items():
            code = code_of(*definitions)
            plan = partial(planned, instance, code)
            figures[f"plan_{kind}_ms"] = 1e3 * min(seconds(plan) for _ in range(3))
            found = plan()
            step = partial(iterate, found.work, NOW.timestamp(), room=25, owner=owner)
            step()
            half_done(instance, found)
            figures[f"step_{kind}_ms"] = 1e3 * seconds(step)
            tracemalloc.start()
            planned(instance, code)
            figures[f"memory_{kind}_kb"] = tracemalloc.get_traced_memory()[1] / 1e3
            tracemalloc.stop()
        days = min(DAYS_DRIVEN, count)
        driven = planned(instance, one_of(DailyPartitionsDefinition(NOW - timedelta(days=days))))
        figures["run_ms"] = 1e3 * seconds(Driver(driven.work).drive) / days
    report(**figures)


if __name__ == "__main__":
    main(int(sys.argv[1]))
