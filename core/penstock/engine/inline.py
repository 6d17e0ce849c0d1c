"""The inline executor: runs each task in the driver's own thread. The reference of the contract.

No process, no pickling: a handed-off value is the same object. One task at a time, in the order of
submission, when ``collect`` is called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.spi.executor import ExecutorFeatures, Lost, Message, Outcome, Runner, Shared, Task, Ticket

FEATURES = ExecutorFeatures(in_process=True, max_concurrent=1)
_NO_VALUES: Mapping[str, Any] = {}


class InlineExecutor:
    """Runs tasks here and now."""

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        del config  # nothing about it can be chosen
        self._queue: deque[tuple[Task, Mapping[str, tuple[Ticket, str]], Mapping[str, Any]]] = deque()
        self._values: dict[tuple[str, str], Any] = {}
        self._canceled: list[Message] = []
        self._runner: Runner | None = None

    @property
    def features(self) -> ExecutorFeatures:
        """Hands objects on as they are, one task at a time."""
        return FEATURES

    def begin(self, shared: Shared) -> None:
        """Take the driver's own runner."""
        self._runner = shared.runner()

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Mapping[str, Any] = _NO_VALUES
    ) -> Ticket:
        """Put a task at the end of the queue."""
        self._queue.append((task, upstream, given))
        return Ticket(task.key)

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Run the first task of the queue; ``timeout`` has no meaning here."""
        del timeout
        if self._canceled:
            canceled, self._canceled = self._canceled, []
            return canceled
        if not self._queue or self._runner is None:
            return ()
        task, upstream, given = self._queue.popleft()
        handed = {name: self._values[ticket.key, value] for name, (ticket, value) in upstream.items()}
        if given:
            handed.update(given)
        try:
            result = self._runner.run(task.body, handed, None)
        finally:
            handed.clear()  # an exception may keep the frames of the step, not the values
        for name, value in result.handed.items():
            self._values[task.key, name] = value
        return (Outcome(ticket=Ticket(task.key), record=result.record, handed=tuple(result.handed)),)

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on: the same object."""
        return self._values[ticket.key, name]

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Forget values."""
        for name in names:
            self._values.pop((ticket.key, name), None)

    def cancel(self, ticket: Ticket, grace: float = 0.0) -> None:
        """Take a task out of the queue; a running one cannot be here."""
        del grace
        kept = deque(entry for entry in self._queue if entry[0].key != ticket.key)
        if len(kept) < len(self._queue):
            self._canceled.append(
                Lost(ticket=ticket, reason="canceled before it began", started=False, cause="canceled")
            )
        self._queue = kept

    def settle(self) -> None:
        """Nothing: the driver itself sees to what is stored here."""

    def rest(self) -> None:
        """Nothing would be kept."""
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._queue.clear()
        self._values.clear()
