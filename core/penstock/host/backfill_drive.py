"""Carrying a backfill out in this process: claim a few chunks, run them, take in what came of them, again.

Owns: ``drive``. Several processes may drive one backfill at once; each carries out what it claimed. Nothing
is kept here that is not in the store, so this process may be killed at any moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from attrs import define, field

from penstock.errors import TransitionRejected, UserError
from penstock.events.runs import RunStatus
from penstock.host import backfill_states
from penstock.host.backfill_step import Step, iterate
from penstock.host.backfill_work import Work
from penstock.host.backfills import config_for, range_tags
from penstock.host.extensions import Observer
from penstock.host.launch import Launch, launch
from penstock.host.ownership import OWNER_TAG, owner_tag
from penstock.host.warm import WarmExecutors
from penstock.spi.backfills import BACKFILL_TAG, Backfill, BackfillChunk, BackfillStatus

CLAIMED, MOST_CLAIMED = 25, 1000
"""Chunks that are claimed in one transaction: what another process cannot take over while this one lives.

More are claimed where claiming takes long beside running, as with a hundred thousand dynamic keys.
"""

SHARE = 0.05
"""Which part of the time may go into claiming."""

PAUSE = 0.2
"""Seconds between two looks while only other processes are at work."""

_GOING = (BackfillStatus.REQUESTED, BackfillStatus.IN_PROGRESS)


@define(eq=False)
class Driver:
    """Drives one backfill to its end, or until somebody stops it.

    Args:
        work: the backfill.
        on_step: told after each iteration and each run.
        observers: told of each run's events.
        location: where the definitions are, as text.
        is_new: whether nobody has worked at it before: if its first run cannot even begin, the backfill is
            forgotten, and why is raised.
        default_executor: carries out steps where nothing else is named.
    """

    work: Work
    on_step: Callable[[Step], None] = lambda _step: None
    observers: Sequence[Observer] = ()
    location: str | None = None
    default_executor: str | None = None
    is_new: bool = False
    _owner: str = field(factory=lambda: owner_tag()[OWNER_TAG])
    _refused: dict[int, str] = field(factory=dict[int, str])
    _claims: int = CLAIMED
    _warm: WarmExecutors = field(factory=WarmExecutors)

    def drive(self) -> Backfill:
        """Work until the backfill is over, paused or canceled.

        An interrupt cancels the run that is under way and pauses the backfill; what that run had not made
        is made when it is resumed.

        Raises:
            KeyboardInterrupt: after the backfill was paused.
        """
        try:
            with self._warm:
                return self._drive()
        except KeyboardInterrupt:
            self._pause()
            raise

    def _drive(self) -> Backfill:
        while True:
            began = time.monotonic()
            step = self._iterate()
            claimed = time.monotonic()
            self.on_step(step)
            if step.backfill.status not in _GOING and not (step.under_way and self._has_own(step)):
                return step.backfill
            for chunk in step.to_launch:
                if not self._is_wanted():
                    break
                self._carry_out(chunk)
                self.on_step(step)
            if step.to_launch:
                each = (time.monotonic() - claimed) / len(step.to_launch)
                wanted = (claimed - began) / SHARE / max(each, 1e-4)
                self._claims = round(min(max(wanted, CLAIMED), MOST_CLAIMED))
            else:
                time.sleep(PAUSE)

    def _has_own(self, step: Step) -> bool:
        return any(chunk.owner == self._owner for chunk in step.to_launch)

    def _iterate(self) -> Step:
        refused, self._refused = self._refused, {}
        # what is claimed counts as running, so where that is limited each process claims what it runs
        room = self._claims if self.work.backfill.max_runs is None else 1
        return iterate(self.work, time.time(), room=room, owner=self._owner, refused=refused)

    def _is_wanted(self) -> bool:
        """Whether nobody paused or canceled the backfill meanwhile."""
        found = self.work.instance.store.backfills.find([self.work.backfill.backfill_id])
        return bool(found) and found[0].status in _GOING

    def _carry_out(self, chunk: BackfillChunk) -> None:
        """Run one chunk to its end.

        Raises:
            KeyboardInterrupt: when its run was interrupted.
        """
        backfill = self.work.backfill
        try:
            job = self.work.job_for(chunk.parts)
            tags = {**backfill.tags, BACKFILL_TAG: backfill.backfill_id}
            if chunk.first is not None and chunk.last is not None:
                tags |= range_tags(chunk.first, chunk.last)
            given = Launch(
                run_config=config_for(backfill, job),
                tags=tags,
                run_id=chunk.run_id,
                partition_key=chunk.first if chunk.first == chunk.last else None,
                raise_on_error=False,
                keeps_values=False,
                observers=tuple(self.observers),
                code_location=self.location,
                executor=self.default_executor,
                warm=self._warm,
            )
            result = launch(job, given, self.work.instance)
        except UserError as error:
            self._refuse(chunk, error)
            return
        self.is_new = False
        if result.run.status is RunStatus.CANCELED:
            raise KeyboardInterrupt

    def _refuse(self, chunk: BackfillChunk, error: UserError) -> None:
        """A run could not begin.

        Raises:
            UserError: when it was the first of all, so that nothing stays on record.
        """
        if self.work.instance.has_run(chunk.run_id):
            return  # somebody else was faster
        if self.is_new and chunk.number == 1:
            self.work.instance.store.backfills.forget(self.work.backfill.backfill_id)
            raise error
        self._refused[chunk.number] = str(error)

    def _pause(self) -> None:
        """What was claimed goes back, and the backfill waits to be resumed."""
        try:
            found = backfill_states.find(self.work.instance, self.work.backfill.backfill_id)
            if found.status in _GOING:
                backfill_states.pause(self.work.instance, found, time.time())
        except (TransitionRejected, UserError):
            return  # it is over already
        self.on_step(self._iterate())
