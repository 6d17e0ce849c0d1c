"""The contract of a store about pools: slots that the steps of all runs share.

Owns: the ``PoolStore`` protocol and its message values. A slot is taken in one transaction that counts, and
given back in the transaction of the event that ends the attempt, or its run; the store sees to the latter
itself. Whether the process behind a slot still lives is for others to find out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from penstock.values import frozen

WAITER_PATIENCE = 5.0
"""Seconds after which a run that did not look again has no precedence over those that asked later."""


@frozen(kw_only=True)
class SlotRequest:
    """An attempt at a step that is to begin in a pool.

    Args:
        owner: the process that drives the run, as its tag names it; empty where nobody outside can see it.
        priority: of those that wait the highest comes first.
    """

    pool: str
    run_id: str
    step: str
    attempt: int = 1
    owner: str = ""
    priority: int = 0


@frozen(kw_only=True)
class Slot:
    """A slot that an attempt has, or waits for.

    Args:
        since: seconds since 1970; when it was taken, or asked for.
        attempt: its number, 0 while it waits.
        others: how many more slots of the pool the run has, where one stands for all.
        priority: with which it waits.
    """

    pool: str
    run_id: str
    step: str
    owner: str
    since: float
    attempt: int = 0
    others: int = 0
    priority: int = 0


@frozen(kw_only=True)
class SlotAnswer:
    """What came of a request.

    Args:
        granted: whether the slot was taken; the rest is only told when it was not.
        limit: of the pool, None for no limit.
        taken: how many slots are.
        holders: of each run that has slots the first.
        ahead: of each run that is still looking and comes first, the wish.
    """

    granted: bool
    limit: int | None = None
    taken: int = 0
    holders: tuple[Slot, ...] = ()
    ahead: tuple[Slot, ...] = ()


@frozen(kw_only=True)
class Pool:
    """Where a pool stands.

    Args:
        limit: how many slots it has, None for any number.
        is_default: whether that is the limit of all pools that have none of their own.
        taken: in order of taking.
        waiting: one for each run of which steps wait, by priority, equals in order of asking.
    """

    name: str
    limit: int | None
    is_default: bool
    taken: tuple[Slot, ...] = ()
    waiting: tuple[Slot, ...] = ()


class PoolStore(Protocol):
    """Pools of an instance, and who has their slots; part of a store."""

    def set_limit(self, pool: str | None, slots: int | None) -> None:
        """Give a pool so many slots, from 0; who has one keeps it.

        Args:
            pool: its name; None for every pool that has no limit of its own.
            slots: None takes the limit away.

        Raises:
            InvariantViolationError: when the name is empty.
        """
        ...

    def default_limit(self) -> int | None:
        """The limit of pools that have none of their own."""
        ...

    def find(self, pool: str | None = None, *, run_id: str | None = None) -> Sequence[Pool]:
        """Pools that have a limit, a slot that is taken, or somebody who waits; sorted by name.

        Args:
            pool: this one alone, also if nothing is known of it.
            run_id: of slots and wishes those of this run alone.
        """
        ...

    def ask(self, request: SlotRequest, now: float) -> SlotAnswer:
        """Take a slot, or a place in the queue for one; who has the slot already is granted it again.

        Args:
            request: of a run that is under way.
            now: seconds since 1970.

        Raises:
            TransitionRejected: when the run is not under way (any more).
        """
        ...

    def give_back(self, run_id: str, step: str | None = None) -> int:
        """End what a run has of pools although no event says so; returns how many slots that were.

        Args:
            run_id: the run.
            step: of this step alone; None for all of its slots and wishes.
        """
        ...
