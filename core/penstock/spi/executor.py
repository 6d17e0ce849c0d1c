"""The contract between the engine and whatever carries steps out.

Owns: ``Task``, ``Ticket``, what comes back (``Outcome``, ``Progress``, ``Lost``, ``Noted``), what the tasks
of a run share (``Shared``, ``Runner``) and the features an executor declares. An executor knows nothing of
assets, plans or events: it has ``runner.run(task.body, handed, report)`` called somewhere, once, and brings
back what that returns. It never tries anything again by itself: attempts belong to the engine.

The inline executor (``penstock.engine.inline``) is the reference; ``penstock.testing.conformance`` holds the
kit that proves others right. The life of an executor is ``begin``, then any number of ``submit``,
``collect``, ``release``, ``cancel`` and ``fetch`` from one thread, then ``close``. One whose features say
``rests`` may be told ``rest`` before that, as often as there are runs, and ``begin`` again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from attrs import field

from penstock.values import frozen

_NO_VALUES: Mapping[str, Any] = {}

Lane = Literal["process", "thread", "async"]
Cause = Literal["worker", "timeout", "memory", "node", "input", "canceled"]


@frozen(kw_only=True)
class Wants:
    """What a task asks of the place that runs it.

    Args:
        cpus, gpus: how many processors; None for what the executor gives by default.
        memory: bytes.
        timeout: seconds from its start after which the task is to be stopped by force. The task watches
            its own time as well; an executor gives it a little longer before it kills.
        lane: ``process`` for a place of its own, ``thread`` and ``async`` for one shared with others
            that mostly wait.
        tags: of the step, for what only one executor understands (``penstock/ray``).
        executor: which of several executors of a run is meant; None for the run's own.
        priority: of the tasks that an executor accepted and has not begun, higher goes first.
    """

    cpus: float | None = None
    gpus: float | None = None
    memory: int | None = None
    timeout: float | None = None
    lane: Lane = "process"
    tags: Mapping[str, Any] = field(factory=dict[str, Any])
    executor: str | None = None
    priority: int = 0


@frozen(kw_only=True)
class Task:
    """Something to be carried out once, opaque to the executor.

    Args:
        key: unique in the run, readable (``"clean[a]#2"``: step and attempt).
        body: what ``Runner.run`` gets; small, and picklable without the user's code.
        hands: names of the values that it may hand on; None when they are known only afterwards.
        wants: resources, timeout and lane.
    """

    key: str
    body: Any
    hands: tuple[str, ...] | None = ()
    wants: Wants = Wants()


@frozen(kw_only=True)
class TaskResult:
    """What a task gives back: a small record for the driver, and values for later tasks.

    Args:
        record: small and picklable, for the engine alone.
        handed: values by name that later tasks may ask for; large ones belong here.
    """

    record: Any
    handed: Mapping[str, Any] = _NO_VALUES


class Report(Protocol):
    """Tells the driver something while the task is running. May be called from any thread of the task."""

    @property
    def is_reliable(self) -> bool:
        """Whether everything told arrives, in order, before the outcome; else the outcome repeats it."""
        ...

    def __call__(self, record: Any) -> None:
        """Send a small picklable record, which arrives as ``Progress``; never raises, never waits long."""
        ...


@frozen(kw_only=True)
class Place:
    """Where a runner lives.

    Args:
        owns_process: one task at a time, in the main thread, with the process's standard streams its own.
        shares_disk: files that are written here can be read by the driver.
        node: name of the machine; empty for the driver's.
        settles: the executor closes its runners before the end of a run is recorded, so that what was stored
            may be made to survive a power cut then, rather than with each task.
    """

    owns_process: bool = False
    shares_disk: bool = True
    node: str = ""
    settles: bool = False


class Runner(Protocol):
    """Carries tasks out in the process it lives in; made once per run and process.

    ``run`` may be called from several threads at once where an executor offers such lanes.
    """

    def run(self, body: Any, handed: Mapping[str, Any], report: Report | None) -> TaskResult:
        """Carry out one task. Faults of user code are inside the result; what is raised is a system fault.

        Args:
            body: of the task.
            handed: values of earlier tasks by name: themselves, or packed (``penstock.tables.Packed``).
            report: for what the driver should hear before the end; None where nothing can be sent.

        Raises:
            KeyboardInterrupt: when the process is told to stop.
        """
        ...

    def close(self) -> None:
        """The run has ended here: give back what was opened. Idempotent."""
        ...


class Shared(Protocol):
    """What the tasks of a run have in common: sent once to each worker, not with each task."""

    @property
    def key(self) -> str:
        """Unique among runs and drivers."""
        ...

    @property
    def modules(self) -> Sequence[str]:
        """Modules that a worker must be able to import, for a check before the first task."""
        ...

    @property
    def wants(self) -> Sequence[tuple[str, Wants]]:
        """What the tasks will ask for, each kind once, with the name of one that does: to refuse it now."""
        ...

    def runner(self) -> Runner:
        """The runner of this process, for executors that stay in it."""
        ...

    def blob(self) -> bytes:
        """For other processes: ``pickle.loads(blob)(place)`` gives their runner, ``place`` a ``Place``.

        Raises:
            UnmetExecutorRequirementsError: when something the tasks need cannot travel, naming it.
        """
        ...


@frozen
class Ticket:
    """A task that was accepted; names its values for later submissions."""

    key: str


@frozen(kw_only=True)
class Outcome:
    """A task came to its end, well or badly: the record says which.

    ``handed`` names the values that it handed on and that are kept.
    """

    ticket: Ticket
    record: Any
    handed: tuple[str, ...] = ()


@frozen(kw_only=True)
class Progress:
    """A running task has something to tell already."""

    ticket: Ticket
    record: Any


@frozen(kw_only=True)
class Lost:
    """A task will never give an outcome.

    Args:
        reason: for people: what happened, where (node, pid), signal or exit code.
        started: False when it is certain that the task never began, so that it may be sent again freely.
        cause: ``worker``: its process ended; ``timeout``: it was killed because its time was up;
            ``memory``: for want of memory; ``node``: the machine went away; ``input``: a value of an
            earlier task is gone, see ``missing``; ``canceled``: ``cancel`` was called.
        missing: names among the task's ``upstream`` whose values are gone.
    """

    ticket: Ticket
    reason: str
    started: bool = True
    cause: Cause = "worker"
    missing: tuple[str, ...] = ()


@frozen(kw_only=True)
class Noted:
    """Something that people should read in the run's log: a stalled worker, a value that was spilled."""

    message: str
    ticket: Ticket | None = None


