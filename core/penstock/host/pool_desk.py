"""The desk of a run: slots of pools, asked of the store.

Owns: that a process which is gone holds up nobody: whoever finds its run in the way ends it, as the next
command would have done, and its slots go with it. No clean-up service is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from penstock.engine.program import Program
from penstock.engine.slots import Slots, pools_of
from penstock.events.runs import Run
from penstock.host.ownership import OWNER_TAG, is_gone, mend_lost_runs
from penstock.spi.pools import SlotAnswer, SlotRequest
from penstock.spi.store import Store


class StoreDesk:
    """Asks a store for the slots of one run.

    Args:
        store: of the instance.
        run: whose steps are to begin.
        now: seconds since 1970.
    """

    def __init__(self, store: Store, run: Run, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._run = run
        self._now = now

    def ask(self, pool: str, step: str, attempt: int) -> SlotAnswer:
        """Take a slot, or a place in the queue."""
        request = SlotRequest(
            pool=pool,
            run_id=self._run.run_id,
            step=step,
            attempt=attempt,
            owner=self._run.tags.get(OWNER_TAG, ""),
        )
        answer = self._store.pools.ask(request, self._now())
        owners = {slot.owner for slot in (*answer.holders, *answer.ahead)}
        if any(is_gone(owner) for owner in owners):
            mend_lost_runs(self._store)
            answer = self._store.pools.ask(request, self._now())
        return answer

    def give_back(self, step: str) -> None:
        """An attempt was not begun after all."""
        self._store.pools.give_back(self._run.run_id, step)


def slots_of(program: Program, store: Store) -> Slots:
    """The slots of a run; none are asked for where no op stands in a pool."""
    if not pools_of(program):
        return Slots()
    return Slots(StoreDesk(store, program.run, program.tools.now))
