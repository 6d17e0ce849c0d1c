"""Landings: batches of which Ray has the end, and how long to wait for what their tasks told before it.

Owns: asking Ray for ends, and the wait for last words: what a worker sent before its end may still be on its
way, over a connection or in the mailbox. Only when all is heard is it known which tasks of a lost batch never
began. What then becomes of its flights is ``flights``'.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import ray as _ray
from attrs import define

from penstock_ray.flights import Batch, arrivals
from penstock_ray.losses import is_crash
from penstock_ray.mailbox import Mailbox
from penstock_ray.stops import NO_ANSWER
from penstock_ray.traffic import Traffic

ray: Any = _ray  # ships types that a strict checker cannot follow

LAST_WORDS = 1.0
"""Seconds in which what was sent before a crash arrives, or a worker that was cut off dials again."""

_LATE_RECORDS = 0.5
_FIRST_WORDS = 0.2


@define(eq=False)
class Landing:
    """The end of a batch: its answer (None for a generator), or the exception of Ray.

    Args:
        batch: that ended.
        result: what its control reference held.
        until: how long to wait for what its tasks told.
        mark: of the mailbox, behind what they told there; 0 for none.
        given_up: when to wait for that no longer.
    """

    batch: Batch
    result: Any
    until: float
    mark: int = 0
    given_up: float = 0.0


class Landings:
    """Finds out which batches have landed, and ends their flights when all is heard.

    Args:
        traffic: what is under way.

    ``mailbox`` is there once a worker needed one, until it is lost.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._held: list[Landing] = []
        self.mailbox: Mailbox | None = None

    @property
    def are_held(self) -> bool:
        """Whether some are held a moment."""
        return bool(self._held)

    def find(self, batches: Iterable[Batch], wait: float) -> None:
        """Ask Ray which of these have landed, and end the flights of all that have nothing more to tell.

        Args:
            batches: that may have.
            wait: seconds to wait for the first of them.
        """
        landed = self._ready(batches, wait)
        if not self._held and not landed:
            return
        now = time.monotonic()
        known = [one for one in self._held + landed if one.batch.open]
        self._held = [
            one for one in known if self._lies_in_mailbox(one, now) or (now < one.until and _tells_more(one))
        ]
        for landing in known:
            if landing not in self._held:
                for arrival in arrivals(landing.batch, landing.result):
                    self._traffic.end(arrival)

    def give_up(self, batch: Batch, now: float) -> None:
        """Ray does not say what became of a batch: it counts as lost."""
        batch.has_landed = True
        self._traffic.trust(batch)
        self._held.append(Landing(batch, TimeoutError("Ray did not confirm it"), now))

    def _ready(self, batches: Iterable[Batch], wait: float) -> list[Landing]:
        by_control = {batch.control: batch for batch in batches if not batch.has_landed}
        controls = list(by_control)
        if not controls:
            return []
        ready, _ = ray.wait(controls, num_returns=len(controls), timeout=0, fetch_local=False)
        if not ready and wait:
            ready, _ = ray.wait(controls, num_returns=1, timeout=wait, fetch_local=False)
        if not ready:
            return []
        try:
            results = ray.get(ready)
        except Exception:  # noqa: BLE001 - of one of them, any of Ray's
            results = [_result(control) for control in ready]
        now = time.monotonic()
        return [self._land(by_control[one], result, now) for one, result in zip(ready, results, strict=True)]

    def _land(self, batch: Batch, result: Any, now: float) -> Landing:
        batch.has_landed = True
        self._traffic.trust(batch)
        landing = Landing(batch, result, now + _longest_wait(batch, result))
        worker = batch.worker
        is_gone = is_crash(result) or (isinstance(result, BaseException) and _is_killed(batch))
        if self.mailbox is not None and (is_gone or worker is None or worker.task in batch.open):
            landing.mark = self.mailbox.mark(worker, is_gone=is_gone)
            landing.given_up = now + NO_ANSWER
        return landing

    def _lies_in_mailbox(self, landing: Landing, now: float) -> bool:
        """Whether something may still be there, also that a task of the batch began."""
        if self.mailbox is None or self.mailbox.has_passed(landing.mark):
            return False
        if now >= landing.given_up:
            self.mailbox.give_up()  # the next turn knows it, and then that nothing is certain
        return True


def _longest_wait(batch: Batch, result: Any) -> float:
    """How long to wait for what tasks told before the end of their batch."""
    if batch.worker is not None:
        return _LATE_RECORDS if _lives(result) else LAST_WORDS
    if not isinstance(result, BaseException):
        return _LATE_RECORDS
    return _FIRST_WORDS if _lives(result) or is_crash(result) or _is_killed(batch) else 0.0


def _lives(result: Any) -> bool:
    """Whether a worker gave an answer: its own, or that the task was interrupted there."""
    return not isinstance(result, BaseException) or isinstance(result, ray.exceptions.RayTaskError)


def _is_killed(batch: Batch) -> bool:
    return any(one.killed for one in batch.open.values())


def _tells_more(landing: Landing) -> bool:
    """Whether records of a batch are still under way."""
    batch, result = landing.batch, landing.result
    worker = batch.worker
    if worker is None:
        return isinstance(result, BaseException)
    if not isinstance(result, BaseException):
        return worker.is_open and worker.task in batch.open
    if _lives(result):
        return not worker.is_open or worker.task in batch.open
    return worker.is_open or (worker.process is not None and worker.process.is_pending)


def _result(control: Any) -> Any:
    try:
        return ray.get(control)
    except Exception as error:  # noqa: BLE001 - any of Ray's, which is the result
        return error
