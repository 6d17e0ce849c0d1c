"""The desk of a run: slots of pools, asked of the store.

Owns: that a process which is gone holds up nobody: whoever finds its run in the way ends it, as the next
command would have done, and its slots go with it. No clean-up service is needed. Also that a run never waits
for the step that started it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from penstock.engine.context import HAND_IN_USE
from penstock.engine.program import Program
from penstock.engine.slots import Slots, pools_of
from penstock.errors import InvariantViolationError
from penstock.events.runs import Run
from penstock.host.ownership import OWNER_TAG, is_gone, mend_lost_runs
from penstock.plan.priorities import priority_of
from penstock.spi.pools import Slot, SlotAnswer, SlotRequest
from penstock.spi.store import Store

_MOST = (1 << 31) - 1
"""The highest priority; a higher one is as good."""


class StoreDesk:
    """Asks a store for the slots of one run.

    Args:
        store: of the instance.
        run: whose steps are to begin.
        now: seconds since 1970.
        outer: run id and key of the step that started the run, when one did.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        now: Callable[[], float] = time.time,
        outer: tuple[str, str] | None = None,
    ) -> None:
        self._store = store
        self._run = run
        self._now = now
        self._outer = outer
        self._urgency = _of_run(run.tags)

    def ask(self, pool: str, step: str, attempt: int, priority: int = 0) -> SlotAnswer:
        """Take a slot, or a place in the queue.

        Args:
            pool, step, attempt: what is to begin, and where.
            priority: of the step, to which that of the run is added.

        Raises:
            InvariantViolationError: when the one slot is that of the step that started the run.
        """
        request = SlotRequest(
            pool=pool,
            run_id=self._run.run_id,
            step=step,
            attempt=attempt,
            owner=self._run.tags.get(OWNER_TAG, ""),
            priority=max(-_MOST, min(priority + self._urgency, _MOST)),
        )
        answer = self._store.pools.ask(request, self._now())
        owners = {slot.owner for slot in (*answer.holders, *answer.ahead)}
        if any(is_gone(owner) for owner in owners):
            mend_lost_runs(self._store)
            answer = self._store.pools.ask(request, self._now())
        if answer.limit == answer.taken == 1 and self._outer == _step_of(answer.holders[0]):
            raise InvariantViolationError(
                f"Step {step!r} would wait for ever: the one slot of pool {pool!r} is taken by step"
                f" {answer.holders[0].step!r}, which started this run. Give the pool another slot"
                f" (`penstock pool set {pool} 2`), or leave one of both steps out of it."
            )
        return answer

    def give_back(self, step: str) -> None:
        """An attempt was not begun after all."""
        self._store.pools.give_back(self._run.run_id, step)


def slots_of(program: Program, store: Store) -> Slots:
    """The slots of a run; none are asked for where no op stands in a pool."""
    if not pools_of(program):
        return Slots()
    hand = HAND_IN_USE.get()
    outer = None if hand is None else (hand.program.run.run_id, hand.key)
    return Slots(StoreDesk(store, program.run, program.tools.now, outer))


def _of_run(tags: Mapping[str, str]) -> int:
    """The priority of a run; tags of runs are free text, so what is no number says nothing."""
    try:
        return priority_of(tags)
    except ValueError:
        return 0


def _step_of(slot: Slot) -> tuple[str, str]:
    return slot.run_id, slot.step
