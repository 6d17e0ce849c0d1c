"""Questions about pools: which there are, who has their slots, who waits.

Owns: how pools look as plain data, and finding one by name. Answered from rows alone: a pool that only code
names is not known before a step of it ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.errors import InvariantViolationError, suggest
from penstock.spi.pools import Pool, Slot
from penstock.spi.store import Store


def list_pools(store: Store) -> Sequence[Pool]:
    """Pools that have a limit, a slot that is taken, or somebody who waits; sorted by name."""
    return store.pools.find()


def find_pool(store: Store, name: str) -> Pool:
    """A pool by its name.

    Raises:
        InvariantViolationError: when nothing is known of it.
    """
    known = {pool.name: pool for pool in store.pools.find()}
    if name in known:
        return known[name]
    there = f" There are: {', '.join(known)}." if known else ""
    raise InvariantViolationError(
        f"Nothing is known of a pool {name!r}: it has no limit of its own, and no step in it has a slot or"
        f" waits for one.{suggest(name, list(known))}{there} `penstock pool set {name} 1` gives it a limit."
    )


def pool_plain(pool: Pool) -> dict[str, Any]:
    """JSON-able data."""
    return {
        "name": pool.name,
        "limit": pool.limit,
        "is_default": pool.is_default,
        "taken": [slot_plain(slot) for slot in pool.taken],
        "waiting": [slot_plain(slot) for slot in pool.waiting],
    }


def slot_plain(slot: Slot) -> dict[str, Any]:
    """JSON-able data; the process behind a slot is nobody's business."""
    plain = {"pool": slot.pool, "run_id": slot.run_id, "step": slot.step, "since": slot.since}
    more = {"attempt": slot.attempt, "priority": slot.priority}
    return plain | {name: number for name, number in more.items() if number}
