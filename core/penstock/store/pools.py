"""Pools in SQLite: the ``PoolStore`` protocol.

Owns: limits, slots that are taken, who waits for one, and the counting, which happens in the transaction that
takes. What ends an attempt frees its slot in ``free_ended``, within the transaction that stores the event;
the end of a run does so by a trigger. Must not know processes or clocks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from penstock.errors import InvariantViolationError, TransitionRejected
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.spi.pools import WAITER_PATIENCE, Pool, Slot, SlotAnswer, SlotRequest
from penstock.store import rows
from penstock.store.database import Database

_DEFAULT = ""
_LAST = 1 << 62
_REFRESH = WAITER_PATIENCE / 5
_UNDER_WAY = (rows.STATUS_NUMBERS[RunStatus.STARTING], rows.STATUS_NUMBERS[RunStatus.STARTED])
_ENDS = (v.StepSucceeded, v.StepFailed, v.StepInterrupted, v.StepRetryScheduled)
_TAKEN = (
    "SELECT s.pool, r.run_id, s.step, s.owner, {}, s.attempt{} FROM pool_slots s JOIN runs r ON r.id = s.run"
)
_EACH, _FIRST = _TAKEN.format("s.taken", ""), _TAKEN.format("min(s.taken)", ", count(*) - 1")
_WAITING = (
    "SELECT q.pool, r.run_id, q.step, q.owner, q.asked, 0, 0, q.priority"
    " FROM pool_queue q JOIN runs r ON r.id = q.run"
)
_AHEAD = "q.pool = ? AND (q.priority > ? OR q.priority = ? AND q.id < ?) AND q.looked >= ?"


class SqlitePools:
    """Pools in one SQLite database.

    Args:
        database: open, with its tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_limit(self, pool: str | None, slots: int | None) -> None:
        """Give a pool so many slots; see ``PoolStore``."""
        if pool == _DEFAULT:
            raise InvariantViolationError("A pool has a name, and this one is empty.")
        name = _DEFAULT if pool is None else pool
        with self._database.write(full=True) as tx:
            if slots is None:
                tx.execute("DELETE FROM pools WHERE name = ?", (name,))
            else:
                tx.execute("INSERT OR REPLACE INTO pools VALUES (?, ?)", (name, slots))

    def default_limit(self) -> int | None:
        """The limit of pools that have none of their own."""
        with self._database.read() as tx:
            return _own_limit(tx, _DEFAULT)

    def find(self, pool: str | None = None, *, run_id: str | None = None) -> Sequence[Pool]:
        """Pools that are known; see ``PoolStore``."""
        with self._database.read() as tx:
            taken = _slots(tx, _EACH, "s", pool, run_id)
            waiting = _slots(tx, _WAITING, "q", pool, run_id)
            limits = dict(tx.execute("SELECT name, slots FROM pools").fetchall())
        default = limits.pop(_DEFAULT, None)
        seen = {*(limits if run_id is None else ()), *taken, *waiting}
        return [
            Pool(
                name=name,
                limit=limits.get(name, default),
                is_default=name not in limits and default is not None,
                taken=tuple(taken.get(name, ())),
                waiting=tuple(waiting.get(name, ())),
            )
            for name in (sorted(seen) if pool is None else [pool])
        ]

    def ask(self, request: SlotRequest, now: float) -> SlotAnswer:
        """Take a slot, or a place in the queue for one; see ``PoolStore``."""
        with self._database.write(full=False) as tx:
            run = _run_under_way(tx, request.run_id)
            kept = tx.execute(
                "UPDATE pool_slots SET attempt = ? WHERE run = ? AND step = ? AND pool = ?",
                (request.attempt, run, request.step, request.pool),
            )
            if kept.rowcount:
                return SlotAnswer(granted=True)
            return _take(tx, run, request, now)

    def give_back(self, run_id: str, step: str | None = None) -> int:
        """End what a run has of pools; see ``PoolStore``."""
        of_run = "run = (SELECT id FROM runs WHERE run_id = :run) AND (:step IS NULL OR step = :step)"
        given = {"run": run_id, "step": step}
        with self._database.write(full=False) as tx:
            tx.execute(f"DELETE FROM pool_queue WHERE {of_run}", given)
            return tx.execute(f"DELETE FROM pool_slots WHERE {of_run}", given).rowcount


def free_ended(tx: sqlite3.Connection, run: int, events: Sequence[v.Happened]) -> None:
    """Give back the slots of attempts that end with these events; next to nothing for runs without any.

    Args:
        tx: within the transaction that stores the events.
        run: the storage id of their run.
        events: in order.
    """
    held = tx.execute("SELECT step, attempt FROM pool_slots WHERE run = ?", (run,)).fetchall()
    if not held:
        return
    attempts: dict[str, int] = dict(held)
    over = [(run, event.step) for event in events if isinstance(event, _ENDS) and _frees(event, attempts)]
    tx.executemany("DELETE FROM pool_slots WHERE run = ? AND step = ?", over)


def forget_run(tx: sqlite3.Connection, run: int) -> None:
    """A run is deleted: it has and wants nothing any more."""
    tx.execute("DELETE FROM pool_slots WHERE run = ?", (run,))
    tx.execute("DELETE FROM pool_queue WHERE run = ?", (run,))


