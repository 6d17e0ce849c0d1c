"""What an instance answers and does about pools.

Owns: the public names and arguments of these questions. The functions become methods of ``Instance``, which
is what they take first. How slots are counted: ``penstock.store.pools``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from penstock.errors import InvariantViolationError
from penstock.spi.pools import Pool
from penstock.spi.store import Store


class HasPools(Protocol):
    """What these functions need of an instance."""

    @property
    def store(self) -> Store:
        """Where pools are kept."""
        ...


def get_pools(instance: HasPools) -> Sequence[Pool]:
    """Pools that have a limit, a slot that is taken, or somebody who waits; sorted by name."""
    return instance.store.pools.find()


def get_pool(instance: HasPools, pool: str) -> Pool:
    """Where a pool stands, also when nothing is known of it.

    Args:
        instance: whose pool it is.
        pool: its name.
    """
    return instance.store.pools.find(pool)[0]


def set_pool_limit(instance: HasPools, pool: str | None, slots: int | None) -> None:
    """Let at most so many steps of a pool run at once, over all runs; what runs already goes on.

    Args:
        instance: whose runs they are.
        pool: its name; None for every pool that has no limit of its own.
        slots: from 0, which closes the pool; None for no limit.

    Raises:
        InvariantViolationError: when that is no number of slots, or the name is empty.
    """
    if slots is not None and (isinstance(slots, bool) or slots < 0):
        raise InvariantViolationError(f"A pool has a whole number of slots from 0, not {slots!r}.")
    instance.store.pools.set_limit(pool, slots)
