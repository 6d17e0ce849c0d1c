"""What a test of the kit plays on: one executor, one run, and an eye on every message.

Owns: submitting functions of the kit, pumping messages with a deadline, and the promises that hold in every
test: one end per ticket, progress in order before it, nothing run twice, nothing left behind. Broken ones are
``AssertionError`` with a sentence. Must not know pytest.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.spi.executor import (
    Executor,
    ExecutorFeatures,
    Lost,
    Message,
    Noted,
    Outcome,
    Progress,
    Task,
    Ticket,
    Wants,
)
from penstock.testing.conformance.executor import marks, remains
from penstock.testing.conformance.executor.double import Answer, StandIn, Work, unpacked
from penstock.testing.conformance.executor.tasks import OVER
from penstock.values import frozen

End = Outcome | Lost
_NOTHING: Mapping[str, Any] = {}
_USUAL = Wants()
PULSE = 0.05
_SETTLING = 20.0  # seconds in which what ends by itself has ended, also on a machine that is busy


def hold(condition: object, promise: str) -> None:
    """Say which promise is broken unless the condition holds.

    Raises:
        AssertionError: when it does not.
    """
    if not condition:
        raise AssertionError(promise)


@contextmanager
def peace(promise: str) -> Generator[None]:
    """Say which promise is broken when the block raises.

    Raises:
        AssertionError: when it does.
    """
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{promise}; it raised {error!r}") from error


@frozen(kw_only=True)
class Terms:
    """What the author of an executor says about it, see ``ExecutorKit``."""

    make: Callable[[], Executor]
    features: ExecutorFeatures
    places: int
    patience: float = 60.0
    many: int = 2_000
    tolerates: tuple[str, ...] = ()


class Stage:
    """One executor under test.

    Args:
        terms: what its author says.
        folder: an empty one on a disk that workers see.

    ``keys`` has those of the submitted tasks, ``ends`` and ``progress`` what came of them.
    """

    def __init__(self, terms: Terms, folder: Path) -> None:
        self.terms = terms
        self.features = terms.features
        self.folder = folder
        self.shared = StandIn(str(folder), 2 * terms.patience)
        self.ends: dict[Ticket, End] = {}
        self.progress: dict[Ticket, list[Any]] = {}
        self.notes: list[Noted] = []
        self.findings: list[str] = []
        self.keys: dict[Ticket, str] = {}
        self._executor: Executor | None = None
        self.is_begun = self._is_closed = False
        self._surroundings = _Surroundings(f"kit-{os.getpid()}-{id(self)}-{time.monotonic_ns()}")

    # ---- the executor ----------------------------------------------------------------------------

    @property
    def token(self) -> str:
        """What marks the processes and values of this test."""
        return self._surroundings.token

    @property
    def before(self) -> remains.Before:
        """What was there before the executor was made."""
        return self._surroundings.before

    @property
    def made(self) -> Executor:
        """The executor, not necessarily begun."""
        if self._executor is None:
            self._surroundings.enter()
            self._executor = self.terms.make()
        return self._executor

    def fresh(self) -> Executor:
        """Another executor, for a test that makes several; the test closes it."""
        self._surroundings.enter()
        return self.terms.make()

    @property
    def executor(self) -> Executor:
        """The executor, begun."""
        if not self.is_begun:
            self.made.begin(self.shared)
            self.is_begun = True
        return self.made

    def submit(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        upstream: Mapping[str, tuple[Ticket, str]] = _NOTHING,
        given: Mapping[str, Any] = _NOTHING,
        hands: tuple[str, ...] | None = (),
        wants: Wants = _USUAL,
        wanted: Mapping[str, Any] = _NOTHING,
    ) -> Ticket:
        """Submit a function of the kit as a task."""
        key = f"{function.__name__}[{len(self.keys)}]#1"
        body = Work(key=key, function=function, arguments=arguments, wanted=wanted)
        task = Task(key=key, body=body, hands=hands, wants=wants)
        ticket = (
            self.executor.submit(task, upstream, given) if given else self.executor.submit(task, upstream)
        )
        hold(ticket not in self.keys, f"each submission gets a ticket of its own; {ticket} was given twice")
        self.keys[ticket] = key
        return ticket

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Collect once, and check each message."""
        if self.features.in_process:
            messages = self.executor.collect(timeout)
        else:
            with peace("whatever happens to a worker is a message, collect() does not raise"):
                messages = self.executor.collect(timeout)
        for message in messages:
            self._check(message)
        return messages

    def close(self) -> None:
        """Close the executor; more than once is no fault."""
        if self._executor is not None:
            self._executor.close()
        self._is_closed = True

    # ---- what came back --------------------------------------------------------------------------

    def pump(self, until: Callable[[], Any], what: str) -> None:
        """Collect until something holds.

        Raises:
            AssertionError: when it does not within the patience.
        """
        deadline = time.monotonic() + self.terms.patience
        while not until():
            hold(time.monotonic() < deadline, f"{what}: not within {self.terms.patience:g} s")
            if not self.collect(PULSE) and not until():
                time.sleep(0.001)  # an idle executor returns at once

    def end(self, ticket: Ticket) -> End:
        """How a task ended, waiting for it."""
        key = self.keys[ticket]
        self.pump(lambda: ticket in self.ends, f"every ticket comes to its end; that of {key} did not")
        return self.ends[ticket]

    def outcome(self, ticket: Ticket) -> Outcome:
        """The outcome of a task that is not to be lost."""
        end = self.end(ticket)
        if not isinstance(end, Outcome):
            raise AssertionError(f"{self.keys[ticket]} should have come to an outcome, but {end}")
        return end

    def answer(self, ticket: Ticket) -> Any:
        """What the function of a task returned."""
        record = self.outcome(ticket).record
        if not isinstance(record, Answer):
            raise AssertionError(f"the record of {self.keys[ticket]} did not come back, but {record!r}")
        hold(not record.fault, f"{self.keys[ticket]} raised {record.fault}")
        return record.value

    def lost(self, ticket: Ticket) -> Lost:
        """The loss of a task that cannot come to an outcome."""
        end = self.end(ticket)
        if not isinstance(end, Lost):
            raise AssertionError(f"{self.keys[ticket]} should have been lost, but {end}")
        hold(end.reason.strip(), f"a loss says why; that of {self.keys[ticket]} does not")
        return end

    def value(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, unpacked."""
        hold(
            has(self, ticket, name),
            f"a value is kept until it is released; {name!r} of {ticket} is not there",
        )
        return unpacked(self.executor.fetch(ticket, name))

    # ---- what happened ---------------------------------------------------------------------------

    def gate(self, name: str) -> str:
        """The path of a gate, for tasks to wait for."""
        return str(self.folder / f"gate {name}")

    def open(self, gate: str) -> None:
        """Let those go on who wait for a gate."""
        Path(gate).touch()

    def marks(self, what: str | None = None, ticket: Ticket | None = None) -> list[marks.Mark]:
        """What truly happened so far."""
        return marks.read(str(self.folder), what, None if ticket is None else self.keys[ticket])

    def _check(self, message: Message) -> None:
        if isinstance(message, Noted):
            self.notes.append(message)
            return
        hold(isinstance(message, Outcome | Lost | Progress), f"{message!r} is no message")
        ticket = message.ticket
        hold(ticket in self.keys, f"messages are about submitted tasks; {ticket} was not submitted")
        key = self.keys[ticket]
        hold(
            ticket not in self.ends,
            f"a ticket ends once, and nothing follows; after that of {key}: {message}",
        )
        if isinstance(message, Progress):
            self.progress.setdefault(ticket, []).append(message.record)
        else:
            self.ends[ticket] = message

    # ---- the end ---------------------------------------------------------------------------------

    def finish(self) -> None:
        """Close, and look whether the promises that hold in every test were kept.

        Raises:
            AssertionError: when one was not.
        """
        if self._executor is not None:
            self._see_that_nothing_more_comes()
            self.close()
            _see_what_was_run(self)
            _see_what_is_left(self._surroundings, self.terms, {mark.pid for mark in self.marks()})
        self._surroundings.leave()

    def abandon(self) -> None:
        """Give up what the test holds, when it failed before ``finish``. Idempotent."""
        self.open(str(self.folder / OVER))
        try:
            if not self._is_closed:
                self.close()
        finally:
            self._surroundings.leave()

    def _see_that_nothing_more_comes(self) -> None:
        if self.is_begun and not self._is_closed and set(self.ends) >= set(self.keys):
            for _ in range(2):
                more = self.collect(0)
                hold(
                    all(isinstance(one, Noted) for one in more),
                    f"nothing comes when all tasks have ended, but {more}",
                )


def rest(stage: Stage) -> None:
    """End the run; what is submitted next belongs to another."""
    stage.executor.rest()
    stage.is_begun = False
    stage.shared = StandIn(str(stage.folder), 2 * stage.terms.patience, number=stage.shared.number + 1)


def fault(stage: Stage, ticket: Ticket) -> str:
    """What the function of a task raised."""
    record = stage.outcome(ticket).record
    raised = record.fault if isinstance(record, Answer) else ""
    hold(raised, f"{stage.keys[ticket]} should have raised, but its record is {record!r}")
    return raised


def has(stage: Stage, ticket: Ticket, name: str) -> bool:
    """Whether a value can be fetched."""
    try:
        stage.executor.fetch(ticket, name)
    except KeyError:
        return False
    return True


def until_marked(stage: Stage, what: str, *tickets: Ticket) -> None:
    """Collect until tasks have left a mark."""
    for ticket in tickets:
        stage.pump(lambda one=ticket: stage.marks(what, one), f"{stage.keys[ticket]} got to {what!r}")


def _see_what_was_run(stage: Stage) -> None:
    starts = [mark.key for mark in stage.marks("start")]
    for ticket, key in stage.keys.items():
        times, end = starts.count(key), stage.ends.get(ticket)
        hold(times <= 1, f"a task is carried out once, whatever happens; {key} was started {times} times")
        if isinstance(end, Outcome):
            hold(times == 1, f"an outcome is that of a task that ran; {key} never did")
        if isinstance(end, Lost) and not end.started:
            hold(not times, f"started=False means that a task never began; {key} did ({end})")


def _see_what_is_left(surroundings: _Surroundings, terms: Terms, pids: Collection[int]) -> None:
    before, token = surroundings.before, surroundings.token

    def strangers() -> list[str]:
        found = remains.processes(before, token, pids)
        return [f"{pid} {line}" for pid, line in found.items() if not any(t in line for t in terms.tolerates)]

    def threads() -> list[str]:
        return [name for name in remains.threads(before) if not any(t in name for t in terms.tolerates)]

    def files() -> list[str]:
        return [path for path in remains.files(before, token) if not any(t in path for t in terms.tolerates)]

    for what, find in (("process", strangers), ("thread", threads), ("file", files)):
        left = remains.settle(find, min(_SETTLING, terms.patience))
        hold(not left, f"closing leaves no {what} behind; left: {', '.join(left)}")


class _Surroundings:
    """The environment and the folder for temporary files of one test."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.before = remains.Before(
            threads=frozenset(), children=frozenset(), in_memory=frozenset(), temporary=frozenset()
        )
        self._folder = ""
        self._saved: tuple[dict[str, str | None], str | None] | None = None

    def enter(self) -> None:
        """Mark what children inherit, and give temporary files a folder of their own. Idempotent."""
        if self._saved is not None:
            return
        self._folder = tempfile.mkdtemp(prefix="kit-")
        changed = {remains.VARIABLE: self.token, "TMPDIR": self._folder}
        self._saved = {name: os.environ.get(name) for name in changed}, tempfile.tempdir
        os.environ.update(changed)
        tempfile.tempdir = self._folder
        self.before = remains.look()

    def leave(self) -> None:
        """Put everything back. Idempotent."""
        if self._saved is None:
            return
        variables, tempfile.tempdir = self._saved
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._saved = None
        shutil.rmtree(self._folder, ignore_errors=True)
