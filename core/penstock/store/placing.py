"""Where partitions stand: the reading of the bits, and the laying of late numbers over them.

Owns: ``SqlitePartitionBook``, the ``PartitionBook`` of a store. Bits are kept by ``statuses`` as things
happen; what came without a number, or by another definition, is made good here, once, by numbers that
somebody found who knows the definition. Must not know definitions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from penstock.keys import AssetKey
from penstock.spi.store import PartitionBacklog, PartitionBits, PartitionNumbers, PartitionTry
from penstock.store import bitmaps, numbering, rows, statuses
from penstock.store.database import Database

_FEW = 500
"""Late numbers that are laid over the bits one by one; more of them build the bits anew."""

_BITS = (
    "SELECT r.ruler, r.waits OR r.stale, b.owner, b.chunk, b.bits FROM assets a"
    " JOIN partition_rulers r ON r.asset = a.id LEFT JOIN partition_bits b ON b.asset = a.id WHERE a.key = ?"
)
_TRIES = (
    "SELECT t.run, r.tags, t.began, t.ended FROM partition_tries t JOIN runs r ON r.id = t.run"
    " WHERE t.asset = ? ORDER BY t.run"
)
_MADE_BY = f"FROM facts f {{}} WHERE f.run = ? AND f.asset = ? AND f.kind = {rows.MATERIALIZED}"

Chunks = dict[int, int]


class SqlitePartitionBook:
    """Where partitions stand, in one SQLite database.

    Args:
        database: open, with its tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def bits(self, key: AssetKey) -> PartitionBits:
        """What is known, without looking at any single partition; see ``PartitionBook``."""
        with self._database.read() as tx:
            # one statement, so that no commit comes in between
            found = tx.execute(_BITS, (rows.asset_text(key),)).fetchall()
        if not found:
            return PartitionBits()
        held: dict[int, list[tuple[int, bytes]]] = {}
        for _, _, owner, chunk, bits in found:
            if bits is not None:
                held.setdefault(min(owner, 1), []).append((chunk, bits))
        made, failed, in_progress = (
            bitmaps.unpacked(held.get(owner, ())) for owner in (statuses.MADE, statuses.FAILED, 1)
        )
        return PartitionBits(
            ruler=found[0][0], is_complete=not found[0][1], made=made, failed=failed, in_progress=in_progress
        )

    def backlog(self, key: AssetKey, ruler: str | None) -> PartitionBacklog:
        """What is to be numbered; see ``PartitionBook``."""
        with self._database.read() as tx:
            asset = _asset_number(tx, key)
            if asset is None:
                return PartitionBacklog()
            parts, is_whole = ((), False) if ruler is None else _unplaced(tx, asset, ruler)
            tries = tuple(_try(tx, asset, row) for row in tx.execute(_TRIES, (asset,)).fetchall())
            wiped = tx.execute("SELECT part, at FROM partition_wipes WHERE asset = ?", (asset,))
            return PartitionBacklog(parts=parts, tries=tries, wiped=dict(wiped), is_whole=is_whole)

    def settle(self, key: AssetKey, numbers: PartitionNumbers) -> None:
        """Lay the numbers of a backlog over the bits; see ``PartitionBook``."""
        with self._database.write(full=False) as tx:
            asset = _asset_number(tx, key)
            if asset is None or not _takes(tx, asset, numbers):
                return
            _place(tx, asset, numbers)
            tries = tx.execute(
                "SELECT run, began, ended FROM partition_tries WHERE asset = ?", (asset,)
            ).fetchall()
            wiped = tx.execute("SELECT part FROM partition_wipes WHERE asset = ?", (asset,)).fetchall()
            known = all(run in numbers.targets for run, _, _ in tries)
            if known and all(part in numbers.parts for (part,) in wiped):
                _lay_tries(tx, asset, numbers, tries)

    def members(self, name: str) -> Mapping[int, int]:
        """The numbers of the keys of a dynamic set; see ``PartitionBook``."""
        with self._database.read() as tx:
            if numbering.is_numbered(tx, name):
                return numbering.members(tx, name)
        with self._database.write(full=False) as tx:
            numbering.begin(tx, name)
            return numbering.members(tx, name)

    def member_numbers(self, name: str, keys: Sequence[str]) -> Sequence[int]:
        """The number of each key by a dynamic set; see ``PartitionBook``."""
        with self._database.read() as tx:
            is_numbered = numbering.is_numbered(tx, name)
            known = numbering.known_numbers(tx, name, keys) if is_numbered else {}
        if is_numbered and all(key in known for key in keys):
            return [known[key] for key in keys]
        with self._database.write(full=False) as tx:
            return numbering.numbers_of(tx, name, keys)

    def member_keys(self, name: str, numbers: Sequence[int]) -> Sequence[str]:
        """The keys that have these numbers; see ``PartitionBook``."""
        with self._database.read() as tx:
            return list(numbering.parts_at(tx, name, numbers))


# ---- the backlog -----------------------------------------------------------------------------------


def _asset_number(tx: sqlite3.Connection, key: AssetKey) -> int | None:
    row = tx.execute("SELECT id FROM assets WHERE key = ?", (rows.asset_text(key),)).fetchone()
    return None if row is None else row[0]


def _ruler(tx: sqlite3.Connection, asset: int) -> str | None:
    row = tx.execute("SELECT ruler FROM partition_rulers WHERE asset = ?", (asset,)).fetchone()
    return None if row is None else row[0]


