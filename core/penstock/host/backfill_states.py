"""What people ask of a backfill that is recorded: find it, pause it, cancel it, go on with it.

Owns: these changes of its state; each is one compare-and-set, so whoever works at it meanwhile takes note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import evolve

from penstock.automation.decide import Sets
from penstock.errors import InvalidInvocationError, TransitionRejected
from penstock.host.backfill_work import Work, no_backfill
from penstock.host.instance import Instance
from penstock.host.ownership import is_gone
from penstock.query.backfills import BackfillSummary
from penstock.query.partitions import partition_statuses
from penstock.spi.backfills import (
    Backfill,
    BackfillChange,
    BackfillPart,
    BackfillStatus,
    ChunkStatus,
)

GOING_ON = frozenset({BackfillStatus.IN_PROGRESS, BackfillStatus.CANCELING})
"""States that some process is to bring to an end."""

_SHOWN = 4
_TURNS = 50
"""How often a change is tried again when somebody else was faster."""

_GRACE = 60.0
"""Seconds within which a process that has resumed a backfill claims its first chunk."""


def find(instance: Instance, begun: str) -> Backfill:
    """The backfill whose id begins with a text.

    Raises:
        RunNotFoundError: when there is none.
        InvalidInvocationError: when there are several.
    """
    exact = instance.store.backfills.find([begun])
    if exact:
        return exact[0]
    found = [one for one in instance.store.backfills.find() if one.backfill_id.startswith(begun)]
    if len(found) > 1:
        names = ", ".join(one.backfill_id for one in found[:_SHOWN])
        raise InvalidInvocationError(
            f"{begun!r} begins the ids of several backfills: {names}. Write more of it."
        )
    if not found:
        raise no_backfill(begun)
    return found[0]


def pause(instance: Instance, backfill: Backfill, now: float) -> Backfill:
    """Begin no more runs; those that are under way go on.

    Raises:
        InvalidInvocationError: when it is over.
    """
    if backfill.is_finished or backfill.status is BackfillStatus.CANCELING:
        raise InvalidInvocationError(
            f"Backfill {backfill.backfill_id} is {backfill.status.words}: it cannot be paused."
        )
    return _changed(instance, backfill, BackfillChange(status=BackfillStatus.PAUSED), now)


def cancel(instance: Instance, backfill: Backfill, now: float) -> Backfill:
    """Begin no more runs, unless somebody resumes it. It is over when nobody works at it any more.

    Raises:
        InvalidInvocationError: when it is over.
    """
    if backfill.is_finished:
        raise InvalidInvocationError(f"Backfill {backfill.backfill_id} is {backfill.status.words} already.")
    status = BackfillStatus.CANCELING if is_worked_at(instance, backfill) else BackfillStatus.CANCELED
    return _changed(instance, backfill, BackfillChange(status=status), now)


def is_worked_at(instance: Instance, backfill: Backfill) -> bool:
    """Whether a process that may be alive has claimed chunks of it."""
    return any(not is_gone(owner) for owner in _owners(instance, backfill))


def is_abandoned(instance: Instance, backfill: Backfill, now: float) -> bool:
    """Whether a backfill counts as going on while nobody works at it: its process was killed.

    Who works at one has always claimed something of it, but for the moment after it was resumed.
    """
    if backfill.status not in GOING_ON:
        return False
    owners = _owners(instance, backfill)
    return all(is_gone(owner) for owner in owners) if owners else now - backfill.updated > _GRACE


def with_abandoned(instance: Instance, summary: BackfillSummary, now: float) -> BackfillSummary:
    """The summary of a backfill, which says whether it was abandoned."""
    return evolve(summary, is_abandoned=is_abandoned(instance, summary.backfill, now))


def _owners(instance: Instance, backfill: Backfill) -> set[str]:
    """The processes that have claimed what is not settled yet."""
    opened = instance.store.backfills.chunks(backfill.backfill_id, statuses=[ChunkStatus.REQUESTED])
    return {chunk.owner for chunk in opened if chunk.owner}


def resume(work: Work, now: float, *, failed: bool = False) -> Backfill:
    """Go on with a backfill.

    Args:
        work: the backfill.
        now: seconds since 1970.
        failed: what failed, was canceled or could not be made because of that is tried again too.

    Raises:
        InvalidInvocationError: when nothing is left to do.
    """
    rows = work.instance.store.backfills
    _refuse_strangers(work)
    for _ in range(_TURNS):
        found = rows.find([work.backfill.backfill_id])
        if not found:
            raise no_backfill(work.backfill.backfill_id)
        backfill = found[0]
        parts: Sequence[BackfillPart] = rows.parts(backfill.backfill_id)
        names = ("failed", "blocked", "canceled") if failed else ("canceled",)
        again = [part for part in parts if any(part.counts.get(name) for name in names)]
        if backfill.status is BackfillStatus.COMPLETED_SUCCESS or (
            backfill.status is BackfillStatus.COMPLETED_FAILED and not again
        ):
            hint = "" if failed or backfill.status is BackfillStatus.COMPLETED_SUCCESS else " Add --failed."
            raise InvalidInvocationError(
                f"Backfill {backfill.backfill_id} is {backfill.status.words}: nothing is left to do.{hint}"
            )
        change = BackfillChange(
            status=BackfillStatus.IN_PROGRESS,
            message="",
            parts=tuple(_again(work, part, names, now) for part in again),
        )
        try:
            rows.change(backfill.backfill_id, backfill.version, change, now)
        except TransitionRejected:
            continue
        return evolve(backfill, status=BackfillStatus.IN_PROGRESS, version=backfill.version + 1)
    raise TransitionRejected(f"Backfill {work.backfill.backfill_id} is changed by others all the time.")


def _refuse_strangers(work: Work) -> None:
    """Refuse definitions that have none of the assets: they are those of something else."""
    if all(part.is_gone for part in work.scheme.parts):
        names = ", ".join(part.name for part in work.scheme.parts[:_SHOWN])
        raise InvalidInvocationError(
            f"These definitions make none of the assets of backfill {work.backfill.backfill_id} ({names}),"
            f" which was launched from {work.backfill.location or 'elsewhere'}. Name them with -m or -f."
        )


def _again(work: Work, row: BackfillPart, names: tuple[str, ...], now: float) -> BackfillPart:
    """A part of which some is tried again, unless somebody made it meanwhile."""
    before = work.sets_of(row)
    return work.row_of(row, before, _mended(work, row, before, now).tried_again(*names))


def _mended(work: Work, row: BackfillPart, sets: Sets, now: float) -> Sets:
    """What failed here and was made since by another run counts as made."""
    part = work.scheme.parts[row.place]
    if part.asset is None or not part.is_partitioned or (sets.failed | sets.canceled).is_empty:
        return sets
    moment = datetime.fromtimestamp(now, UTC)
    store = work.instance.store
    found = partition_statuses(store, part.asset, part.definition, now=moment, dynamic=work.instance)
    return sets.moved("done", (sets.failed | sets.canceled) & found.materialized)


def _changed(instance: Instance, backfill: Backfill, change: BackfillChange, now: float) -> Backfill:
    rows = instance.store.backfills
    while True:
        try:
            version = rows.change(backfill.backfill_id, backfill.version, change, now)
        except TransitionRejected:
            found = rows.find([backfill.backfill_id])
            if not found or found[0].is_finished:
                raise
            backfill = found[0]
            continue
        return evolve(backfill, version=version, status=change.status or backfill.status, updated=now)
