"""Forgetting: how rows leave the log, and which of them may not.

Owns: the guard that lets rows go, the turning of facts into plain events, the removal of a run.
Must not know connections or policies: ``retention`` chooses what is old enough.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from penstock.store import pools, rows, statuses

GONE_HALF, GONE = 1, 2

_COLUMNS = "id, run, seq, kind, at, step, body"

_IS_LATEST = """
    EXISTS (SELECT 1 FROM assets a WHERE a.id = f.asset AND f.id IN (a.materialized, a.observed))
    OR EXISTS (SELECT 1 FROM partitions p WHERE p.asset = f.asset AND p.part = f.part AND p.fact = f.id)
    OR EXISTS (SELECT 1 FROM checks c WHERE c.asset = f.asset AND c.name = f.check_name AND c.fact = f.id)
"""


@contextmanager
def allowed_to_delete(tx: sqlite3.Connection, reason: str) -> Generator[None]:
    """Lets rows of the log be deleted within this block of a write transaction."""
    tx.execute("INSERT INTO deleting VALUES (?)", (reason,))
    yield
    tx.execute("DELETE FROM deleting")


def demote_facts(tx: sqlite3.Connection, where: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Make facts plain events of their runs; those of no run, or of a forgotten one, go.

    Args:
        tx: within ``allowed_to_delete``.
        where: a condition on ``facts``.
        values: its parameters, once for each time that it is to be carried out.
    """
    tx.executemany(
        f"INSERT INTO events SELECT {_COLUMNS} FROM facts WHERE {where}"  # own conditions
        " AND run IN (SELECT id FROM runs WHERE gone = 0)",
        values,
    )
    tx.executemany(f"DELETE FROM facts WHERE {where}", values)


def begin_to_forget(tx: sqlite3.Connection, run: int) -> None:
    """From now on nobody sees the run; its events go next, in batches if they are many."""
    row = tx.execute("SELECT tags FROM runs WHERE id = ?", (run,)).fetchone()
    tags = [(key, str(value), run) for key, value in rows.tags_of(row[0]).items()]
    tx.executemany("DELETE FROM run_tags WHERE key = ? AND value = ? AND run = ?", tags)
    statuses.forget_tries(tx, run)
    pools.forget_run(tx, run)
    tx.execute("UPDATE runs SET gone = ?, tags = x'', body = x'' WHERE id = ?", (GONE_HALF, run))


def remove_events(tx: sqlite3.Connection, run: int, batch: int) -> int:
    """Remove up to ``batch`` events of a forgotten run.

    Returns:
        How many went; fewer than ``batch`` when none are left.
    """
    with allowed_to_delete(tx, "forget"):
        return tx.execute(
            "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE run = ? LIMIT ?)", (run, batch)
        ).rowcount


def finish_forgetting(tx: sqlite3.Connection, run: int, *, keep_history: bool) -> int:
    """Drop facts that are not the latest (unless history is kept), and the run when none is left.

    Returns:
        How many facts went.
    """
    dropped = 0
    if not keep_history:
        with allowed_to_delete(tx, "forget"):
            dropped = tx.execute(
                "DELETE FROM facts WHERE id IN"
                f" (SELECT f.id FROM facts f WHERE f.run = ? AND NOT ({_IS_LATEST}))",
                (run,),
            ).rowcount
    if tx.execute("SELECT 1 FROM facts WHERE run = ? LIMIT 1", (run,)).fetchone() is None:
        tx.execute("DELETE FROM runs WHERE id = ?", (run,))
    else:
        tx.execute("UPDATE runs SET gone = ? WHERE id = ?", (GONE, run))
    return dropped


def drop_empty_runs(tx: sqlite3.Connection) -> None:
    """Drop forgotten runs whose last fact was wiped since."""
    has_facts = "EXISTS (SELECT 1 FROM facts f WHERE f.run = runs.id)"
    tx.execute(f"DELETE FROM runs WHERE gone = ? AND NOT {has_facts}", (GONE,))
