"""Numbers of dynamic keys: given once by set, kept when a key is taken away, and had again when it is back.

Owns: ``dynamic_sets``, ``dynamic_numbers`` and ``dynamic_bits``. A set is numbered from the first question
about its partitions on; from then on every change of it keeps the bits of the keys that are there. Must not
know connections.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from penstock.events.runs import RANGE_START_TAG
from penstock.spi.store import DYNAMIC_RULER
from penstock.store import bitmaps

_FEW, _MANY = 500, 10_000
"""Keys that are looked up in one statement, and from how many on the whole set is read instead."""


def is_numbered(tx: sqlite3.Connection, name: str) -> bool:
    """Whether the keys of a set have numbers."""
    return tx.execute("SELECT 1 FROM dynamic_sets WHERE name = ?", (name,)).fetchone() is not None


def begin(tx: sqlite3.Connection, name: str) -> None:
    """Number the keys of a set in their order, unless that was done before."""
    if is_numbered(tx, name):
        return
    made = tx.execute(
        "INSERT INTO dynamic_numbers SELECT name, part, row_number() OVER (ORDER BY place) - 1"
        " FROM dynamic_partitions WHERE name = ?",
        (name,),
    ).rowcount
    tx.execute("INSERT INTO dynamic_sets VALUES (?, ?)", (name, made - 1))
    _write(tx, name, bitmaps.chunks_of(range(made)))


def known_numbers(tx: sqlite3.Connection, name: str, parts: Collection[str]) -> dict[str, int]:
    """The numbers of those of some keys that have one."""
    if len(parts) > _MANY:
        return dict(tx.execute("SELECT part, number FROM dynamic_numbers WHERE name = ?", (name,)))
    found: dict[str, int] = {}
    wanted = iter(parts)
    while some := tuple(islice(wanted, _FEW)):
        marks = ", ".join("?" * len(some))
        sql = f"SELECT part, number FROM dynamic_numbers WHERE name = ? AND part IN ({marks})"  # marks alone
        found.update(tx.execute(sql, (name, *some)))
    return found


def numbers_of(tx: sqlite3.Connection, name: str, parts: Sequence[str]) -> list[int]:
    """The numbers of keys, whether or not they are in the set; those that have none get one."""
    begin(tx, name)
    known = known_numbers(tx, name, parts)
    new = [part for part in dict.fromkeys(parts) if part not in known]
    if new:
        last = tx.execute("SELECT last FROM dynamic_sets WHERE name = ?", (name,)).fetchone()[0]
        known.update(zip(new, range(last + 1, last + 1 + len(new)), strict=True))
        rows = ((name, part, known[part]) for part in new)
        tx.executemany("INSERT INTO dynamic_numbers VALUES (?, ?, ?)", rows)
        tx.execute("UPDATE dynamic_sets SET last = ? WHERE name = ?", (last + len(new), name))
    return [known[part] for part in parts]


def members(tx: sqlite3.Connection, name: str) -> dict[int, int]:
    """The masks of the numbers of the keys that are there."""
    return bitmaps.unpacked(tx.execute("SELECT chunk, bits FROM dynamic_bits WHERE name = ?", (name,)))


def parts_at(tx: sqlite3.Connection, name: str, numbers: Sequence[int]) -> Iterator[str]:
    """The keys of numbers; of many of them in any order."""
    if len(numbers) > _MANY:
        wanted = frozenset(numbers)
        found = tx.execute("SELECT number, part FROM dynamic_numbers WHERE name = ?", (name,))
        return (part for number, part in found if number in wanted)
    sql = "SELECT part FROM dynamic_numbers WHERE name = ? AND number = ?"
    return (part for number in numbers for (part,) in tx.execute(sql, (name, number)))


def note_change(tx: sqlite3.Connection, name: str, added: Sequence[str], removed: Sequence[str]) -> None:
    """Keys were added to a set, then others taken away; those who were there are among the added."""
    if not is_numbered(tx, name):
        return
    held = members(tx, name)
    before = dict(held)
    for chunk, mask in bitmaps.chunks_of(numbers_of(tx, name, added)).items():
        held[chunk] = held.get(chunk, 0) | mask
    gone = known_numbers(tx, name, removed)
    for chunk, mask in bitmaps.chunks_of(gone[part] for part in removed if part in gone).items():
        held[chunk] = held.get(chunk, 0) & ~mask
    _write(tx, name, {chunk: mask for chunk, mask in held.items() if mask != before.get(chunk, 0)})
    _judge_ranges_again(tx, name)


def _judge_ranges_again(tx: sqlite3.Connection, name: str) -> None:
    """What a range covers depends on the order of the keys, which may have changed."""
    tx.execute(
        "UPDATE partition_rulers SET stale = 1 WHERE ruler = ? AND asset IN ("
        "SELECT t.asset FROM partition_tries t JOIN run_tags g ON g.run = t.run WHERE g.key = ?)",
        (DYNAMIC_RULER + name, RANGE_START_TAG),
    )


def _write(tx: sqlite3.Connection, name: str, chunks: Mapping[int, int]) -> None:
    kept = [(name, chunk, bitmaps.pack(mask)) for chunk, mask in chunks.items() if mask]
    tx.executemany("INSERT OR REPLACE INTO dynamic_bits VALUES (?, ?, ?)", kept)
    gone = [(name, chunk) for chunk, mask in chunks.items() if not mask]
    tx.executemany("DELETE FROM dynamic_bits WHERE name = ? AND chunk = ?", gone)
