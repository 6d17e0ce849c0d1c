"""Records the days of ten years as materialized, durably: seconds, and bytes of database a partition.

Penstock does it as people do, by one run of an asset over the range. Dagster has such runs too, but is given
its quickest way: an event reported for each partition, without any run.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import database_bytes, instance_of, load, report

RANGE = "penstock/asset_partition_range_{}"


def recording(name: str, library: Any, count: int) -> Any:
    """A function that records so many partitions in an instance."""
    days = library.DailyPartitionsDefinition("1990-01-01")
    keys = days.get_partition_keys()[:count]

    class Nowhere(library.IOManager):
        def handle_output(self, context: Any, obj: Any) -> None:
            """Stores nothing: what is measured is the record."""

        def load_input(self, context: Any) -> None:
            """Loads nothing."""

    @library.asset(partitions_def=days)
    def daily_totals() -> None: ...

    def by_range(instance: Any) -> None:
        tags = {RANGE.format("start"): keys[0], RANGE.format("end"): keys[-1]}
        library.materialize([daily_totals], tags=tags, instance=instance, resources={"io_manager": Nowhere()})

    def one_by_one(instance: Any) -> None:
        for key in keys:
            fact = library.AssetMaterialization("daily_totals", partition=key)
            instance.report_runless_asset_event(fact)

    return by_range if name == "penstock" else one_by_one


def main(name: str, count: int) -> None:
    library, folder = load(name), Path(mkdtemp(prefix="bench-"))
    with instance_of(name, "durable", folder) as instance:
        recording(name, library, 1)(instance)
    # closed, so that write-ahead logs are merged
    record, before = recording(name, library, count), database_bytes(folder)
    with instance_of(name, "durable", folder) as instance:
        begun = time.perf_counter()
        record(instance)
        seconds = time.perf_counter() - begun
    report(seconds=seconds, bytes=(database_bytes(folder) - before) / count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