def _unplaced(tx: sqlite3.Connection, asset: int, ruler: str) -> tuple[tuple[str, ...], bool]:
    is_whole = _ruler(tx, asset) != ruler
    which = "" if is_whole else " AND place IS NULL"
    found = tx.execute(f"SELECT part FROM partitions WHERE asset = ?{which}", (asset,))  # own conditions
    return tuple(row[0] for row in found), is_whole


def _try(tx: sqlite3.Connection, asset: int, row: tuple[Any, ...]) -> PartitionTry:
    run, tags, began, ended = row
    made: Iterable[Any] = ()
    if ended is None:
        made = tx.execute(f"SELECT f.part {_MADE_BY.format('')} AND f.part IS NOT NULL", (run, asset))
    return PartitionTry(
        run=run, tags=rows.tags_of(tags), began=began, ended=ended, made=frozenset(one[0] for one in made)
    )


# ---- late numbers ----------------------------------------------------------------------------------


def _takes(tx: sqlite3.Connection, asset: int, numbers: PartitionNumbers) -> bool:
    """Whether the numbers fit the ruler, which they may change when they are all there are."""
    if _ruler(tx, asset) == numbers.ruler:
        return True
    if not numbers.is_whole:
        return False
    tx.execute("UPDATE partitions SET place = NULL WHERE asset = ?", (asset,))
    tx.execute("DELETE FROM partition_bits WHERE asset = ?", (asset,))
    tx.execute("INSERT OR REPLACE INTO partition_rulers VALUES (?, ?, 1, 1)", (asset, numbers.ruler))
    return True


def _place(tx: sqlite3.Connection, asset: int, numbers: PartitionNumbers) -> None:
    update = "UPDATE partitions SET place = ? WHERE asset = ? AND part = ?"
    values = [(number, asset, part) for part, number in numbers.parts.items()]
    if len(values) > _FEW or numbers.is_whole:
        tx.executemany(update, values)
        found = tx.execute("SELECT place FROM partitions WHERE asset = ? AND place >= 0", (asset,))
        statuses.replace_chunks(tx, asset, statuses.MADE, bitmaps.chunks_of(row[0] for row in found))
    else:
        there = [number for number, *rest in values if tx.execute(update, (number, *rest)).rowcount]
        made = bitmaps.chunks_of(number for number in there if number >= 0)
        known = statuses.read_chunks(tx, asset, statuses.MADE)
        united = {chunk: mask | known.get(chunk, 0) for chunk, mask in made.items()}
        statuses.replace_chunks(tx, asset, statuses.MADE, {**known, **united})
    tx.execute(
        "UPDATE partition_rulers SET waits = EXISTS"
        " (SELECT 1 FROM partitions WHERE asset = :asset AND place IS NULL) WHERE asset = :asset",
        {"asset": asset},
    )


def _lay_tries(
    tx: sqlite3.Connection,
    asset: int,
    numbers: PartitionNumbers,
    tries: Sequence[tuple[int, int, int | None]],
) -> None:
    tx.execute("DELETE FROM partition_bits WHERE asset = ? AND owner <> ?", (asset, statuses.MADE))
    failed: list[tuple[int, int, int]] = []
    for run, began, ended in tries:
        if ended is not None:
            failed.append((began, ended, run))
            continue
        made = tx.execute(
            "SELECT p.place "
            + _MADE_BY.format("JOIN partitions p ON p.asset = f.asset AND p.part = f.part")
            + " AND p.place >= 0",
            (run, asset),
        )
        own = bitmaps.chunks_of(row[0] for row in made)
        left = _less(bitmaps.cut(numbers.targets[run]), own)
        statuses.replace_chunks(tx, asset, run, left)
    statuses.replace_chunks(tx, asset, statuses.FAILED, _failures(tx, asset, numbers, failed))
    tx.execute("UPDATE partition_rulers SET stale = 0 WHERE asset = ?", (asset,))


def _failures(
    tx: sqlite3.Connection, asset: int, numbers: PartitionNumbers, failed: list[tuple[int, int, int]]
) -> Chunks:
    """What the tries covered, less what was made since each began and what was wiped since it ended."""
    if not failed:
        return {}
    failed.sort(reverse=True)
    newest_first = tx.execute(
        "SELECT fact, place FROM partitions WHERE asset = ? AND fact > ? AND place >= 0 ORDER BY fact DESC",
        (asset, failed[-1][0]),
    ).fetchall()
    wiped = tx.execute("SELECT part, at FROM partition_wipes WHERE asset = ?", (asset,)).fetchall()
    found: Chunks = {}
    made: Chunks = {}
    at = 0
    for began, ended, run in failed:
        first = at
        while at < len(newest_first) and newest_first[at][0] > began:
            at += 1
        _unite(made, bitmaps.chunks_of(place for _, place in newest_first[first:at]))
        gone = bitmaps.chunks_of(
            numbers.parts[part] for part, when in wiped if when >= ended and numbers.parts.get(part, -1) >= 0
        )
        _unite(found, _less(_less(bitmaps.cut(numbers.targets[run]), made), gone))
    return found


def _unite(chunks: Chunks, others: Mapping[int, int]) -> None:
    for chunk, mask in others.items():
        chunks[chunk] = chunks.get(chunk, 0) | mask


def _less(chunks: Chunks, others: Mapping[int, int]) -> Chunks:
    return {chunk: mask & ~others.get(chunk, 0) for chunk, mask in chunks.items()}
