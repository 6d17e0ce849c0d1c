"""Slots of pools: what the drive knows of limits that hold across runs.

Owns: which pools this run waits for, when it looks again, and what the log says of it. Whether there is a
slot is decided by the desk it is given, behind which stands the store; limits within the run are ``limits``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from penstock.engine.program import Program
from penstock.spi.pools import Slot, SlotAnswer

FIRST_LOOK, LONGEST_LOOK = 0.02, 0.5
"""Seconds until a run looks again for a slot: after the first refusal, and at most."""

_GROWTH = 1.5
_JUMP = 60.0
_NAMED = 3
_ASKER, _BEHIND = "slot of pool ", "behind in pool "


class PoolDesk(Protocol):
    """Where slots are asked for, on behalf of one run."""

    def ask(self, pool: str, step: str, attempt: int, priority: int) -> SlotAnswer:
        """Take a slot, or a place in the queue."""
        ...

    def give_back(self, step: str) -> None:
        """An attempt was not begun after all."""
        ...


class Slots:
    """The slots of one run.

    Args:
        desk: None when no step of the run stands in a pool.
    """

    def __init__(self, desk: PoolDesk | None = None) -> None:
        self._desk = desk
        self._looks: dict[str, float] = {}  # pool → when to look again
        self._pauses: dict[str, float] = {}
        self._urgency: dict[str, int] = {}  # pool → priority of the step that waits for it
        self._told: set[str | tuple[str, str]] = set()
        self.is_idle = desk is None

    def waits_for(self, pool: str, priority: int = 0) -> str | None:
        """The reason to wait without asking: a step as urgent of this run waits for the pool already."""
        is_behind = pool in self._looks and priority <= self._urgency[pool]
        return _BEHIND + pool if is_behind else None

    def ask(
        self, pool: str, step: str, attempt: int, now: Callable[[], float], priority: int = 0
    ) -> SlotAnswer:
        """Ask for a slot.

        Args:
            pool: that no step of this run waits for, or none as urgent.
            step, attempt: that is to begin.
            now: seconds since 1970.
            priority: of the step.
        """
        if self._desk is None:
            return SlotAnswer(granted=True)
        answer = self._desk.ask(pool, step, attempt, priority)
        if answer.granted:
            self._pauses.pop(pool, None)
        else:
            pause = min(self._pauses.get(pool, FIRST_LOOK / _GROWTH) * _GROWTH, LONGEST_LOOK)
            self._pauses[pool] = pause
            self._looks[pool] = now() + pause
            self._urgency[pool] = priority
        return answer

    def give_back(self, step: str) -> None:
        """An attempt was not begun after all."""
        if self._desk is not None:
            self._desk.give_back(step)

    def wake(self, pool: str) -> None:
        """A slot of this run is free: whoever waits for the pool asks at once."""
        self._pauses.pop(pool, None)
        if pool in self._looks:
            self._looks[pool] = 0.0

    def next_look(self, now: float) -> float | None:
        """When a slot is to be asked for again, None when nothing waits for one."""
        for pool, look in self._looks.items():
            if look > now + _JUMP:  # the clock was set back
                self._looks[pool] = now + LONGEST_LOOK
        return min(self._looks.values(), default=None)

    def unlock(self, reason: str, now: float) -> bool:
        """Whether a unit that is parked for this reason is to ask (again) now."""
        if reason.startswith(_BEHIND):
            return reason.removeprefix(_BEHIND) not in self._looks
        pool = reason.removeprefix(_ASKER)
        look = self._looks.get(pool)
        if look is not None and now < look:
            return False
        self._looks.pop(pool, None)  # whichever step comes first asks
        return True

    def sentence(self, answer: SlotAnswer, run_id: str, pool: str, step: str) -> str | None:
        """What the log says of a refusal, None when there is nothing to say.

        Of the first step that waits for a pool at once, of others when they wait long; once a step, and not
        that a run waits for its own steps alone.
        """
        is_own = answer.taken and not answer.ahead and all(one.run_id == run_id for one in answer.holders)
        is_early = pool in self._told and self._pauses.get(pool, 0.0) < LONGEST_LOOK
        if is_own or is_early or (pool, step) in self._told:
            return None
        self._told.update((pool, (pool, step)))
        return f"{step} waits for a slot of pool {pool}: {reason_of(answer, run_id)}"


def parked_for(pool: str) -> str:
    """The reason for which the one unit is parked that asked for a slot."""
    return _ASKER + pool


def is_slot(reason: str) -> bool:
    """Whether a unit is parked for want of a slot."""
    return reason.startswith((_ASKER, _BEHIND))


def pools_of(program: Program) -> Collection[str]:
    """The pools in which ops of a run's job stand."""
    return {place.op.pool for place in program.places.values() if place.op.pool is not None}


def reason_of(answer: SlotAnswer, run_id: str) -> str:
    """Why there was no slot, for people.

    Args:
        answer: a refusal.
        run_id: who asked.
    """
    if not answer.limit:
        return "the pool is closed, its limit is 0."
    by = f" by {_named(answer.holders, run_id)}" if answer.holders else ""
    ahead = f"; {_named(answer.ahead, run_id)} {_why(answer.ahead)}" if answer.ahead else ""
    return f"{answer.taken} of {answer.limit} taken{by}{ahead}."


def _why(ahead: Sequence[Slot]) -> str:
    """Why others come first."""
    return "more urgent or asked before" if any(one.priority for one in ahead) else "asked before"


def _named(slots: Sequence[Slot], run_id: str) -> str:
    names = [
        f"{'this run' if one.run_id == run_id else f'run {one.run_id[:8]}'}"
        f" ({one.step}{f' and {one.others} more' if one.others else ''})"
        for one in slots[:_NAMED]
    ]
    more = len(slots) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names)} and {more} more"
