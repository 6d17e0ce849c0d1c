"""What an instance answers and does about backfills.

Owns: the public names and arguments of these questions. The functions become methods of ``Instance``, which
is what they take first. How a backfill is planned and carried out: ``backfills`` and ``backfill_drive``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from penstock.spi.backfills import Backfill, BackfillStatus
from penstock.spi.store import Store


class HasBackfills(Protocol):
    """What these functions need of an instance."""

    @property
    def store(self) -> Store:
        """Where backfills are kept."""
        ...


def get_backfills(
    instance: HasBackfills,
    filters: Any = None,
    cursor: str | None = None,
    limit: int | None = None,
    status: BackfillStatus | None = None,
) -> list[Backfill]:
    """The backfills of this instance, newest first.

    Args:
        instance: whose they are.
        filters: an object whose ``statuses`` say in which states they are; None for all.
        cursor: the id of a backfill: only older ones.
        limit: at most so many.
        status: only those in this state.
    """
    statuses: Sequence[Any] = getattr(filters, "statuses", None) or ()
    wanted = [BackfillStatus(getattr(one, "value", one)) for one in statuses]
    wanted += [] if status is None else [status]
    return list(instance.store.backfills.find(statuses=wanted, before=cursor, limit=limit))


def get_backfill(instance: HasBackfills, backfill_id: str) -> Backfill | None:
    """A backfill, None when it is not stored."""
    found = instance.store.backfills.find([backfill_id])
    return found[0] if found else None