Message = Outcome | Progress | Lost | Noted


@frozen(kw_only=True)
class ExecutorFeatures:
    """What an executor can do; the conformance kit tests what is declared.

    Args:
        in_process: tasks run in the driver's process and need no pickling.
        hands_off: values reach later tasks without an I/O manager.
        reports: what a running task tells arrives before its end.
        cancels_running: ``cancel`` stops a task that is running, whatever it does.
        enforces_timeouts: a task that outlives ``wants.timeout`` by a little is killed.
        survives_worker_loss: a worker that dies takes no other task and no driver with it.
        settles: ``settle`` is to be called when every task has ended.
        rests: after ``rest`` it can ``begin`` another run.
        chains: how many tasks that need only each other it would rather take as one; 1 for none.
        lanes: the lanes it knows; others are treated as ``process``.
        max_concurrent: how many tasks of the lane ``process`` it runs at once, None for any number.
        window: how many accepted tasks it wants at hand, running or waiting; None for ``max_concurrent``.
    """

    in_process: bool = False
    hands_off: bool = True
    reports: bool = False
    cancels_running: bool = False
    enforces_timeouts: bool = False
    survives_worker_loss: bool = False
    settles: bool = False
    rests: bool = False
    chains: int = 1
    lanes: frozenset[str] = frozenset({"process"})
    max_concurrent: int | None = None
    window: int | None = None

    @property
    def at_hand(self) -> int | None:
        """How many tasks are submitted before the first has ended; None for any number."""
        return self.max_concurrent if self.window is None else self.window


class Executor(Protocol):
    """Carries tasks out. Used by one thread of the driver."""

    @property
    def features(self) -> ExecutorFeatures:
        """What this executor can do; constant over its life."""
        ...

    def begin(self, shared: Shared) -> None:
        """Get ready for a run; called once for each, before anything of the run is recorded.

        Raises:
            UserError: when it cannot work: a wrong address, a module that workers lack, bad config.
        """
        ...

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Mapping[str, Any] = _NO_VALUES
    ) -> Ticket:
        """Accept a task; returns at once.

        Args:
            task: what to run.
            upstream: name in ``handed`` → the ticket that made the value and the value's name there.
            given: further values by their names in ``handed``, from elsewhere.

        Returns:
            The ticket under which its outcome comes back, exactly once, as ``Outcome`` or ``Lost``.
        """
        ...

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Wait up to ``timeout`` seconds (None: for ever) for messages; empty when none came.

        A task's progress comes in order and before its end. Returns at once with nothing when no
        task is under way.
        """
        ...

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, itself or packed.

        Raises:
            KeyError: when it was never there, was released, or is lost.
        """
        ...

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Drop values that no later task will ask for; unknown ones are ignored."""
        ...

    def cancel(self, ticket: Ticket, grace: float = 10.0) -> None:
        """Stop a task: asked first, killed after ``grace`` seconds. Its end still comes by ``collect``."""
        ...

    def settle(self) -> None:
        """Close every runner and wait for it; called once no task is under way, if ``features`` say so.

        What tasks stored survives a power cut afterwards. Tasks may still be submitted.
        """
        ...

    def rest(self) -> None:
        """End the run as ``close`` does, and keep only what the next one can begin with sooner.

        Called instead of ``close`` if ``features`` say so. Nothing of the run may be left: no task, no value,
        nothing that its tasks started. What is kept ends with this process, however that ends.
        """
        ...

    def close(self) -> None:
        """End everything, kill what still runs, remove what was kept; idempotent."""
        ...
