"""Backfills in SQLite: the ``BackfillStore`` protocol.

Owns: their tables, and what must hold of their rows after any crash (RELIABILITY B12: I11). Must not know
what the texts of partitions mean, or when a backfill is over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from json import loads
from typing import Any
from uuid import UUID

from penstock.errors import InvariantViolationError, TransitionRejected
from penstock.events.jsonbytes import dumps
from penstock.keys import AssetKey
from penstock.spi.backfills import (
    ENDED,
    Backfill,
    BackfillChange,
    BackfillChunk,
    BackfillPart,
    BackfillStatus,
    ChunkStatus,
)
from penstock.store.database import Database

_NUMBERS = {status: number for number, status in enumerate(ChunkStatus, 1)}
_STATUSES = {number: status for status, number in _NUMBERS.items()}
_COLUMNS = "backfill_id, status, version, created, updated, ended, message, body"
_CHUNK = "c.number, c.run_id, c.parts, c.first, c.last, c.count, c.owner, c.status"


class SqliteBackfills:
    """Backfills in one SQLite database.

    Args:
        database: open, with its tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, backfill: Backfill, parts: Sequence[BackfillPart]) -> None:
        """Store a new backfill; see ``BackfillStore``."""
        with self._database.write(full=True) as tx:
            try:
                number = tx.execute(
                    f"INSERT INTO backfills ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (backfill.backfill_id, backfill.status.value, backfill.version, backfill.created,
                     backfill.updated, backfill.ended, backfill.message, _body(backfill)),
                ).lastrowid  # fmt: skip
            except sqlite3.IntegrityError as error:
                raise InvariantViolationError(
                    f"A backfill with the id {backfill.backfill_id!r} exists already. Give it another id."
                ) from error
            tx.executemany(
                "INSERT INTO backfill_parts VALUES (?, ?, ?, ?)",
                [(number, part.place, _part_body(part), _progress(part)) for part in parts],
            )

    def forget(self, backfill_id: str) -> None:
        """Remove a backfill and its rows; see ``BackfillStore``."""
        with self._database.write(full=True) as tx:
            row = tx.execute("SELECT id FROM backfills WHERE backfill_id = ?", (backfill_id,)).fetchone()
            if row is not None:
                tx.execute("DELETE FROM backfill_chunks WHERE backfill = ?", row)
                tx.execute("DELETE FROM backfill_parts WHERE backfill = ?", row)
                tx.execute("DELETE FROM backfills WHERE id = ?", row)

    def find(
        self,
        backfill_ids: Sequence[str] | None = None,
        *,
        statuses: Sequence[BackfillStatus] = (),
        before: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Backfill]:
        """Backfills, newest first; see ``BackfillStore``."""
        where, values = ["1"], list[Any]()
        if backfill_ids is not None:
            where.append("backfill_id IN (SELECT value FROM json_each(?))")
            values.append(dumps(list(backfill_ids)).decode())
        if statuses:
            where.append(f"status IN ({','.join('?' * len(statuses))})")
            values.extend(status.value for status in statuses)
        if before is not None:
            where.append("id < (SELECT id FROM backfills WHERE backfill_id = ?)")
            values.append(before)
        values.append(-1 if limit is None else limit)
        sql = f"SELECT {_COLUMNS} FROM backfills WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
        with self._database.read() as tx:
            return [_backfill(row) for row in tx.execute(sql, values)]

    def parts(self, backfill_id: str) -> Sequence[BackfillPart]:
        """The parts of a backfill, in order of their places."""
        with self._database.read() as tx:
            found = tx.execute(
                "SELECT p.place, p.body, p.progress FROM backfill_parts p"
                " JOIN backfills b ON b.id = p.backfill WHERE b.backfill_id = ? ORDER BY p.place",
                (backfill_id,),
            )
            return [_part(row) for row in found]

    def chunks(
        self,
        backfill_id: str,
        *,
        statuses: Sequence[ChunkStatus] = (),
        first: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[BackfillChunk]:
        """Chunks of a backfill, in order of their numbers; see ``BackfillStore``."""
        where, values = "", list[Any]([backfill_id, after])
        if statuses:  # own numbers, written out: an index over some of them is found by that
            where += f" AND c.status IN ({','.join(str(_NUMBERS[status]) for status in statuses)})"
        if first is not None:
            where += " AND c.first = ?"
            values.append(first)
        values.append(-1 if limit is None else limit)
        with self._database.read() as tx:
            found = tx.execute(
                f"SELECT {_CHUNK} FROM backfill_chunks c WHERE c.backfill ="
                " (SELECT id FROM backfills WHERE backfill_id = ?)"
                f" AND c.number > ?{where} ORDER BY c.number LIMIT ?",
                values,
            )
            return [_chunk(row) for row in found]

    def last_chunk(self, backfill_id: str) -> int:
        """The number of the newest chunk, 0 when there is none."""
        with self._database.read() as tx:
            row = tx.execute("SELECT chunks FROM backfills WHERE backfill_id = ?", (backfill_id,)).fetchone()
        return 0 if row is None else row[0]

    def change(self, backfill_id: str, after_version: int, change: BackfillChange, now: float) -> int:
        """Change a backfill, all or nothing; see ``BackfillStore``."""
        with self._database.write(full=False) as tx:
            number = _move(tx, backfill_id, after_version, change, now)
            tx.executemany(
                "UPDATE backfill_parts SET progress = ? WHERE backfill = ? AND place = ?",
                [(_progress(part), number, part.place) for part in change.parts],
            )
            tx.executemany(
                "INSERT INTO backfill_chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_chunk_row(number, chunk) for chunk in change.chunks],
            )
            tx.executemany(
                "UPDATE backfill_chunks SET owner = ? WHERE backfill = ? AND number = ?",
                [(owner, number, chunk) for chunk, owner in change.owners.items()],
            )
            tx.executemany(
                "UPDATE backfill_chunks SET status = ?, owner = NULL WHERE backfill = ? AND number = ?",
                [(_NUMBERS[status], number, chunk) for chunk, status in change.settled.items()],
            )
        return after_version + 1


def _move(
    tx: sqlite3.Connection, backfill_id: str, after_version: int, change: BackfillChange, now: float
) -> int:
    """Compare and set.

    Returns:
        The storage id.
    """
    status = change.status
    row = tx.execute(
        "UPDATE backfills SET version = version + 1, updated = ?, status = coalesce(?, status),"
        " message = coalesce(?, message), ended = CASE WHEN ? THEN ? WHEN ? THEN NULL ELSE ended END,"
        " chunks = max(chunks, ?) WHERE backfill_id = ? AND version = ? RETURNING id, body",
        (now, None if status is None else status.value, change.message, status in ENDED, now,
         status is not None, max((chunk.number for chunk in change.chunks), default=0),
         backfill_id, after_version),
    ).fetchone()  # fmt: skip
    if row is None:
        raise TransitionRejected(
            f"Backfill {backfill_id} was changed by somebody else in between, or is not stored."
        )
    if change.max_runs is not None:
        body = dumps({**loads(row[1]), "max_runs": change.max_runs})
        tx.execute("UPDATE backfills SET body = ? WHERE id = ?", (body, row[0]))
    return row[0]


# ---- what must hold ------------------------------------------------------------------------------

_FAULTY = {
    "The chunks of backfill {} are not numbered without gaps": """
        SELECT b.backfill_id FROM backfills b LEFT JOIN backfill_chunks c ON c.backfill = b.id
        GROUP BY b.id HAVING count(c.number) <> b.chunks OR coalesce(max(c.number), 0) <> b.chunks""",
    "Two chunks have the run {}": """
        SELECT lower(hex(run_id)) FROM backfill_chunks GROUP BY run_id HAVING count(*) > 1""",
    "Backfill {} is over, and a chunk of it is open": f"""
        SELECT b.backfill_id FROM backfills b JOIN backfill_chunks c ON c.backfill = b.id AND c.status = 1
        WHERE b.status IN ('{BackfillStatus.COMPLETED_SUCCESS.value}',
            '{BackfillStatus.COMPLETED_FAILED.value}')""",
}


def faults_of_backfills(tx: sqlite3.Connection) -> Iterator[str]:
    """Everything that is wrong with the rows of backfills, one sentence each."""
    for sentence, sql in _FAULTY.items():
        for (name,) in tx.execute(sql):
            yield f"{sentence.format(name)}."
    of_parts = "SELECT b.backfill_id, b.status, p.progress FROM backfill_parts p JOIN backfills b"
    for name, status, progress in tx.execute(f"{of_parts} ON b.id = p.backfill"):
        counts: dict[str, int] = loads(progress)["counts"]
        wanted = counts.pop("target", 0)
        left = wanted - sum(counts.values())
        if left < 0 or (left > 0 and status == BackfillStatus.COMPLETED_SUCCESS.value):
            yield f"Backfill {name} wants {wanted} partitions of a part and counts {sum(counts.values())}."


# ---- rows ----------------------------------------------------------------------------------------


def _body(backfill: Backfill) -> bytes:
    plain = {
        "title": backfill.title,
        "assets": [list(key.parts) for key in backfill.assets],
        "job": backfill.job,
        "location": backfill.location,
        "newest_first": backfill.newest_first,
        "max_runs": backfill.max_runs,
        "config": backfill.run_config,
        "tags": dict(backfill.tags),
    }
    return dumps({name: value for name, value in plain.items() if value})


def _backfill(row: tuple[Any, ...]) -> Backfill:
    backfill_id, status, version, created, updated, ended, message, body = row
    plain: dict[str, Any] = loads(body)
    return Backfill(
        backfill_id=backfill_id,
        status=BackfillStatus(status),
        version=version,
        created=created,
        updated=updated,
        ended=ended,
        message=message,
        title=plain.get("title", ""),
        assets=tuple(AssetKey(parts) for parts in plain.get("assets", ())),
        job=plain.get("job"),
        location=plain.get("location", ""),
        newest_first=plain.get("newest_first", False),
        max_runs=plain.get("max_runs"),
        run_config=plain.get("config", {}),
        tags=plain.get("tags", {}),
    )


def _part_body(part: BackfillPart) -> bytes:
    return dumps(
        {
            "name": part.name,
            "asset": None if part.asset is None else list(part.asset.parts),
            "wave": part.wave,
            "shown": part.shown,
            "keys": list(part.keys),
        }
    )


def _progress(part: BackfillPart) -> bytes:
    return dumps({"texts": dict(part.texts), "counts": dict(part.counts)})


def _part(row: tuple[Any, ...]) -> BackfillPart:
    plain: Mapping[str, Any] = loads(row[1])
    progress: Mapping[str, Any] = loads(row[2])
    asset = plain["asset"]
    return BackfillPart(
        place=row[0],
        name=plain["name"],
        asset=None if asset is None else AssetKey(asset),
        wave=plain["wave"],
        shown=plain["shown"],
        keys=tuple(plain["keys"]),
        texts=progress["texts"],
        counts=progress["counts"],
    )


def _chunk_row(backfill: int, chunk: BackfillChunk) -> tuple[Any, ...]:
    parts = ",".join(map(str, chunk.parts))
    run, last = UUID(chunk.run_id).bytes, None if chunk.last == chunk.first else chunk.last
    return (backfill, chunk.number, _NUMBERS[chunk.status], run, parts, chunk.first, last, chunk.count,
            chunk.owner)  # fmt: skip


def _chunk(row: tuple[Any, ...]) -> BackfillChunk:
    number, run_id, parts, first, last, count, owner, status = row
    return BackfillChunk(
        number=number,
        run_id=str(UUID(bytes=run_id)),
        parts=tuple(map(int, parts.split(","))),
        first=first,
        last=first if last is None else last,
        count=count,
        owner=owner or "",
        status=_STATUSES[status],
    )
