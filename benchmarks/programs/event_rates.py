"""Appends the events of trivial steps to a durable store in batches, and reads them back: events a second."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import database_bytes, report

from penstock.events import values as v
from penstock.events.runs import Run
from penstock.spi.store import EventQuery
from penstock.store.open import open_store, sqlite_url


def step_events(number: int) -> list[Any]:
    """What a step that makes an asset leaves in the log."""
    name = f"asset_number_{number}"
    path = f"/home/me/.penstock/storage/{name}"
    tags = {v.DATA_VERSION_TAG: f"{number:020x}"}
    return [
        v.StepStarted(at=1.7e9, step=name),
        v.OutputProduced(at=1.7e9, step=name),
        v.OutputStored(at=1.7e9, step=name, receipt=v.Receipt(uri=f"file://{path}", bytes=1234, rows=10)),
        v.AssetMaterialized(
            at=1.7e9,
            step=name,
            materialization=v.AssetMaterialization(name, metadata={"path": path}, tags=tags),
        ),
        v.StepSucceeded(at=1.7e9, step=name, seconds=0.000123),
    ]


def main(count: int, batch: int) -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    store = open_store(sqlite_url(folder / "penstock.db"))
    events = [event for number in range(count // 5) for event in step_events(number)]
    seq = store.create_run(Run(run_id="bench", job_name="bench"), [v.RunStarted(at=1.7e9)])
    seq = store.append("bench", seq, step_events(count))
    store.close()
    empty = database_bytes(folder)
    store = open_store(sqlite_url(folder / "penstock.db"))
    begun = time.perf_counter()
    for first in range(0, len(events), batch):
        seq = store.append("bench", seq, events[first : first + batch])
    stored = time.perf_counter() - begun
    begun = time.perf_counter()
    found = store.read(EventQuery(run_id="bench"))
    read = time.perf_counter() - begun
    store.close()
    assert len(found) == len(events) + 6
    size = (database_bytes(folder) - empty) / len(events)
    report(append_rate=len(events) / stored, read_rate=len(found) / read, event_bytes=size)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