def faults_of_pools(tx: sqlite3.Connection) -> Iterator[str]:
    """Everything that is wrong with slots, one sentence each."""
    sql = (
        "SELECT s.pool, r.run_id, s.step FROM pool_slots s JOIN runs r ON r.id = s.run"
        f" WHERE r.gone <> 0 OR r.status NOT IN ({','.join(map(str, (*_UNDER_WAY, 4)))})"
    )
    for pool, run_id, step in tx.execute(sql):
        yield f"Run {run_id} is over, and its step {step} has a slot of pool {pool}."


# ---- within a transaction ------------------------------------------------------------------------


def _frees(event: v.StepHappened, attempts: dict[str, int]) -> bool:
    """Whether the end of an attempt is that of the one which has the slot: a step ends but once."""
    if event.step not in attempts:
        return False
    return not isinstance(event, v.StepRetryScheduled) or event.attempt >= attempts[event.step]


def _run_under_way(tx: sqlite3.Connection, run_id: str) -> int:
    row = tx.execute("SELECT id, status FROM runs WHERE run_id = ? AND gone = 0", (run_id,)).fetchone()
    if row is None or row[1] not in _UNDER_WAY:
        stands = "is not stored" if row is None else f"is {rows.STATUSES[row[1]].value}"
        raise TransitionRejected(
            f"Run {run_id} asked for a slot of a pool, but {stands}: this writer must stop."
        )
    return row[0]


def _take(tx: sqlite3.Connection, run: int, request: SlotRequest, now: float) -> SlotAnswer:
    """Count, and take a slot or a place in the queue."""
    pool = request.pool
    own = tx.execute(
        "SELECT id, looked, step, priority FROM pool_queue WHERE run = ? AND pool = ?", (run, pool)
    ).fetchone()
    limit = _limit(tx, pool)
    if limit is not None:
        found = tx.execute("SELECT count(*) FROM pool_slots WHERE pool = ?", (pool,)).fetchone()
        own_id, urgency = _LAST if own is None else own[0], request.priority
        place = (pool, urgency, urgency, own_id, now - WAITER_PATIENCE)
        ahead_of_it = tx.execute(f"SELECT count(*) FROM pool_queue q WHERE {_AHEAD}", place).fetchone()
        if found[0] + ahead_of_it[0] >= limit:
            holders, ahead = _in_the_way(tx, place)
            _queue(tx, run, own, request, now)
            return SlotAnswer(granted=False, limit=limit, taken=found[0], holders=holders, ahead=ahead)
    if own is not None:
        tx.execute("DELETE FROM pool_queue WHERE id = ?", own[:1])
    tx.execute(
        "INSERT INTO pool_slots VALUES (?, ?, ?, ?, ?, ?)",
        (run, request.step, request.attempt, pool, request.owner, now),
    )
    return SlotAnswer(granted=True)


def _queue(
    tx: sqlite3.Connection,
    run: int,
    own: tuple[int, float, str, int] | None,
    request: SlotRequest,
    now: float,
) -> None:
    """Keep or take a place in the queue; it is the run's, for whichever of its steps asked last."""
    if own is None:
        tx.execute(
            "INSERT INTO pool_queue (pool, run, step, owner, asked, looked, priority)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (request.pool, run, request.step, request.owner, now, now, request.priority),
        )
    elif own[2:] != (request.step, request.priority) or not -_REFRESH < now - own[1] < _REFRESH:
        tx.execute(
            "UPDATE pool_queue SET step = ?, looked = ?, priority = ? WHERE id = ?",
            (request.step, now, request.priority, own[0]),
        )


def _in_the_way(tx: sqlite3.Connection, place: tuple[str, int, int, int, float]) -> list[tuple[Slot, ...]]:
    """Of each run that has slots the first, and who is ahead in the queue."""
    holders = tx.execute(f"{_FIRST} WHERE s.pool = ? GROUP BY s.run ORDER BY s.taken", place[:1])
    ahead = tx.execute(f"{_WAITING} WHERE {_AHEAD} ORDER BY q.priority DESC, q.id", place)
    return [tuple(map(_slot, found)) for found in (holders, ahead)]


def _limit(tx: sqlite3.Connection, pool: str) -> int | None:
    own = _own_limit(tx, pool)
    return _own_limit(tx, _DEFAULT) if own is None else own


def _own_limit(tx: sqlite3.Connection, name: str) -> int | None:
    row = tx.execute("SELECT slots FROM pools WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def _slots(
    tx: sqlite3.Connection, sql: str, table: str, pool: str | None, run_id: str | None
) -> Mapping[str, Sequence[Slot]]:
    """Slots or wishes by pool."""
    order = "s.taken, s.step" if table == "s" else "q.priority DESC, q.id"
    of_pool, of_run = f"(:pool IS NULL OR {table}.pool = :pool)", "(:run IS NULL OR r.run_id = :run)"
    where = f"WHERE {of_pool} AND {of_run} ORDER BY {order}"
    found: dict[str, list[Slot]] = {}
    for row in tx.execute(f"{sql} {where}", {"pool": pool, "run": run_id}):
        found.setdefault(row[0], []).append(_slot(row))
    return found


def _slot(row: tuple[Any, ...]) -> Slot:
    pool, run_id, step, owner, since, *counts = row
    return Slot(
        pool=pool,
        run_id=run_id,
        step=step,
        owner=owner,
        since=since,
        attempt=counts[0] if counts else 0,
        others=counts[1] if len(counts) > 1 else 0,
        priority=counts[2] if len(counts) > 2 else 0,
    )
