"""Questions to the log and to the runs, as SQL.

Owns: how ``EventQuery`` and ``RunsFilter`` become statements. Must not know connections.
Lists of values longer than ``LIST_LIMIT`` are looked through here instead of becoming parameters,
of which SQLite has a limited number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from attrs import evolve

from penstock.define.bulk import without_collector
from penstock.events.runs import RunRecord, RunsFilter
from penstock.keys import AssetKey
from penstock.spi.store import EventQuery, StoredEvent
from penstock.store import rows

LIST_LIMIT = 500

Condition = tuple[str, Sequence[Any]]


# ---- events --------------------------------------------------------------------------------------


@without_collector
def read_events(tx: sqlite3.Connection, query: EventQuery) -> list[StoredEvent]:
    """The events that fit, in order."""
    if query.limit is not None and query.limit <= 0:
        return []
    run = _run_number(tx, query.run_id)
    asset = _asset_number(tx, query)
    if (query.run_id and run is None) or asset == _NOBODY:
        return []
    conditions = _event_conditions(query, run, asset)
    many_parts = query.partitions is not None and len(query.partitions) > LIST_LIMIT
    limit = -1 if query.limit is None or many_parts else query.limit
    sql, values = _event_sql(query, conditions, limit)
    found = tx.execute(sql, values)
    if not many_parts:
        return list(map(rows.stored_event, found))
    wanted = frozenset(query.partitions or ())
    return list(islice((rows.stored_event(row[:-1]) for row in found if row[-1] in wanted), query.limit))


_NOBODY = -1  # the number of an asset that nobody ever heard of


def _run_number(tx: sqlite3.Connection, run_id: str | None) -> int | None:
    if not run_id:
        return None
    row = tx.execute("SELECT id FROM runs WHERE run_id = ? AND gone = 0", (run_id,)).fetchone()
    return None if row is None else row[0]


def _asset_number(tx: sqlite3.Connection, query: EventQuery) -> int | None:
    key = query.asset_key if query.check_key is None else query.check_key.asset_key
    if key is None:
        return None
    row = tx.execute("SELECT id FROM assets WHERE key = ?", (rows.asset_text(key),)).fetchone()
    return _NOBODY if row is None else row[0]


def _event_conditions(query: EventQuery, run: int | None, asset: int | None) -> list[Condition]:
    conditions: list[Condition] = []
    if query.run_id is not None:
        conditions.append(("e.run = ?", (run,)) if query.run_id else ("e.run IS NULL", ()))
    if asset is not None:
        conditions.append(("e.asset = ?", (asset,)))
    if query.check_key is not None:
        conditions.append(("e.check_name = ? AND e.kind = ?", (query.check_key.name, rows.CHECKED)))
    if query.partitions is not None and len(query.partitions) <= LIST_LIMIT:
        conditions.append(_is_in("e.part", query.partitions))
    if query.kinds is not None:
        conditions.append(_is_in("e.kind", rows.kind_numbers(query.kinds)))
    if query.latest:
        conditions.append(_is_latest(query, asset))
    bounds = (
        ("e.id > ?", query.after),
        ("e.id < ?", query.before),
        ("e.at >= ?", query.since),
        ("e.at <= ?", query.until),
    )
    conditions.extend((text, (bound,)) for text, bound in bounds if bound is not None)
    return conditions


def _is_latest(query: EventQuery, asset: int | None) -> Condition:
    """The latest materializations are known by partition; the latest of other facts are looked for."""
    kinds = rows.FACT_KINDS if query.kinds is None else frozenset(rows.kind_numbers(query.kinds))
    made = "SELECT p.fact FROM partitions p WHERE"
    if kinds <= {rows.MATERIALIZED} and query.partitions is not None:
        return f"e.id = ({made} p.asset = e.asset AND p.part = e.part)", ()
    if kinds <= {rows.MATERIALIZED} and asset is not None:
        return f"e.id IN ({made} p.asset = ?)", (asset,)
    text, values = _is_in("f.kind", sorted(kinds))
    of_asset, own = ("", ()) if asset is None else (" AND f.asset = ?", (asset,))
    newest = f"SELECT max(f.id) FROM facts f WHERE f.part IS NOT NULL AND {text}{of_asset}"  # own text
    return f"e.id IN ({newest} GROUP BY f.asset, f.kind, f.part)", (*values, *own)


def _event_sql(query: EventQuery, conditions: Sequence[Condition], limit: int) -> tuple[str, list[Any]]:
    where = " AND ".join(text for text, _ in conditions) or "1"
    values = [value for _, given in conditions for value in given]
    tables = _tables_for(query)
    part = ", e.part" if query.partitions is not None and len(query.partitions) > LIST_LIMIT else ""
    halves = [
        "SELECT e.id AS id, r.run_id, e.seq AS seq, e.kind, e.at, s.name, e.body" + part + f" FROM {table} e"
        f" LEFT JOIN runs r ON r.id = e.run LEFT JOIN steps s ON s.id = e.step WHERE {where}"
        for table in tables
    ]
    # within a run both orders agree, and the index by run gives this one without sorting
    order = "seq" if query.run_id else "id"
    direction = "ASC" if query.ascending else "DESC"
    sql = f"{' UNION ALL '.join(halves)} ORDER BY {order} {direction} LIMIT {limit}"
    return sql, values * len(tables)


def _tables_for(query: EventQuery) -> tuple[str, ...]:
    about_asset = query.asset_key is not None or query.check_key is not None or query.partitions is not None
    if about_asset or query.latest:
        return ("facts",)
    if query.kinds is not None and rows.FACT_KINDS.isdisjoint(rows.kind_numbers(query.kinds)):
        return ("events",)
    return ("events", "facts")


# ---- runs ----------------------------------------------------------------------------------------


def read_runs(
    tx: sqlite3.Connection, wanted: RunsFilter, limit: int | None, before: int | None, *, ascending: bool
) -> list[RunRecord]:
    """The runs that fit, in order of their storage ids."""
    extra: list[Condition] = []
    if before is not None:
        extra.append(("r.id > ?" if ascending else "r.id < ?", (before,)))
    order = f"ORDER BY r.id {'ASC' if ascending else 'DESC'} LIMIT {-1 if limit is None else max(limit, 0)}"
    found: list[RunRecord] = []
    for part in _in_parts(wanted):
        sql, values = _runs_sql(rows.RUN_COLUMNS, [*_run_conditions(part), *extra])
        found.extend(map(rows.run_record, tx.execute(f"{sql} {order}", values)))
    if wanted.run_ids is not None and len(wanted.run_ids) > LIST_LIMIT:
        found.sort(key=lambda record: record.storage_id, reverse=not ascending)
    return found if limit is None else found[: max(limit, 0)]


def count_runs(tx: sqlite3.Connection, wanted: RunsFilter) -> int:
    """How many runs fit."""
    statements = [_runs_sql("count(*)", _run_conditions(part)) for part in _in_parts(wanted)]
    return sum(tx.execute(sql, values).fetchone()[0] for sql, values in statements)


def _in_parts(wanted: RunsFilter) -> Iterable[RunsFilter]:
    if wanted.run_ids is None or len(wanted.run_ids) <= LIST_LIMIT:
        return [wanted]
    ids = list(dict.fromkeys(wanted.run_ids))
    return [evolve(wanted, run_ids=ids[at : at + LIST_LIMIT]) for at in range(0, len(ids), LIST_LIMIT)]


def _runs_sql(columns: str, conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    where = " AND ".join(["r.gone = 0", *(text for text, _ in conditions)])
    return f"SELECT {columns} FROM runs r WHERE {where}", [
        value for _, given in conditions for value in given
    ]


def _run_conditions(wanted: RunsFilter) -> list[Condition]:
    conditions: list[Condition] = []
    if wanted.run_ids is not None:
        conditions.append(_is_in("r.run_id", wanted.run_ids))
    if wanted.job_name is not None:
        conditions.append(("r.job = ?", (wanted.job_name,)))
    if wanted.statuses:
        numbers = [rows.STATUS_NUMBERS.get(status, 0) for status in wanted.statuses]
        conditions.append(_is_in("r.status", numbers))
    conditions.extend(_tag_condition(key, value) for key, value in wanted.tags.items())
    bounds = (
        ("r.updated > ?", wanted.updated_after), ("r.created < ?", wanted.created_before),
        ("r.created > ?", wanted.created_after),
    )  # fmt: skip
    conditions.extend((text, (rows.seconds(bound),)) for text, bound in bounds if bound is not None)
    return conditions


def _tag_condition(key: str, value: str | Sequence[str]) -> Condition:
    text, values = _is_in("t.value", (value,) if isinstance(value, str) else tuple(value))
    return f"r.id IN (SELECT t.run FROM run_tags t WHERE t.key = ? AND {text})", (key, *values)


def _is_in(column: str, values: Sequence[Any]) -> Condition:
    if len(values) == 1:
        return f"{column} = ?", tuple(values)
    return f"{column} IN ({', '.join('?' * len(values))})", tuple(values)


# ---- keys by prefix ------------------------------------------------------------------------------


def prefix_bounds(prefix: Sequence[str]) -> tuple[str, str, str]:
    """The stored text of a key, and the bounds between which keys with more parts lie."""
    exact = rows.asset_text(AssetKey(tuple(prefix)))
    return exact, f"{exact[:-1]},", f"{exact[:-1]}-"
