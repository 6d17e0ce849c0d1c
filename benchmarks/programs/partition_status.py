"""Asks a durable store where many partitions of an asset stand: milliseconds, and bytes a materialization."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from library import database_bytes, report

from penstock.events import values as v
from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.keys import AssetKey
from penstock.partitions.numbers import numbering_of
from penstock.partitions.periods import HourlyPartitionsDefinition
from penstock.query.partitions import partition_statuses
from penstock.store.open import open_store, sqlite_url

NOW = datetime(2126, 12, 1, tzinfo=UTC)
ASSET = AssetKey("hourly_totals")
BATCH = 512
HOLES = 100
"""Partitions that the run does not make, evenly spread."""


def events(ruler: str, keys: list[str]) -> Iterator[v.Happened]:
    """What a run over all of the keys records, save for some that it does not make."""
    every = len(keys) // HOLES
    for number, key in enumerate(keys):
        if number % every != 1:
            tags = {v.DATA_VERSION_TAG: f"{number:020x}"}
            fact = v.AssetMaterialization(ASSET, partition=key, tags=tags)
            place = PartitionPlace(ruler, number)
            yield v.AssetMaterialized(at=1.7e9, step="hourly_totals", materialization=fact, place=place)


def main(count: int) -> None:
    hours = HourlyPartitionsDefinition(NOW - timedelta(hours=count), timezone="America/New_York")
    keys = list(hours.get_partition_keys(current_time=NOW))
    numbering, folder = numbering_of(hours), Path(mkdtemp(prefix="bench-"))
    assert numbering is not None
    store = open_store(sqlite_url(folder / "penstock.db"))
    store.close()
    empty = database_bytes(folder)
    store = open_store(sqlite_url(folder / "penstock.db"))
    run = Run(
        run_id="bench",
        job_name="bench",
        tags={RANGE_START_TAG: keys[0], RANGE_END_TAG: keys[-1]},
        asset_selection=frozenset({ASSET}),
        places=PartitionPlaces(numbering.ruler, range(count)),
    )
    seq = store.create_run(run, [v.RunStarting(at=1.7e9), v.RunStarted(at=1.7e9)])
    every = list(events(numbering.ruler, keys))
    for first in range(0, len(every), BATCH):
        seq = store.append("bench", seq, every[first : first + BATCH])
    store.append("bench", seq, [v.RunFailed(at=1.7e9)])
    found, times = partition_statuses(store, ASSET, hours, now=NOW), list[float]()
    for _ in range(5):
        begun = time.perf_counter()
        partition_statuses(store, ASSET, hours, now=NOW)
        times.append(time.perf_counter() - begun)
    assert len(found.materialized) == len(every)
    assert len(found.failed) == count - len(every)
    store.close()
    report(status_ms=1e3 * min(times), fact_bytes=(database_bytes(folder) - empty) / len(every))


if __name__ == "__main__":
    main(int(sys.argv[1]))
