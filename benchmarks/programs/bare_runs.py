"""What a recorded run costs at least: a row and its end, each safely on disk, events and a pickled value."""

from __future__ import annotations

import pickle
import sqlite3
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from library import report

EVENT = b"x" * 200


def main(count: int) -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, status TEXT)")
    connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, run INTEGER, body BLOB)")
    begun = time.perf_counter()
    for number in range(count):
        connection.execute("INSERT INTO runs VALUES (?, 'started')", (number,))
        (folder / f"p{number}").write_bytes(pickle.dumps(number, protocol=5))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO events (run, body) VALUES (?, ?)", [(number, EVENT)] * 5)
        connection.execute("UPDATE runs SET status = 'succeeded' WHERE id = ?", (number,))
        connection.execute("COMMIT")
    wall = time.perf_counter() - begun
    connection.close()
    report(run_ms=1e3 * wall / count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
