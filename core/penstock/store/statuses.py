"""Where partitions stand, kept as bits within the transaction of what happened.

Owns: the writing of ``partition_bits`` and of what they are made from. Three things hold at any commit, as
long as an asset's ruler is neither waiting nor stale: a number is among the made ones when its row in
``partitions`` says so; among those of a run when that run is not over, is to make it and has not; among the
failed ones when the last try failed and nothing newer made it. Must not know definitions: numbers come as
hints with runs and events, or from ``placing``, when somebody asks who knows the definition.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, Run, RunStatus
from penstock.spi.store import DYNAMIC_RULER
from penstock.store import bitmaps, numbering, rows

MADE, FAILED = 0, -1
"""Owners of bits that are no runs."""

_HEAD = "(SELECT last_id FROM log_head)"
_MAKE = (
    "INSERT INTO partitions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " fact = max(fact, excluded.fact), place = coalesce(excluded.place, place)"
)
_NEWER_BY_OTHERS = (
    "SELECT p.place FROM facts f JOIN partitions p ON p.asset = f.asset AND p.part = f.part"
    f" WHERE f.asset = ? AND f.kind = {rows.MATERIALIZED} AND f.id > ? AND f.run IS NOT ?"
)

Chunks = Mapping[int, int]


class Made(NamedTuple):
    """A materialized partition on its way to the projection."""

    asset: int
    part: str
    fact: int
    place: PartitionPlace | None


# ---- what happens ----------------------------------------------------------------------------------


def begin_tries(tx: sqlite3.Connection, run: int, about: Run, assets: Iterable[int]) -> None:
    """A run begins that names partitions of assets; before its first event is stored."""
    if PARTITION_TAG not in about.tags and RANGE_START_TAG not in about.tags:
        return
    for asset in assets:
        places = about.places or _dynamic_places(tx, asset, about)
        chunks = bitmaps.chunks_of(places.numbers) if places is not None else {}
        fits = places is not None and _measures(tx, asset, places.ruler)
        tx.execute(f"INSERT INTO partition_tries VALUES (?, ?, {_HEAD}, NULL)", (run, asset))  # own text
        if fits:
            _write(tx, asset, run, chunks)
        else:
            tx.execute("UPDATE partition_rulers SET stale = 1 WHERE asset = ?", (asset,))


def note_made(tx: sqlite3.Connection, run: int | None, made: Sequence[Made]) -> None:
    """Partitions were made, in this order; their facts are stored."""
    for asset in dict.fromkeys(one.asset for one in made):
        own = [one for one in made if one.asset == asset]
        hint = next((one.place for one in own if one.place is not None), None)
        ruler = _ruler_of(tx, asset, hint)
        if ruler is None:
            tx.executemany(_MAKE, [(asset, one.part, one.fact, None) for one in own])
            continue
        numbers = _make(tx, asset, ruler, _numbered(tx, ruler, own))
        if None in numbers:
            tx.execute("UPDATE partition_rulers SET waits = 1 WHERE asset = ?", (asset,))
        known = (one for one in numbers if one is not None and one >= 0)
        _mark_made(tx, asset, run, bitmaps.chunks_of(known))


def end_tries(tx: sqlite3.Connection, run: int, status: RunStatus) -> None:
    """A run is over; after its last events were stored. What it did not make failed, if it did."""
    tries = tx.execute("SELECT asset, began FROM partition_tries WHERE run = ?", (run,)).fetchall()
    for asset, began in tries:
        left = read_chunks(tx, asset, run)
        tx.execute("DELETE FROM partition_bits WHERE asset = ? AND owner = ?", (asset, run))
        if status is RunStatus.FAILURE:
            _mark_failed(tx, asset, run, left, began)
    if not tries:
        return
    if status is RunStatus.FAILURE:
        tx.execute(f"UPDATE partition_tries SET ended = {_HEAD} WHERE run = ?", (run,))  # own text
    else:
        tx.execute("DELETE FROM partition_tries WHERE run = ?", (run,))


def forget_tries(tx: sqlite3.Connection, run: int) -> None:
    """A run is deleted: what it failed to make is judged again by the tries that are left."""
    assets = [row[:1] for row in tx.execute("SELECT asset FROM partition_tries WHERE run = ?", (run,))]
    tx.executemany("UPDATE partition_rulers SET stale = 1 WHERE asset = ?", assets)
    tx.executemany(f"DELETE FROM partition_bits WHERE asset = ? AND owner = {run:d}", assets)
    tx.execute("DELETE FROM partition_tries WHERE run = ?", (run,))


def retag_tries(tx: sqlite3.Connection, run: int, tags: Mapping[str, str]) -> None:
    """The tags of a run changed: if they name partitions, what it tries is judged again."""
    if tags.keys() & {PARTITION_TAG, RANGE_START_TAG, RANGE_END_TAG}:
        tx.execute(
            "UPDATE partition_rulers SET stale = 1"
            " WHERE asset IN (SELECT asset FROM partition_tries WHERE run = ?)",
            (run,),
        )


def wipe_all(tx: sqlite3.Connection, asset: int) -> None:
    """All partitions of an asset are forgotten, failures too; runs that are not over go on."""
    tx.execute("DELETE FROM partitions WHERE asset = ?", (asset,))
    tx.execute("DELETE FROM partition_wipes WHERE asset = ?", (asset,))
    tx.execute("DELETE FROM partition_bits WHERE asset = ? AND owner <= 0", (asset,))
    tx.execute("DELETE FROM partition_tries WHERE asset = ? AND ended IS NOT NULL", (asset,))
    tx.execute("UPDATE partition_rulers SET waits = 0, stale = 1 WHERE asset = ?", (asset,))


def wipe_some(tx: sqlite3.Connection, asset: int, parts: Sequence[str]) -> None:
    """Some partitions of an asset are forgotten, with their failures."""
    wiped = [(asset, part) for part in parts]
    numbers = [
        row[0]
        for pair in wiped
        for row in tx.execute("DELETE FROM partitions WHERE asset = ? AND part = ? RETURNING place", pair)
        if row[0] is not None and row[0] >= 0
    ]
    _clear(tx, asset, MADE, bitmaps.chunks_of(numbers))
    if tx.execute("SELECT 1 FROM partition_tries WHERE asset = ? LIMIT 1", (asset,)).fetchone():
        tx.executemany(f"INSERT OR REPLACE INTO partition_wipes VALUES (?, ?, {_HEAD})", wiped)  # own text
        tx.execute("UPDATE partition_rulers SET stale = 1 WHERE asset = ?", (asset,))


# ---- bits ------------------------------------------------------------------------------------------


def read_chunks(tx: sqlite3.Connection, asset: int, owner: int) -> dict[int, int]:
    """The chunks of one owner."""
    found = tx.execute("SELECT chunk, bits FROM partition_bits WHERE asset = ? AND owner = ?", (asset, owner))
    return {chunk: bitmaps.unpack(bits) for chunk, bits in found}


def replace_chunks(tx: sqlite3.Connection, asset: int, owner: int, chunks: Chunks) -> None:
    """Give one owner these bits and no others."""
    tx.execute("DELETE FROM partition_bits WHERE asset = ? AND owner = ?", (asset, owner))
    _write(tx, asset, owner, chunks)


def _write(tx: sqlite3.Connection, asset: int, owner: int, chunks: Chunks) -> None:
    kept = [(asset, owner, chunk, bitmaps.pack(mask)) for chunk, mask in chunks.items() if mask]
    tx.executemany("INSERT OR REPLACE INTO partition_bits VALUES (?, ?, ?, ?)", kept)
    gone = [(asset, owner, chunk) for chunk, mask in chunks.items() if not mask]
    tx.executemany("DELETE FROM partition_bits WHERE asset = ? AND owner = ? AND chunk = ?", gone)


def _clear(tx: sqlite3.Connection, asset: int, owner: int, chunks: Chunks) -> None:
    before = _some(tx, asset, (owner,), chunks)
    after = {chunk: mask & ~chunks[chunk] for (_, chunk), mask in before.items()}
    _write(tx, asset, owner, after)


def _some(
    tx: sqlite3.Connection, asset: int, owners: Sequence[int], chunks: Iterable[int]
) -> dict[tuple[int, int], int]:
    sql = (
        "SELECT owner, bits FROM partition_bits"
        f" WHERE asset = ? AND chunk = ? AND owner IN ({', '.join(map(str, owners))})"  # own numbers
    )
    return {
        (owner, chunk): bitmaps.unpack(bits)
        for chunk in chunks
        for owner, bits in tx.execute(sql, (asset, chunk)).fetchall()
    }


def _mark_made(tx: sqlite3.Connection, asset: int, run: int | None, chunks: Chunks) -> None:
    known = _some(tx, asset, (MADE, FAILED) if run is None else (MADE, FAILED, run), chunks)
    for chunk, mask in chunks.items():
        before = known.pop((MADE, chunk), 0)
        if mask & ~before:
            _write(tx, asset, MADE, {chunk: before | mask})
    for (owner, chunk), before in known.items():
        if before & chunks[chunk]:
            _write(tx, asset, owner, {chunk: before & ~chunks[chunk]})


def _mark_failed(tx: sqlite3.Connection, asset: int, run: int, left: dict[int, int], began: int) -> None:
    newer = [row[0] for row in tx.execute(_NEWER_BY_OTHERS, (asset, began, run))]
    if None in newer:
        tx.execute("UPDATE partition_rulers SET stale = 1 WHERE asset = ?", (asset,))
    for chunk, mask in bitmaps.chunks_of(one for one in newer if one is not None and one >= 0).items():
        if chunk in left:
            left[chunk] &= ~mask
    known = _some(tx, asset, (FAILED,), left)
    _write(tx, asset, FAILED, {c: mask | known.get((FAILED, c), 0) for c, mask in left.items() if mask})


# ---- rulers ----------------------------------------------------------------------------------------


def _measures(tx: sqlite3.Connection, asset: int, ruler: str) -> bool:
    """Whether the bits of an asset are numbered by this ruler; an asset without any takes it."""
    return _ruler_of(tx, asset, PartitionPlace(ruler, 0)) == ruler


def _ruler_of(tx: sqlite3.Connection, asset: int, hint: PartitionPlace | None) -> str | None:
    row = tx.execute("SELECT ruler FROM partition_rulers WHERE asset = ?", (asset,)).fetchone()
    if row is not None:
        found: str = row[0]
        return found
    if hint is None:
        return None
    tx.execute(
        "INSERT INTO partition_rulers VALUES (:asset, :ruler,"
        " EXISTS (SELECT 1 FROM partitions WHERE asset = :asset),"
        " EXISTS (SELECT 1 FROM partition_tries WHERE asset = :asset))",
        {"asset": asset, "ruler": hint.ruler},
    )
    return hint.ruler


def _dynamic_places(tx: sqlite3.Connection, asset: int, about: Run) -> PartitionPlaces | None:
    """The one partition of a run about an asset with dynamic keys; None for all other runs."""
    ruler, key = _ruler_of(tx, asset, None), about.tags.get(PARTITION_TAG)
    if key is None or ruler is None or not ruler.startswith(DYNAMIC_RULER):
        return None
    return PartitionPlaces(ruler, numbering.numbers_of(tx, ruler.removeprefix(DYNAMIC_RULER), [key]))


def _numbered(tx: sqlite3.Connection, ruler: str, made: Sequence[Made]) -> Sequence[Made]:
    """What was made, with numbers if it is the store that gives them."""
    if not ruler.startswith(DYNAMIC_RULER):
        return made
    numbers = numbering.numbers_of(tx, ruler.removeprefix(DYNAMIC_RULER), [one.part for one in made])
    pairs = zip(made, numbers, strict=True)
    return [one._replace(place=PartitionPlace(ruler, number)) for one, number in pairs]


def _make(tx: sqlite3.Connection, asset: int, ruler: str, made: Sequence[Made]) -> list[int | None]:
    """Store the rows of made partitions.

    Returns:
        Their numbers: None for one that has none yet, -1 for one that is not in the definition.
    """
    placed: list[tuple[Any, ...]] = []
    numbers: list[int | None] = []
    for one in made:
        if one.place is not None and one.place.ruler == ruler:
            placed.append((asset, one.part, one.fact, one.place.number))
            numbers.append(one.place.number)
            continue
        row = (asset, one.part, one.fact, None)
        numbers.append(tx.execute(f"{_MAKE} RETURNING place", row).fetchone()[0])
    tx.executemany(_MAKE, placed)
    return numbers
