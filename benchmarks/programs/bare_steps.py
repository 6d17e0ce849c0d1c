"""What a step costs without an orchestrator: the call, and with stored events and a stored value."""

from __future__ import annotations

import os
import pickle
import sqlite3
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from library import report
from shapes import functions, parents

EVENTS = 3
EVENT = b"x" * 200


def call(count: int, shape: str) -> None:
    graph = [(functions(read), read) for read in parents(shape, count)]
    begun = time.perf_counter()
    values: list[int] = []
    for function, read in graph:
        values.append(function(*[values[parent] for parent in read]))
    report(step_ms=1e3 * (time.perf_counter() - begun) / count)


def synced(count: int, shape: str) -> None:
    """The floor with each file safely on disk, which a durable run owes at its end at the latest."""
    floor(count, shape, syncs=True)


def floor(count: int, shape: str, *, syncs: bool = False) -> None:
    """Each event committed, in a write-ahead log that is not synced, over one kept connection."""
    folder = Path(mkdtemp(prefix="bench-"))
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, step TEXT, kind INTEGER, body BLOB)")
    graph = [(functions(read), read) for read in parents(shape, count)]
    begun, used = time.perf_counter(), time.process_time()
    values: list[int] = []
    for number, (function, read) in enumerate(graph):
        values.append(function(*[values[parent] for parent in read]))
        with (folder / f"a{number}").open("wb") as file:
            pickle.dump(values[-1], file, protocol=5)
            if syncs:
                file.flush()
                os.fsync(file.fileno())
        for kind in range(EVENTS):
            connection.execute(
                "INSERT INTO events (step, kind, body) VALUES (?, ?, ?)", (f"a{number}", kind, EVENT)
            )
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    connection.close()
    report(step_ms=1e3 * wall / count, cpu_ms=1e3 * cpu / count)


if __name__ == "__main__":
    {"call": call, "floor": floor, "synced": synced}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
