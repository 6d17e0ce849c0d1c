"""A team: several executors that share the steps of one run.

Owns: which member a task goes to (``wants.executor``), how many tasks each has at once, and carrying values
from a member to another that cannot reach them itself. Knows nothing of what the members are.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import define, field

from penstock.spi.executor import (
    Executor,
    ExecutorFeatures,
    Lost,
    Message,
    Outcome,
    Shared,
    Task,
    Ticket,
    Wants,
)
from penstock.spi.queueing import enqueue

_NO_VALUES: Mapping[str, Any] = {}
_SHORTEST, _LONGEST = 0.001, 0.02
"""Seconds between two looks at members of which none had anything to tell."""

Waiting = tuple[Task, Mapping[str, tuple[Ticket, str]], Mapping[str, Any]]


@define(eq=False)
class _Member:
    """An executor with what it has and what waits for room there."""

    executor: Executor
    running: set[str] = field(factory=set[str])
    waiting: deque[Waiting] = field(factory=deque[Waiting])

    @property
    def has_room(self) -> bool:
        limit = self.executor.features.at_hand
        return limit is None or len(self.running) < limit


class _SharedWith:
    """What the tasks of a run share, as one member sees it: only what is meant for it is asked of it."""

    def __init__(self, shared: Shared, name: str | None) -> None:
        self._shared = shared
        self._name = name

    @property
    def wants(self) -> Sequence[tuple[str, Wants]]:
        """Of the tasks that name this member."""
        return [one for one in self._shared.wants if one[1].executor == self._name]

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._shared, attribute)


class Team:
    """Carries each task out by the member it names.

    Args:
        members: by name; the one under None takes tasks that name nobody.
    """

    def __init__(self, members: Mapping[str | None, Executor]) -> None:
        self._members = {name: _Member(executor) for name, executor in members.items()}
        self._at: dict[str, _Member] = {}
        self._lost: list[Message] = []

    @property
    def features(self) -> ExecutorFeatures:
        """What all members together can promise."""
        every = [member.executor.features for member in self._members.values()]
        return ExecutorFeatures(
            in_process=False,
            hands_off=all(one.hands_off for one in every),
            reports=all(one.reports or one.in_process for one in every),
            cancels_running=all(one.cancels_running for one in every),
            enforces_timeouts=all(one.enforces_timeouts for one in every),
            survives_worker_loss=all(one.survives_worker_loss for one in every),
            settles=any(one.settles for one in every),
        )

    @property
    def works_here(self) -> bool:
        """Whether a member runs tasks in this process."""
        return any(member.executor.features.in_process for member in self._members.values())

    def begin(self, shared: Shared) -> None:
        """Get every member ready.

        Raises:
            UserError: when one of them cannot work.
        """
        for name, member in self._members.items():
            member.executor.begin(cast("Shared", _SharedWith(shared, name)))

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Mapping[str, Any] = _NO_VALUES
    ) -> Ticket:
        """Accept a task for the member it names."""
        member = self._members[task.wants.executor]
        self._at[task.key] = member
        enqueue(member.waiting, (task, upstream, given), lambda one: one[0].wants.priority)
        self._feed(member)
        return Ticket(task.key)

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Ask the members in turn until one has something to tell."""
        until = None if timeout is None else time.monotonic() + timeout
        pause = 0.0
        while True:
            found, self._lost = self._lost, []
            for member in self._members.values():
                if member.running:
                    found.extend(self._seen(member, member.executor.collect(pause)))
            if found or not self._at_work or (until is not None and time.monotonic() >= until):
                return found
            pause = min(max(pause * 2, _SHORTEST), _LONGEST)

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value, from the member that keeps it."""
        return self._at[ticket.key].executor.fetch(ticket, name)

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Drop values where they are kept."""
        member = self._at.get(ticket.key)
        if member is not None:
            member.executor.release(ticket, names)

    def cancel(self, ticket: Ticket, grace: float = 10.0) -> None:
        """Stop a task, or take it out of the queue of its member."""
        member = self._at.get(ticket.key)
        if member is None:
            return
        kept = deque(one for one in member.waiting if one[0].key != ticket.key)
        if len(kept) < len(member.waiting):
            member.waiting = kept
            self._lost.append(
                Lost(ticket=ticket, reason="canceled before it began", started=False, cause="canceled")
            )
        else:
            member.executor.cancel(ticket, grace)

    def settle(self) -> None:
        """Have the runners of every member closed that asks for it."""
        for member in self._members.values():
            if member.executor.features.settles:
                member.executor.settle()

    def rest(self) -> None:
        """End every member: a team is made for one run."""
        self.close()

    def close(self) -> None:
        """End every member, also when one of them fails to."""
        failures: list[Exception] = []
        for member in self._members.values():
            try:
                member.executor.close()
            except Exception as error:  # noqa: BLE001  # the others must be closed too
                failures.append(error)
        if failures:
            raise failures[0]

    # ---- members ------------------------------------------------------------------------------

    @property
    def _at_work(self) -> bool:
        return any(member.running or member.waiting for member in self._members.values())

    def _feed(self, member: _Member) -> None:
        while member.waiting and member.has_room:
            task, upstream, given = member.waiting.popleft()
            here: dict[str, tuple[Ticket, str]] = {}
            carried = dict(given)
            missing: list[str] = []
            for name, (ticket, value) in upstream.items():
                if self._at[ticket.key] is member:
                    here[name] = (ticket, value)
                    continue
                try:
                    carried[name] = self.fetch(ticket, value)
                except KeyError:
                    missing.append(name)
            if missing:
                self._lost.append(_without_input(task, missing))
                continue
            member.running.add(task.key)
            member.executor.submit(task, here, carried)

    def _seen(self, member: _Member, messages: Sequence[Message]) -> list[Message]:
        for message in messages:
            if isinstance(message, Outcome | Lost):
                member.running.discard(message.ticket.key)
        self._feed(member)
        return list(messages)


def _without_input(task: Task, missing: Sequence[str]) -> Lost:
    return Lost(
        ticket=Ticket(task.key),
        reason=f"values of earlier steps are gone: {', '.join(missing)}",
        started=False,
        cause="input",
        missing=tuple(missing),
    )
