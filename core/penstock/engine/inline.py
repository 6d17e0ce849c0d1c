"""The inline executor: runs each task in the driver's own thread. The reference of the contract.

No process, no pickling: a handed-off value is the same object. One task at a time, in the order of
submission, when ``collect`` is called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.spi.executor import ExecutorFeatures, Message, Outcome, Task, TaskResult, Ticket

FEATURES = ExecutorFeatures(hands_off=True, in_process=True, max_concurrent=1)


class InlineExecutor:
    """Runs tasks here and now."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Task, Mapping[str, tuple[Ticket, str]]]] = deque()
        self._values: dict[tuple[str, str], Any] = {}

    @property
    def features(self) -> ExecutorFeatures:
        """Hands objects on as they are, one task at a time."""
        return FEATURES

    def submit(self, task: Task, upstream: Mapping[str, tuple[Ticket, str]]) -> Ticket:
        """Put a task at the end of the queue."""
        self._queue.append((task, upstream))
        return Ticket(task.key)

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Run the first task of the queue; ``timeout`` has no meaning here."""
        del timeout
        if not self._queue:
            return ()
        task, upstream = self._queue.popleft()
        handed = {name: self._values[ticket.key, value] for name, (ticket, value) in upstream.items()}
        try:
            result: TaskResult = task.run(handed)
        finally:
            handed.clear()  # an exception may keep the frames of the step, not the values
        for name, value in result.handed.items():
            self._values[task.key, name] = value
        return (Outcome(ticket=Ticket(task.key), record=result.record),)

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Forget values."""
        for name in names:
            self._values.pop((ticket.key, name), None)

    def value(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, for the result object of an in-process run."""
        return self._values[ticket.key, name]

    def cancel(self, ticket: Ticket) -> None:
        """Take a task out of the queue; a running one cannot be here."""
        self._queue = deque(entry for entry in self._queue if entry[0].key != ticket.key)

    def close(self) -> None:
        """Forget everything."""
        self._queue.clear()
        self._values.clear()
