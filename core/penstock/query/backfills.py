"""Questions about backfills: which there are, how far each is, what failed.

Owns: ``BackfillSummary``. Answered from rows alone: the user's code is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.spi.backfills import (
    Backfill,
    BackfillChunk,
    BackfillPart,
    BackfillStatus,
    ChunkStatus,
)
from penstock.spi.store import Store
from penstock.values import frozen

COUNTED = ("target", "done", "skipped", "failed", "blocked", "canceled", "removed")
_SUBJECTS = 3
_OVER = COUNTED[1:]


@frozen(kw_only=True)
class BackfillSummary:
    """A backfill and how far it is.

    Args:
        backfill: as it is stored.
        parts: how far each asset is.
        is_abandoned: whether it is stored as going on, while nobody works at it.
    """

    backfill: Backfill
    parts: tuple[BackfillPart, ...]
    is_abandoned: bool = False

    def count(self, name: str) -> int:
        """How many partitions of all assets are in one of the sets of ``COUNTED``."""
        return sum(part.counts.get(name, 0) for part in self.parts)

    @property
    def made(self) -> int:
        """How many partitions are well: made, or skipped by their function."""
        return self.count("done") + self.count("skipped")

    @property
    def left(self) -> int:
        """How many are still to be made, those under way included."""
        return self.count("target") - sum(self.count(name) for name in _OVER)

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken until it last changed."""
        return (self.backfill.ended or self.backfill.updated) - self.backfill.created

    @property
    def subject(self) -> str:
        """What it makes, for people."""
        if self.backfill.title:
            return self.backfill.title
        if self.backfill.job is not None:
            return f"job {self.backfill.job}"
        names = [part.name for part in self.parts]
        more = f" and {len(names) - _SUBJECTS} more" if len(names) > _SUBJECTS else ""
        return f"{', '.join(names[:_SUBJECTS])}{more}"

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data."""
        one = self.backfill
        return {
            "backfill_id": one.backfill_id,
            "status": one.status.value,
            "abandoned": self.is_abandoned,
            "title": one.title,
            "job": one.job,
            "tags": dict(one.tags),
            "created": one.created,
            "updated": one.updated,
            "ended": one.ended,
            "message": one.message,
            "counts": {name: self.count(name) for name in COUNTED},
            "assets": [_plain(part) for part in self.parts],
        }


def _plain(part: BackfillPart) -> dict[str, Any]:
    counts = {name: part.counts.get(name, 0) for name in COUNTED}
    return {"name": part.name, "wave": part.wave, "partitions": part.shown, "counts": counts}


def list_backfills(
    store: Store, *, statuses: Sequence[BackfillStatus] = (), limit: int | None = None
) -> list[BackfillSummary]:
    """Backfills with how far they are, newest first."""
    return [summary_of(store, one) for one in store.backfills.find(statuses=statuses, limit=limit)]


def summary_of(store: Store, backfill: Backfill) -> BackfillSummary:
    """A backfill with how far it is."""
    return BackfillSummary(backfill=backfill, parts=tuple(store.backfills.parts(backfill.backfill_id)))


def bad_chunks(store: Store, backfill_id: str, limit: int | None = None) -> Sequence[BackfillChunk]:
    """The chunks whose run failed, lost its process or was canceled, oldest first."""
    wanted = (ChunkStatus.FAILED, ChunkStatus.CANCELED, ChunkStatus.LOST)
    return store.backfills.chunks(backfill_id, statuses=wanted, limit=limit)
