"""Retention: what of the runs may go because it is old, and its going in small pieces.

Owns: which finished runs are chosen. Live runs and the facts about assets are never touched; runs
that were only half forgotten when a process died are finished first.
"""

from __future__ import annotations

from collections.abc import Collection

from penstock.events.runs import TERMINAL, RunStatus
from penstock.store import deletion, rows
from penstock.store.sqlite import SqliteStore
from penstock.values import frozen


@frozen(kw_only=True)
class RetentionReport:
    """What went: ``run_ids`` in order of age, ``rows`` of the log."""

    run_ids: tuple[str, ...] = ()
    rows: int = 0


@frozen(kw_only=True)
class RetentionPolicy:
    """Which finished runs may go; a run goes when every given condition holds.

    Args:
        older_than: seconds since the run last changed, None for any age.
        keep_last: the newest runs of each job that stay, None for none.
        statuses: only runs in one of these states; states that are not final are ignored.
        keep_history: keep facts about assets even when newer ones exist.
    """

    older_than: float | None = None
    keep_last: int | None = None
    statuses: Collection[RunStatus] = TERMINAL
    keep_history: bool = True


def expired_runs(store: SqliteStore, policy: RetentionPolicy, now: float) -> list[tuple[int, str]]:
    """The runs that the policy lets go, oldest first, as (storage id, run id).

    A policy that says neither an age nor a number lets nothing go.
    """
    if policy.older_than is None and policy.keep_last is None:
        return []
    numbers = sorted(rows.STATUS_NUMBERS[status] for status in policy.statuses if status in TERMINAL)
    if not numbers:
        return []
    newest_change = now - policy.older_than if policy.older_than is not None else float("inf")
    sql = (
        "SELECT id, run_id FROM (SELECT id, run_id, status, updated,"
        " row_number() OVER (PARTITION BY job ORDER BY id DESC) AS place FROM runs WHERE gone = 0)"
        f" WHERE status IN ({', '.join(map(str, numbers))}) AND updated < ? AND place > ? ORDER BY id"
    )
    with store.database.read() as tx:
        return tx.execute(sql, (newest_change, policy.keep_last or 0)).fetchall()


def retain(
    store: SqliteStore, policy: RetentionPolicy, now: float, *, batch: int = 1000, dry_run: bool = False
) -> RetentionReport:
    """Forget the runs that the policy lets go.

    Args:
        store: where.
        policy: which.
        now: seconds since 1970.
        batch: rows of the log removed in one transaction.
        dry_run: only tell.
    """
    expired = expired_runs(store, policy, now)
    report = tuple(run_id for _, run_id in expired)
    if dry_run:
        return RetentionReport(run_ids=report)
    removed = sum(
        store.forget_rest(number, batch, keep_history=policy.keep_history)
        for number in _half_forgotten(store)
    )
    for number, _ in expired:
        if _begin(store, number):
            removed += store.forget_rest(number, batch, keep_history=policy.keep_history)
    with store.database.write(full=False) as tx:
        deletion.drop_empty_runs(tx)
    return RetentionReport(run_ids=report, rows=removed)


def _begin(store: SqliteStore, number: int) -> bool:
    final = ", ".join(str(rows.STATUS_NUMBERS[status]) for status in sorted(TERMINAL, key=lambda s: s.value))
    with store.database.write(full=False) as tx:
        # chosen outside this transaction: look again
        sql = f"SELECT 1 FROM runs WHERE id = ? AND gone = 0 AND status IN ({final})"
        if tx.execute(sql, (number,)).fetchone() is None:
            return False
        deletion.begin_to_forget(tx, number)
    return True


def _half_forgotten(store: SqliteStore) -> list[int]:
    with store.database.read() as tx:
        found = tx.execute("SELECT id FROM runs WHERE gone = ?", (deletion.GONE_HALF,))
        return [row[0] for row in found]
