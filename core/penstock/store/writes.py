"""What changes runs and the log, inside a transaction that somebody else began.

Owns: compare-and-set on a run, the insertion of events, the projections that follow from them.
Must not know connections, locks or who decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import InvariantViolationError, RunNotFoundError, TransitionRejected
from penstock.events import values as v
from penstock.events.fold import STATUS_AFTER, move
from penstock.events.runs import LEGAL_TRANSITIONS, TERMINAL, Run, RunStatus
from penstock.keys import AssetKey
from penstock.store import pools, rows, statuses
from penstock.store.rows import Coded

Names = dict[str, dict[Any, int]]
Event = v.Happened

NAMES_LIMIT = 50_000
"""How many interned names a process remembers of each sort."""


def insert_run(tx: sqlite3.Connection, names: Names, run: Run, events: Sequence[Event], now: float) -> int:
    """Insert a run with its first events.

    Args:
        tx: within a write transaction.
        names: interned names by sort.
        run: its status counts only when no event sets one.
        events: its first events.
        now: seconds since 1970; used when there are no events.
    """
    status = move(None, events, run.run_id) or run.status
    if status is RunStatus.NOT_STARTED:
        status = RunStatus.QUEUED
    times = _times(events, now)
    try:
        row = tx.execute(
            "INSERT INTO runs (run_id, job, status, last_seq, created, updated, started, ended, tags, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (run.run_id, run.job_name, rows.STATUS_NUMBERS[status], len(events), *times,
             rows.tags_body(run.tags), rows.run_body(run)),
        ).fetchone()  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise InvariantViolationError(
            f"A run with the id {run.run_id!r} exists already or has existed."
            " Give the new run an id of its own."
        ) from error
    number: int = row[0]
    _insert_tags(tx, number, run.tags)
    planned = [_asset_number(tx, names, key) for key in run.asset_selection or ()]
    tx.executemany("UPDATE assets SET planned = ? WHERE id = ?", [(number, asset) for asset in planned])
    statuses.begin_tries(tx, number, run, planned)
    insert_events(tx, names, number, 0, [rows.coded(event) for event in events])
    if status in TERMINAL:
        statuses.end_tries(tx, number, status)
    return len(events)


def append_events(
    tx: sqlite3.Connection, names: Names, run_id: str, after_seq: int, events: Sequence[Event]
) -> int:
    """Append to a run that stands where the writer thinks it stands.

    Raises:
        TransitionRejected: when it does not, or may not go where the events lead.
    """
    encoded = [rows.coded(event) for event in events]
    last = after_seq + len(events)
    moves = any(type(event) in STATUS_AFTER for event in events)
    if moves:
        number = _move_run(tx, run_id, after_seq, events)
    else:
        found = tx.execute(
            "UPDATE runs SET last_seq = ?, updated = max(updated, ?)"
            " WHERE run_id = ? AND last_seq = ? AND gone = 0 RETURNING id",
            (last, events[-1].at, run_id, after_seq),
        ).fetchone()
        if found is None:
            raise _rejected(tx, run_id, after_seq)
        number = found[0]
    insert_events(tx, names, number, after_seq, encoded)
    pools.free_ended(tx, number, events)
    if moves and (status := _end_among(events)) is not None:
        statuses.end_tries(tx, number, status)
    return last


def append_outside_runs(tx: sqlite3.Connection, names: Names, events: Sequence[Event]) -> int:
    """Append events that belong to no run."""
    insert_events(tx, names, None, None, [rows.coded(event) for event in events])
    return 0


def insert_events(
    tx: sqlite3.Connection, names: Names, run: int | None, after_seq: int | None, events: Sequence[Coded]
) -> None:
    """Insert events and bring the projections up to date.

    Args:
        tx: within a write transaction.
        names: interned names by sort.
        run: the storage id of the run, None outside any run.
        after_seq: the last sequence number so far, None outside any run.
        events: encoded, in order.
    """
    if not events:
        return
    identifier = _next_ids(tx, len(events))
    chatter: list[tuple[Any, ...]] = []
    facts: list[tuple[Any, ...]] = []
    for offset, event in enumerate(events):
        seq = 0 if after_seq is None else after_seq + 1 + offset
        step = None if event.step is None else _step_number(tx, names, event.step)
        row = (identifier + offset, run, seq, event.kind, event.at, step, event.body)
        if event.fact is None:
            chatter.append(row)
        else:
            asset = _asset_number(tx, names, event.fact.asset_key)
            facts.append((*row, asset, event.fact.partition, event.fact.check_name, event.fact.place))
    if chatter:
        tx.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", chatter)
    if facts:
        _insert_facts(tx, run, facts)


def set_tags(tx: sqlite3.Connection, run_id: str, tags: Mapping[str, str]) -> None:
    """Add tags to a run, replacing equal keys.

    Raises:
        RunNotFoundError: when there is no such run.
    """
    row = tx.execute("SELECT id, tags FROM runs WHERE run_id = ? AND gone = 0", (run_id,)).fetchone()
    if row is None:
        raise RunNotFoundError(f"No run with the id {run_id!r} is stored, so it cannot be tagged.")
    number, before = row[0], rows.tags_of(row[1])
    old = [(key, before[key], number) for key in tags if key in before]
    tx.executemany("DELETE FROM run_tags WHERE key = ? AND value = ? AND run = ?", old)
    _insert_tags(tx, number, tags)
    tx.execute("UPDATE runs SET tags = ? WHERE id = ?", (rows.tags_body({**before, **tags}), number))
    statuses.retag_tries(tx, number, tags)


# ---- runs ----------------------------------------------------------------------------------------


def _move_run(tx: sqlite3.Connection, run_id: str, after_seq: int, events: Sequence[Event]) -> int:
    row = tx.execute(
        "SELECT id, status, last_seq, updated FROM runs WHERE run_id = ? AND gone = 0", (run_id,)
    ).fetchone()
    if row is None or row[2] != after_seq:
        raise _rejected(tx, run_id, after_seq)
    number, before = row[0], rows.STATUSES[row[1]]
    # one UPDATE an arrow, so that the trigger sees each of them
    for event in events:
        after = STATUS_AFTER.get(type(event))
        if after is not None:
            move(before, (event,), run_id)
            _set_status(tx, number, before, after, event.at)
            before = after
    tx.execute(
        "UPDATE runs SET last_seq = ?, updated = max(updated, ?) WHERE id = ?",
        (after_seq + len(events), events[-1].at, number),
    )
    return number


def _set_status(tx: sqlite3.Connection, run: int, before: RunStatus, after: RunStatus, at: float) -> None:
    started = at if after is RunStatus.STARTED else None
    ended = at if not LEGAL_TRANSITIONS[after] else None
    changed = tx.execute(
        "UPDATE runs SET status = ?, started = coalesce(?, started), ended = coalesce(?, ended)"
        " WHERE id = ? AND status = ?",
        (rows.STATUS_NUMBERS[after], started, ended, run, rows.STATUS_NUMBERS[before]),
    ).rowcount
    if changed != 1:
        raise TransitionRejected(f"A run was expected to be {before.value}, and was not.")


def _rejected(tx: sqlite3.Connection, run_id: str, after_seq: int) -> TransitionRejected:
    row = tx.execute("SELECT status, last_seq FROM runs WHERE run_id = ? AND gone = 0", (run_id,)).fetchone()
    if row is None:
        return TransitionRejected(f"Run {run_id} was expected to have {after_seq} events, but is not stored.")
    return TransitionRejected(
        f"Run {run_id} was expected to have {after_seq} events, but has {row[1]} and is"
        f" {rows.STATUSES[row[0]].value}: somebody else wrote to it in between. This writer must stop."
    )


def _times(events: Sequence[Event], now: float) -> tuple[float, float, float | None, float | None]:
    created = events[0].at if events else now
    updated = max((event.at for event in events), default=now)
    started = ended = None
    for event in events:
        after = STATUS_AFTER.get(type(event))
        if after is RunStatus.STARTED:
            started = event.at
        if after is not None and not LEGAL_TRANSITIONS[after]:
            ended = event.at
    return created, updated, started, ended


def _insert_tags(tx: sqlite3.Connection, run: int | None, tags: Mapping[str, str]) -> None:
    if tags:
        found = [(key, str(value), run) for key, value in tags.items()]
        tx.executemany("INSERT OR IGNORE INTO run_tags VALUES (?, ?, ?)", found)


def _end_among(events: Sequence[Event]) -> RunStatus | None:
    """How a run ended with these events, None when it goes on."""
    found = (STATUS_AFTER.get(type(event)) for event in events)
    return next((status for status in found if status in TERMINAL), None)


# ---- facts and their projections -------------------------------------------------------------------


def _insert_facts(tx: sqlite3.Connection, run: int | None, facts: Sequence[tuple[Any, ...]]) -> None:
    """Insert facts, each with the hint of its place at the end, and bring the projections up to date."""
    stored = [fact[:-1] for fact in facts]
    tx.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", stored)
    latest: dict[tuple[str, int], int] = {}
    made: list[statuses.Made] = []
    for identifier, _, _, kind, _, _, _, asset, part, check, place in facts:
        if kind == rows.CHECKED:
            tx.execute("INSERT OR REPLACE INTO checks VALUES (?, ?, ?)", (asset, check, identifier))
            continue
        latest["observed" if kind == rows.OBSERVED else "materialized", asset] = identifier
        if kind == rows.MATERIALIZED and part is not None:
            made.append(statuses.Made(asset, part, identifier, place))
    for (column, asset), identifier in latest.items():
        tx.execute(f"UPDATE assets SET {column} = ? WHERE id = ?", (identifier, asset))  # own names
    if made:
        statuses.note_made(tx, run, made)


def _next_ids(tx: sqlite3.Connection, count: int) -> int:
    last: int = tx.execute(
        "UPDATE log_head SET last_id = last_id + ? RETURNING last_id", (count,)
    ).fetchone()[0]
    return last - count + 1


def _step_number(tx: sqlite3.Connection, names: Names, step: str) -> int:
    known = names["steps"].get(step)
    if known is None:
        known = names["steps"][step] = _intern(tx, "steps", "name", step)
        _forget_names_beyond_limit(names["steps"])
    return known


def _asset_number(tx: sqlite3.Connection, names: Names, key: AssetKey) -> int:
    known = names["assets"].get(key)
    if known is None:
        known = names["assets"][key] = _intern(tx, "assets", "key", rows.asset_text(key))
        _forget_names_beyond_limit(names["assets"])
    return known


def _intern(tx: sqlite3.Connection, table: str, column: str, text: str) -> int:
    row = tx.execute(f"SELECT id FROM {table} WHERE {column} = ?", (text,)).fetchone()  # own names
    if row is None:
        row = tx.execute(f"INSERT INTO {table} ({column}) VALUES (?) RETURNING id", (text,)).fetchone()
    found: int = row[0]
    return found


def _forget_names_beyond_limit(known: dict[Any, int]) -> None:
    if len(known) > NAMES_LIMIT:
        known.clear()
