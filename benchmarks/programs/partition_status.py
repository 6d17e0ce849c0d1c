"""Asks a durable store where many partitions of an asset stand: milliseconds, and bytes a materialization."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from library import database_bytes, report

from penstock import Instance
from penstock.events import values as v
from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.keys import AssetKey
from penstock.partitions.dynamic import DynamicPartitionsDefinition
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
    found = partition_statuses(store, ASSET, hours, now=NOW)
    status_ms = fastest(lambda: partition_statuses(store, ASSET, hours, now=NOW))
    assert len(found.materialized) == len(every)
    assert len(found.failed) == count - len(every)
    store.close()
    report(status_ms=status_ms, fact_bytes=(database_bytes(folder) - empty) / len(every))


def fastest(ask: Callable[[], object]) -> float:
    """Milliseconds of the fastest of five questions."""
    times = list[float]()
    for _ in range(5):
        begun = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begun)
    return 1e3 * min(times)


def dynamic(count: int) -> None:
    """The same of as many dynamic keys, all of which but some were made outside any run."""
    names, keys = DynamicPartitionsDefinition(name="customers"), [f"customer-{n}" for n in range(count)]
    instance = Instance.ephemeral()
    instance.add_dynamic_partitions("customers", keys)
    store = instance.store
    facts = [v.AssetMaterialization(ASSET, partition=key) for key in keys[HOLES:]]
    for first in range(0, len(facts), BATCH):
        some = facts[first : first + BATCH]
        store.append("", 0, [v.AssetMaterialized(at=1.7e9, step="", materialization=one) for one in some])
    begun = time.perf_counter()
    found = partition_statuses(store, ASSET, names, now=NOW, dynamic=instance)
    first_ms = 1e3 * (time.perf_counter() - begun)
    ms = fastest(lambda: partition_statuses(store, ASSET, names, now=NOW, dynamic=instance))
    assert (len(found.materialized), len(found.missing)) == (len(facts), HOLES)
    instance.close()
    report(status_ms=ms, first_ms=first_ms)


if __name__ == "__main__":
    (dynamic if sys.argv[1:2] == ["dynamic"] else main)(int(sys.argv[-1]))
