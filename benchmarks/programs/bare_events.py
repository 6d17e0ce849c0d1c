"""Inserts rows as large as events into a bare SQLite table in batches, and reads them back."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from library import report

INSERT = "INSERT INTO events (run, seq, kind, at, step, body) VALUES (1, ?, 3, 1.7e9, 7, ?)"


def main(count: int, batch: int) -> None:
    """A body is the JSON of a small dict, written and read with the standard library."""
    folder = Path(mkdtemp(prefix="bench-"))
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE events (id INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, kind INTEGER, at REAL,"
        " step INTEGER, body BLOB)"
    )
    body = {"uri": "file:///home/me/.penstock/storage/asset_number_1", "bytes": 1234, "rows": 10}
    begun = time.perf_counter()
    for first in range(0, count, batch):
        rows = [(seq, json.dumps(body)) for seq in range(first, min(first + batch, count))]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
    stored = time.perf_counter() - begun
    begun = time.perf_counter()
    found = [(row, json.loads(row[-1])) for row in connection.execute("SELECT * FROM events")]
    read = time.perf_counter() - begun
    connection.close()
    report(append_rate=count / stored, read_rate=len(found) / read)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
