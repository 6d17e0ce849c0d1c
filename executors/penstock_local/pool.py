"""The process pool: the executor that runs steps on warm workers of this machine.

Owns: the queue, the values that are kept for later tasks, and the life of everything else. Signals to the
driver wait while it is reading, so that an interrupt loses no outcome. Must not know how workers live:
that is ``crew``'s.
"""

from __future__ import annotations

import contextlib
import pickle
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from penstock.errors import CodeLocationError, InvalidConfigError
from penstock.spi.executor import (
    ExecutorFeatures,
    Lost,
    Message,
    Noted,
    Outcome,
    Shared,
    Task,
    Ticket,
)
from penstock.spi.queueing import enqueue
from penstock_local.calm import Calm
from penstock_local.crew import Crew
from penstock_local.folders import choose_directory
from penstock_local.handing import NotHandedOnError, Stock
from penstock_local.nursery import Nursery
from penstock_local.seat import Flight
from penstock_local.settings import PoolSettings, read
from penstock_local.shelf import Parcel
from penstock_local.watch import Watch

_NO_VALUES: Mapping[str, Any] = {}
_CHAIN = 64
_LANES = frozenset({"process", "thread", "async"})


class ProcessPoolExecutor:
    """Runs tasks on warm worker processes.

    Args:
        config: what ``settings.PoolSettings`` names.

    Raises:
        InvalidConfigError: when the config is wrong.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._settings: PoolSettings = read(config)
        self._features = ExecutorFeatures(
            reports=True,
            cancels_running=True,
            enforces_timeouts=True,
            survives_worker_loss=True,
            settles=True,
            rests=True,
            chains=_CHAIN,
            lanes=_LANES,
            max_concurrent=self._settings.max_concurrent,
            window=self._settings.max_concurrent + self._settings.max_threads,
        )
        self._queues: dict[bool, deque[Flight]] = {True: deque(), False: deque()}  # by "runs in a thread"
        self._flights: dict[str, Flight] = {}
        self._parcels: dict[tuple[str, str], Parcel] = {}
        self._messages: list[Message] = []
        self._calm = Calm()
        self._number = 0
        self._run = self._shelf = ""
        self._blob = b""
        self._modules: Sequence[str] = ()
        self._nursery: Nursery | None = None
        self._crew: Crew | None = None
        self._watch: Watch | None = None
        self._stock: Stock | None = None

    @property
    def features(self) -> ExecutorFeatures:
        """Can all that a single machine can."""
        return self._features

    def begin(self, shared: Shared) -> None:
        """Have the zygote load the run: one that rests since the last, or a new one.

        Raises:
            CodeLocationError: when the run cannot be loaded in another process.
            InvalidConfigError: when values cannot lie where they should.
        """
        try:
            self._shelf = _directory(self._settings.shelf_directory)
            self._stock = Stock(self._shelf)
            self._run = shared.key
            is_warm = self._wake()
            self._blob, self._modules = shared.blob(), tuple(shared.modules)
            try:
                self._load()
            except CodeLocationError:
                if not is_warm:
                    raise
                self._load_anew()  # what one that has seen other runs says of this is no verdict
        except BaseException:
            self.close()
            raise

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Mapping[str, Any] = _NO_VALUES
    ) -> Ticket:
        """Give a task to a free worker, or keep it until one is."""
        ticket = Ticket(task.key)
        try:
            parcels = self._found(upstream)
            own = self._stocked().put_all(f"{task.key} given", given) if given else {}
        except LookupError as error:
            self._say(_without_input(ticket, error.args))
            return ticket
        except NotHandedOnError as error:
            self._say(Lost(ticket=ticket, reason=f"{task.key}: {error}", started=False, cause="input"))
            return ticket
        self._number += 1
        flight = Flight(
            number=self._number,
            task=evolve(task, body=None),  # large bodies of many waiting tasks would be kept twice
            body=pickle.dumps(task.body, protocol=5),
            parcels={**parcels, **own},
            own=tuple(own.values()),
        )
        self._flights[task.key] = flight
        enqueue(self._queues[task.wants.lane != "process"], flight, lambda one: one.task.wants.priority)
        self._dispatch()
        return ticket

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """Wait for messages; whoever is late is killed meanwhile.

        An interrupt that a signal handler raises here loses no message: the next call brings them.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            self._turn(0.0 if self._messages else until)
            if self._messages:
                fresh: list[Message] = []
                taken, self._messages = self._messages, fresh
                return taken  # between the last two lines Python calls no signal handler
            if not self._flights or (until is not None and time.monotonic() >= until):
                return ()

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, packed.

        Raises:
            KeyError: when it was never there, was released, or is lost.
        """
        parcel = self._parcels[ticket.key, name]
        try:
            return self._stocked().get(parcel)
        except OSError as error:
            raise KeyError(f"the value {name!r} of {ticket.key} is gone: {error}") from error

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Drop values."""
        found = [self._parcels.pop((ticket.key, name), None) for name in names]
        self._stocked().drop_all(one for one in found if one is not None)

    def cancel(self, ticket: Ticket, grace: float = 10.0) -> None:
        """Take a task out of the queue, or have it interrupted, and killed when that does not help."""
        flight = self._flights.get(ticket.key)
        if flight is None:
            return
        queue = self._queues[flight.task.wants.lane != "process"]
        if flight in queue:
            queue.remove(flight)
            why = f"{ticket.key} was canceled before it began"
            self._say(Lost(ticket=ticket, reason=why, started=False, cause="canceled"))
        elif self._crew is not None and self._crew.seat_of(flight) is not None:
            self._crew.stop(flight, grace)

    def settle(self) -> None:
        """Let every worker leave, and wait for it; further tasks would get new ones."""
        if self._crew is not None:
            self._crew.settle()

    def rest(self) -> None:
        """End the workers as ``close`` does; the zygote stays, with the code that it has imported."""
        nursery = self._nursery
        try:
            if nursery is not None and self._crew is not None:
                self._crew.close()
                nursery.rest(tuple(self._crew.used))
                self._nursery = None
        finally:
            self.close()
        self._nursery = nursery

    def close(self) -> None:
        """End the workers, and remove what was kept."""
        with contextlib.ExitStack() as closing:  # an interrupt skips no more than waiting
            closing.callback(self._clear)
            if self._stock is not None:
                closing.callback(self._stock.shelf.close)
            if self._nursery is not None:
                closing.callback(self._nursery.close)
            if self._crew is not None:
                closing.callback(self._crew.close)

    # ---- the inside --------------------------------------------------------------------------------

    def _wake(self) -> bool:
        """See to it that there is a zygote which waits for a run; whether it has seen one before."""
        if self._nursery is not None and self._nursery.is_at_rest:
            return True
        if self._nursery is not None:
            self._nursery.close()
        self._nursery = Nursery(
            {
                "tag": uuid.uuid4().hex[:12],
                "spawn": "the config asks for it" if self._settings.spawn else "",
                "preload": self._settings.preload,
                "max_worker_memory": self._settings.max_worker_memory,
            }
        )
        self._nursery.start()
        return False

    def _load_anew(self) -> None:
        """Load the run in another zygote."""
        assert self._nursery is not None  # noqa: S101 - it was started
        self._nursery.close()
        self._nursery.start()
        self._load()

    def _load(self) -> None:
        assert self._nursery is not None  # noqa: S101 - it was started
        shelf = (self._shelf, str(self._stocked().shelf.overflow))
        self._nursery.load(self._blob, self._modules, {"run": self._run, "shelf": shelf})
        self._crew = Crew(self._settings, self._nursery, self._keep, self._stocked().drop_unfinished)
        self._watch = Watch(self._crew, self._settings.max_step_memory)
        if self._nursery.why_spawned and not self._settings.spawn:
            self._say(Noted(message=f"Workers are spawned one by one: {self._nursery.why_spawned}."))

    def _turn(self, until: float | None) -> None:
        """Wait for something to happen, see to it, and give out what can be given."""
        crew, watch = self._crew, self._watch
        if crew is None or watch is None:
            return
        now = time.monotonic()
        waits = (watch.next(now), None if until is None else max(until - now, 0.0))
        wait = min((one for one in waits if one is not None), default=None) if self._flights else 0.0
        ready = crew.select(wait)
        with self._calm:
            crew.hear(ready)
            watch.look(time.monotonic())
            while crew.messages:
                self._say(crew.messages.popleft())
            self._dispatch()
        if crew.is_orphaned:
            self._restart()

    def _dispatch(self) -> None:
        """Give queued tasks to whoever is free."""
        if self._crew is None:
            return
        for queue in self._queues.values():
            while queue and self._crew.give(queue[0]):
                queue.popleft()

    def _restart(self) -> None:
        """The zygote was killed: another takes its place."""
        assert self._crew is not None  # noqa: S101 - it was orphaned
        self._crew.close()
        self._load_anew()
        self._dispatch()

    def _keep(self, flight: Flight, parcels: Mapping[str, Parcel]) -> None:
        for name, parcel in parcels.items():
            self._parcels[flight.task.key, name] = parcel

    def _clear(self) -> None:
        self._crew = self._nursery = self._stock = self._watch = None
        self._messages = []
        self._flights.clear()
        self._parcels.clear()
        for queue in self._queues.values():
            queue.clear()

    def _found(self, upstream: Mapping[str, tuple[Ticket, str]]) -> dict[str, Parcel]:
        """The values of earlier tasks.

        Raises:
            LookupError: with the names of those that are no longer kept.
        """
        found = {name: self._parcels.get((of.key, value)) for name, (of, value) in upstream.items()}
        there = {name: parcel for name, parcel in found.items() if parcel is not None}
        if len(there) < len(found):
            raise LookupError(*(name for name in found if name not in there))
        return there

    def _say(self, message: Message) -> None:
        """Have the engine hear something; when a task has ended, drop what belonged to it alone."""
        self._messages.append(message)
        if isinstance(message, Outcome | Lost):
            flight = self._flights.pop(message.ticket.key, None)
            if flight is not None and flight.own:
                self._stocked().drop_all(flight.own)

    def _stocked(self) -> Stock:
        if self._stock is None:
            self._stock = Stock(self._shelf)
        return self._stock


def _directory(wanted: str | None) -> str:
    """Where the values of the run lie.

    Raises:
        InvalidConfigError: when nothing can be written there.
    """
    if wanted is None:
        return str(choose_directory())
    try:
        return tempfile.mkdtemp(prefix="penstock-shelf-", dir=wanted)
    except OSError as error:
        raise InvalidConfigError(
            "The config of the process executor does not fit:",
            [f"$.shelf_directory: wanted a folder to write to, found {wanted!r} ({error.strerror})."],
        ) from error


def _without_input(ticket: Ticket, missing: tuple[str, ...]) -> Lost:
    shown = ", ".join(repr(one) for one in missing)
    return Lost(
        ticket=ticket,
        reason=f"{ticket.key} needs {shown}, which is no longer kept",
        started=False,
        cause="input",
        missing=missing,
    )
