"""The thread executor: tasks in threads of the driver's process, for steps that mostly wait.

Owns: the pool of threads, the values that are handed on (the same objects, no pickling), and the queue of
messages. A thread cannot be killed: a task that is running is waited for. Knows nothing of assets or events.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from traceback import extract_tb
from typing import Any

from penstock.errors import InvalidConfigError, suggest
from penstock.spi.executor import (
    ExecutorFeatures,
    Lost,
    Message,
    Outcome,
    Progress,
    Runner,
    Shared,
    Task,
    TaskResult,
    Ticket,
)
from penstock.values import frozen

DEFAULT_THREADS = 32
SLICE = 0.2  # seconds after which a wait looks whether it was interrupted
PATIENCE = 10.0  # seconds for which closing waits for tasks that are running
_NO_VALUES: Mapping[str, Any] = {}
_FOR_THE_ENGINE = frozenset({"retries", "tag_concurrency_limits"})
Values = Mapping[str, Any]


class ThreadExecutor:
    """Runs tasks in threads; what they hand on stays the same object.

    Args:
        config: ``max_concurrent``: how many tasks run at once, 32 unless told.

    Raises:
        InvalidConfigError: when the configuration is wrong.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._features = ExecutorFeatures(
            in_process=True,
            reports=True,
            lanes=frozenset({"thread", "async"}),
            max_concurrent=_read(config or {}),
        )
        self._pool: ThreadPoolExecutor | None = None
        self._runner: Runner | None = None
        self._values: dict[Ticket, dict[str, Any]] = {}
        self._under_way: dict[Ticket, Future[None]] = {}
        self._messages: SimpleQueue[Message | _Done] = SimpleQueue()

    @property
    def features(self) -> ExecutorFeatures:
        """Hands objects on as they are, several tasks at once."""
        return self._features

    def begin(self, shared: Shared) -> None:
        """Take the driver's own runner; threads start when they are needed."""
        self._runner = shared.runner()
        self._pool = ThreadPoolExecutor(self._features.max_concurrent, "penstock-thread")

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Values = _NO_VALUES
    ) -> Ticket:
        """Queue a task for the next free thread.

        Raises:
            RuntimeError: when the executor was not begun, or is closed.
        """
        if self._pool is None or self._runner is None:
            raise RuntimeError("submit() follows begin() and precedes close()")
        ticket, handed, missing = Ticket(task.key), dict(given), list[str]()
        for name, (maker, value) in upstream.items():
            if value in self._values.get(maker, _NO_VALUES):
                handed[name] = self._values[maker][value]
            else:
                missing.append(name)
        self._under_way[ticket] = Future()
        if missing:
            self._messages.put(_without(ticket, missing))
        else:
            attempt = _Attempt(ticket, self._messages)
            self._under_way[ticket] = self._pool.submit(attempt.run, self._runner, task.body, handed)
        return ticket

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """What the threads have told; waits only while a task is under way."""
        if not self._under_way:
            return ()
        found: list[Message] = []
        try:
            found.append(self._take(timeout))
            while True:
                found.append(self._take(0))
        except Empty:
            return found

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on: the same object."""
        return self._values[ticket][name]

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Forget values."""
        kept = self._values.get(ticket, {})
        for name in names:
            kept.pop(name, None)
        if not kept:
            self._values.pop(ticket, None)

    def cancel(self, ticket: Ticket, grace: float = 10.0) -> None:
        """Take a task out of the queue; one that is running goes on to its own end."""
        if ticket in self._under_way and self._under_way[ticket].cancel():
            reason = "canceled before it began"
            self._messages.put(Lost(ticket=ticket, reason=reason, started=False, cause="canceled"))

    def settle(self) -> None:
        """Nothing: the driver itself sees to what is stored here."""

    def rest(self) -> None:
        """Nothing would be kept."""
        self.close()

    def close(self) -> None:
        """Drop the queue, wait a while for what is running, forget everything."""
        pool, self._pool = self._pool, None
        if pool is not None:
            running = [one for one in self._under_way.values() if one.running()]
            pool.shutdown(wait=False, cancel_futures=True)
            late = wait(running, timeout=PATIENCE).not_done
            pool.shutdown(wait=not late)
        self._under_way.clear()
        self._values.clear()

    def _take(self, timeout: float | None) -> Message:
        """The next message, its consequences noted.

        Raises:
            Empty: when none came in time, or none will.
        """
        if not self._under_way:
            raise Empty
        message = _wait(self._messages, timeout)
        if isinstance(message, _Done):
            message = self._keep(message)
        if isinstance(message, Outcome | Lost):
            self._under_way.pop(message.ticket, None)
        return message

    def _keep(self, done: _Done) -> Outcome:
        handed = done.result.handed
        if handed:
            self._values[done.ticket] = dict(handed)
        return Outcome(ticket=done.ticket, record=done.result.record, handed=tuple(handed))


def _wait(messages: SimpleQueue[Message | _Done], timeout: float | None) -> Message | _Done:
    """The next message. In slices: some libraries set Ctrl-C so that it does not end a wait for a lock.

    Raises:
        Empty: when none came in time.
    """
    end = inf if timeout is None else monotonic() + timeout
    while True:
        left = end - monotonic()
        try:
            return messages.get(timeout=min(max(left, 0.0), SLICE))
        except Empty:
            if left <= SLICE:
                raise


@frozen
class _Done:
    """A task came to its end, on its way to the driver's thread."""

    ticket: Ticket
    result: TaskResult


class _Attempt:
    """One task in one thread, and its report: what is told after the end is dropped."""

    is_reliable = True

    def __init__(self, ticket: Ticket, messages: SimpleQueue[Message | _Done]) -> None:
        self._ticket = ticket
        self._messages = messages
        self._lock = threading.Lock()
        self._has_ended = False

    def __call__(self, record: Any) -> None:
        """Tell the driver something."""
        with self._lock:
            if not self._has_ended:
                self._messages.put(Progress(ticket=self._ticket, record=record))

    def run(self, runner: Runner, body: Any, handed: Values) -> None:
        """Carry the task out and tell its end; never raises."""
        try:
            end: Message | _Done = _Done(self._ticket, runner.run(body, handed, self))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the driver waits for an end
            end = Lost(ticket=self._ticket, reason=_reason(error))
        with self._lock:
            self._has_ended = True
            self._messages.put(end)


def _reason(error: BaseException) -> str:
    """What was raised, and where."""
    (*_, last) = extract_tb(error.__traceback__)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{what} was raised in thread {threading.current_thread().name} ({last.filename}:{last.lineno})"


def _without(ticket: Ticket, missing: list[str]) -> Lost:
    names = ", ".join(repr(name) for name in missing)
    return Lost(
        ticket=ticket,
        reason=f"values of earlier tasks are gone: {names}",
        started=False,
        cause="input",
        missing=tuple(missing),
    )


def _read(config: Mapping[str, Any]) -> int:
    """The number of threads that a configuration asks for."""
    faults = [
        f"$.{name}: the thread executor has no such field.{suggest(name, ['max_concurrent'])}"
        for name in config
        if name != "max_concurrent" and name not in _FOR_THE_ENGINE
    ]
    number = config.get("max_concurrent")
    if number is None:
        number = DEFAULT_THREADS
    elif isinstance(number, bool) or not isinstance(number, int) or number < 1:
        faults.append(f"$.max_concurrent: wanted a number of threads, 1 or more, found {number!r}.")
    if faults:
        raise InvalidConfigError("Wrong config of the thread executor:", faults)
    return number
