"""What is known of assets: latest facts, materialized partitions, checks, dynamic partitions.

Owns: the reading and the wiping of those projections. Must not know connections.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from penstock.events.values import (
    CODE_VERSION_TAG,
    DATA_VERSION_TAG,
    AssetCheckEvaluation,
    AssetMaterialized,
    AssetObserved,
    CheckEvaluated,
)
from penstock.keys import AssetCheckKey, AssetKey
from penstock.spi.store import AssetStatus, StoredEvent
from penstock.store import numbering, rows, statuses
from penstock.store.deletion import allowed_to_delete, demote_facts
from penstock.store.reads import prefix_bounds

_FACT = "{0}.id, {0}r.run_id, {0}.seq, {0}.kind, {0}.at, {0}s.name, {0}.body"
_FACT_JOIN = (
    " LEFT JOIN facts {0} ON {0}.id = a.{1} LEFT JOIN runs {0}r ON {0}r.id = {0}.run"
    " LEFT JOIN steps {0}s ON {0}s.id = {0}.step"
)
_STATUS_SQL = (
    f"SELECT a.key, p.run_id, {_FACT.format('made')}, {_FACT.format('seen')} FROM assets a"  # no input
    + _FACT_JOIN.format("made", "materialized")
    + _FACT_JOIN.format("seen", "observed")
    + " LEFT JOIN runs p ON p.id = a.planned AND p.gone = 0"
)


def read_assets(
    tx: sqlite3.Connection, keys: Sequence[AssetKey] | None, prefix: Sequence[str]
) -> list[AssetStatus]:
    """Status of these assets, or of all that have a fact, sorted by key."""
    found = (
        _all_assets(tx, prefix)
        if keys is None
        else (
            status for key in dict.fromkeys(keys) if key.has_prefix(prefix) for status in _one_asset(tx, key)
        )
    )
    return sorted(found, key=lambda status: status.asset_key)


def _one_asset(tx: sqlite3.Connection, key: AssetKey) -> Iterator[AssetStatus]:
    row = tx.execute(f"{_STATUS_SQL} WHERE a.key = ?", (rows.asset_text(key),)).fetchone()
    yield AssetStatus(asset_key=key) if row is None else _status(row)


def _all_assets(tx: sqlite3.Connection, prefix: Sequence[str]) -> Iterable[AssetStatus]:
    has_fact = (
        "(a.materialized IS NOT NULL OR a.observed IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM checks c WHERE c.asset = a.id))"
    )
    if not prefix:
        return map(_status, tx.execute(f"{_STATUS_SQL} WHERE {has_fact}"))
    within = "(a.key = ? OR (a.key >= ? AND a.key < ?))"
    return map(_status, tx.execute(f"{_STATUS_SQL} WHERE {within} AND {has_fact}", prefix_bounds(prefix)))


def _status(row: tuple[Any, ...]) -> AssetStatus:
    made = rows.stored_event(row[2:9]) if row[2] is not None else None
    seen = rows.stored_event(row[9:16]) if row[9] is not None else None
    data_version, code_version = _versions(made, seen)
    return AssetStatus(
        asset_key=rows.asset_key(row[0]),
        last_planned_run_id=row[1],
        last_materialization=made,
        last_observation=seen,
        data_version=data_version,
        code_version=code_version,
    )


def _versions(made: StoredEvent | None, seen: StoredEvent | None) -> tuple[str | None, str | None]:
    if made is not None and isinstance(made.event, AssetMaterialized):
        tags = made.event.materialization.tags
        return tags.get(DATA_VERSION_TAG), tags.get(CODE_VERSION_TAG)
    if seen is not None and isinstance(seen.event, AssetObserved):
        tags = seen.event.observation.tags
        return tags.get(DATA_VERSION_TAG), tags.get(CODE_VERSION_TAG)
    return None, None


def read_partitions(tx: sqlite3.Connection, key: AssetKey) -> dict[str, int]:
    """Materialized partitions of an asset with the id of the latest event of each."""
    return dict(
        tx.execute(
            "SELECT p.part, p.fact FROM partitions p JOIN assets a ON a.id = p.asset WHERE a.key = ?",
            (rows.asset_text(key),),
        )
    )


def read_checks(
    tx: sqlite3.Connection, keys: Sequence[AssetCheckKey]
) -> dict[AssetCheckKey, AssetCheckEvaluation]:
    """The latest evaluation of each check that has one."""
    found: dict[AssetCheckKey, AssetCheckEvaluation] = {}
    for key in dict.fromkeys(keys):
        row = tx.execute(
            "SELECT f.id, r.run_id, f.seq, f.kind, f.at, s.name, f.body FROM assets a"
            " JOIN checks c ON c.asset = a.id AND c.name = ? JOIN facts f ON f.id = c.fact"
            " LEFT JOIN runs r ON r.id = f.run LEFT JOIN steps s ON s.id = f.step WHERE a.key = ?",
            (key.name, rows.asset_text(key.asset_key)),
        ).fetchone()
        if row is not None and isinstance(event := rows.stored_event(row).event, CheckEvaluated):
            found[key] = event.evaluation
    return found


# ---- wiping --------------------------------------------------------------------------------------


def wipe_asset(tx: sqlite3.Connection, key: AssetKey, partitions: Sequence[str] | None) -> None:
    """Forget the facts about an asset, or about some of its partitions.

    The runs that made it keep their log: their facts become ordinary events.
    """
    row = tx.execute("SELECT id FROM assets WHERE key = ?", (rows.asset_text(key),)).fetchone()
    if row is None:
        return
    asset: int = row[0]
    with allowed_to_delete(tx, "wipe"):
        if partitions is None:
            demote_facts(tx, "asset = ?", [(asset,)])
            statuses.wipe_all(tx, asset)
            tx.execute("DELETE FROM checks WHERE asset = ?", (asset,))
            tx.execute("UPDATE assets SET planned = NULL WHERE id = ?", (asset,))
        else:
            wiped = [(asset, part) for part in dict.fromkeys(partitions)]
            demote_facts(tx, "asset = ? AND part = ?", wiped)
            statuses.wipe_some(tx, asset, partitions)
            tx.execute(
                "DELETE FROM checks WHERE asset = ? AND fact NOT IN (SELECT id FROM facts WHERE asset = ?)",
                (asset, asset),
            )
    _find_latest_again(tx, asset)


def _find_latest_again(tx: sqlite3.Connection, asset: int) -> None:
    latest = "(SELECT max(id) FROM facts WHERE asset = :asset AND kind = {})"
    tx.execute(
        f"UPDATE assets SET materialized = {latest.format(rows.MATERIALIZED)},"  # own numbers
        f" observed = {latest.format(rows.OBSERVED)} WHERE id = :asset",
        {"asset": asset},
    )


# ---- dynamic partitions --------------------------------------------------------------------------


def read_dynamic(tx: sqlite3.Connection, name: str, only: str | None = None) -> list[str]:
    """The keys of a dynamic set in order of insertion, or one of them, if it is there."""
    if only is not None:
        found = tx.execute("SELECT part FROM dynamic_partitions WHERE name = ? AND part = ?", (name, only))
    else:
        found = tx.execute("SELECT part FROM dynamic_partitions WHERE name = ? ORDER BY place", (name,))
    return [row[0] for row in found]


def change_dynamic(tx: sqlite3.Connection, name: str, add: Sequence[str], remove: Sequence[str]) -> None:
    """Add keys that are not there yet at the end, then remove others."""
    last = tx.execute("SELECT max(place) FROM dynamic_partitions WHERE name = ?", (name,)).fetchone()[0] or 0
    new = [(name, part, last + offset) for offset, part in enumerate(dict.fromkeys(add), 1)]
    tx.executemany("INSERT OR IGNORE INTO dynamic_partitions VALUES (?, ?, ?)", new)
    gone = [(name, part) for part in remove]
    tx.executemany("DELETE FROM dynamic_partitions WHERE name = ? AND part = ?", gone)
    numbering.note_change(tx, name, add, remove)
