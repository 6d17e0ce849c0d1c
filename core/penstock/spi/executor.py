"""The contract between the engine and whatever carries steps out.

Owns: ``Task``, ``Ticket``, what comes back (``Outcome``, ``Progress``, ``Lost``) and the features
an executor declares. An executor knows nothing of assets, plans or events: it calls
``task.run(handed)`` somewhere and brings back what that returns. It never retries by itself.
The inline executor (``penstock.engine.inline``) is the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import field

from penstock.values import frozen


@frozen(kw_only=True)
class Wants:
    """What a task asks of the place that runs it; sizes in bytes, times in seconds."""

    cpus: float | None = None
    gpus: float | None = None
    memory: int | None = None
    timeout: float | None = None
    lane: str = "process"
    pool: str | None = None
    tags: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class Task:
    """One attempt of one step, opaque to the executor.

    Args:
        key: step key and attempt, unique in the run (``"clean[a]#2"``).
        run: called once with the handed-off values of the upstream tickets by their names;
            picklable for executors that leave the process. Never raises for user faults: they
            are inside the result.
        wants: resources, timeout and lane.
    """

    key: str
    run: Callable[[Mapping[str, Any]], TaskResult]
    wants: Wants = Wants()


@frozen(kw_only=True)
class TaskResult:
    """What a task gives back: a small record for the driver, and values for later tasks.

    Args:
        record: small and picklable, for the engine alone (events and verdict).
        handed: values by name that later tasks may ask for; large ones belong here.
    """

    record: Any
    handed: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Ticket:
    """A task that was accepted; names its values for later submissions."""

    key: str


@frozen(kw_only=True)
class Outcome:
    """A task came to its end, well or badly: the record says which."""

    ticket: Ticket
    record: Any


@frozen(kw_only=True)
class Progress:
    """A running task has something to tell already."""

    ticket: Ticket
    record: Any


@frozen(kw_only=True)
class Lost:
    """A task's worker vanished; nobody knows how far it came."""

    ticket: Ticket
    reason: str


Message = Outcome | Progress | Lost


@frozen(kw_only=True)
class ExecutorFeatures:
    """What an executor can do; the conformance kit tests what is declared.

    Args:
        hands_off: values reach later tasks without an I/O manager.
        submits_ahead: tasks may be submitted before their upstream tickets are done.
        survives_driver: tasks go on when the driver dies.
        cancels_running: ``cancel`` stops a task that is running.
        in_process: tasks run in the driver's process and need no pickling.
        max_concurrent: how many tasks run at once, None when the executor decides.
    """

    hands_off: bool = True
    submits_ahead: bool = False
    survives_driver: bool = False
    cancels_running: bool = False
    in_process: bool = False
    max_concurrent: int | None = None


class Executor(Protocol):
    """Carries tasks out. Used by one thread of the driver; every method may be called any time."""

    @property
    def features(self) -> ExecutorFeatures:
        """What this executor can do; constant over its life."""
        ...

    def submit(self, task: Task, upstream: Mapping[str, tuple[Ticket, str]]) -> Ticket:
        """Accept a task.

        Args:
            task: what to run.
            upstream: for each name the task expects in ``handed``: the ticket that made the
                value and the value's name there.

        Returns:
            The ticket under which its outcome comes back.
        """
        ...

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Wait up to ``timeout`` seconds (None: for ever) for messages; empty when none came."""
        ...

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Drop values that no later task will ask for."""
        ...

    def cancel(self, ticket: Ticket) -> None:
        """Stop a task; its outcome or loss still comes through ``collect``."""
        ...

    def close(self) -> None:
        """End everything; idempotent."""
        ...
