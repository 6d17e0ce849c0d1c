"""Tasks under way, and the batches in which they travel: what the driver knows of them.

Owns: ``Flight``, the only mutable thing about a task; ``Batch``, one task of Ray; ``Arrival``, what becomes
of a flight; and the sending of a batch to Ray. Watching is ``tower``'s, what to say of those that never
arrive is ``losses``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ray as _ray
from attrs import define, field

from penstock.spi.executor import Cause, Task, Ticket
from penstock.values import frozen
from penstock_ray.options import Request
from penstock_ray.orders import Control, Order, Way, answered, decoded, encoded
from penstock_ray.workers import Worker

ray: Any = _ray  # ships types that a strict checker cannot follow


@define(eq=False, kw_only=True)
class Flight:
    """A task and what became of it so far.

    Args:
        task: as it was submitted.
        ticket: under which it comes back.
        inputs: values and references by name.
        request: what it asks of Ray.
        kind: of those that may share a batch with it; None when it goes alone.
        number: its place among all that were ever submitted.
        batch: in which it was sent; None before.
        worker: where it runs, once that is known.
        started: when it began, by the monotonic clock.
        seen: how many of its records came over the hub.
        stopped: why it is being stopped.
        kill: when it is to be killed.
        killed: when that was first done.
        cut: since when its worker's connection is gone; None while there is one.
        is_stalled: whether people were told that it gives no sign of life.
        way: how it tells what happens.
    """

    task: Task
    ticket: Ticket
    inputs: Mapping[str, Any]
    request: Request
    kind: Any = None
    number: int = 0
    batch: Batch | None = None
    worker: Worker | None = None
    started: float | None = None
    seen: int = 0
    stopped: Cause | None = None
    kill: float | None = None
    killed: float | None = None
    cut: float | None = None
    is_stalled: bool = False
    way: Way = "hub"

    @property
    def key(self) -> str:
        """Of the task."""
        return self.task.key

    def board(self, batch: Batch) -> None:
        """It travels in this one; nothing is left of another in which it did not begin."""
        self.batch, self.worker, self.started, self.cut, self.seen = batch, None, None, None, 0

    @property
    def is_watched(self) -> bool:
        """Whether the driver hears of its start before it begins."""
        return self.way != "none"

    def may_have_begun(self) -> bool:
        """Whether it is not certain that it never began."""
        is_unheard = self.batch is not None and self.batch.is_unheard
        return self.started is not None or not self.is_watched or is_unheard

    def leave(self) -> None:
        """Nobody will ask any more what became of it."""
        if self.worker is not None and not self.worker.is_open:
            self.worker.forget()

    def where(self) -> str:
        """Where it runs, for people."""
        return self.worker.where if self.worker is not None else "a worker"


@define(eq=False, kw_only=True)
class Batch:
    """One task of Ray.

    Args:
        open: the flights that are not over, in their order.
        kind: of its flights.
        control: the reference that is ready when it has ended.
        values: references for large values of its last flight; the generator of them when their number is
            known only afterwards.
        is_streaming: whether ``values`` is a generator.
        worker: where it runs, once that is known.
        has_landed: whether its control reference is ready.
        is_recalled: whether flights that have not begun were asked to come back.
        is_canceled: whether Ray was asked to stop it.
        is_unheard: whether its worker may have said something that never arrived.
    """

    open: dict[str, Flight]
    kind: Any
    control: Any = None
    values: Any = ()
    is_streaming: bool = False
    worker: Worker | None = None
    has_landed: bool = False
    is_recalled: bool = False
    is_canceled: bool = False
    is_unheard: bool = False

    @property
    def handle(self) -> Any:
        """By which Ray can stop it."""
        return self.values if self.is_streaming else self.control


@frozen(kw_only=True, eq=False)
class Arrival:
    """What becomes of a flight.

    Args:
        flight: that is over.
        control: how it ended; None when it did not begin, or was lost.
        values: references by name of what Ray brings.
        error: of Ray, by which it was lost.
    """

    flight: Flight
    control: Control | None = None
    values: Mapping[str, Any] = field(factory=dict[str, Any])
    error: BaseException | None = None


def arrivals(batch: Batch, result: Any) -> list[Arrival]:
    """What becomes of the open flights of a batch that landed.

    Args:
        batch: that landed.
        result: what its control reference held, or Ray's exception; without meaning for a generator.
    """
    if isinstance(result, BaseException):
        return _broken(batch, result)
    values = batch.values
    if batch.is_streaming:
        try:
            *values, last = iter(values)
            result = ray.get(last)
        except ray.exceptions.RayError as error:  # the last items of a generator are lost
            return _broken(batch, error)
    controls = answered(result)
    return [_arrived(flight, controls.get(flight.key), values) for flight in batch.open.values()]


def _arrived(flight: Flight, control: bytes | None, values: Sequence[Any]) -> Arrival:
    if control is None:
        return Arrival(flight=flight)
    ended = decoded(control)
    return Arrival(flight=flight, control=ended, values=dict(zip(ended.by_ray, values, strict=False)))


def _broken(batch: Batch, error: BaseException) -> list[Arrival]:
    """Lost is what had begun or was to be stopped, else the first; the others never began.

    A machine that goes away may take the word with it that others have begun.
    """
    every = list(batch.open.values())
    if not isinstance(error, ray.exceptions.RayTaskError):
        is_over = batch.worker is None or batch.worker.is_over
        batch.is_unheard = batch.is_unheard or isinstance(error, TimeoutError) or not is_over
    lost = [one for one in every if one.may_have_begun() or one.stopped] or every[:1]
    for one in every:
        one.kind = None  # who is sent again goes alone: nothing else can be blamed for what happens then
    _drop(batch)
    return [Arrival(flight=one, error=error if one in lost else None) for one in every]


def _drop(batch: Batch) -> None:
    """Let go of the values of a batch that was lost: Ray logs each fault that nobody has looked at."""
    for reference in () if batch.is_streaming else batch.values:
        try:
            ray.get(reference, timeout=0)
        except Exception:  # noqa: BLE001, S112 - known already, by its control reference
            continue
    batch.values = ()


_NAMES = 1000


@define(eq=False)
class Runway:
    """Sends batches to Ray.

    Args:
        run: name of the run, for Ray's own tools.
        step, streaming: the remote functions.
        tells_ray: whether Ray's dashboard and state API hear of each task.
    """

    run: str
    step: Any
    streaming: Any
    tells_ray: bool = True
    _sent_so_far: int = 0
    _prepared: dict[Any, dict[str, Any]] = field(factory=dict[Any, dict[str, Any]])

    def send(self, flights: Sequence[Flight], mailbox: Any = None) -> Batch:
        """Hand flights to Ray.

        Args:
            flights: that want the same of it, and tell what happens in the same way.
            mailbox: handle of that, when this is the way.
        """
        first = flights[0]
        batch = Batch(open={one.key: one for one in flights}, kind=first.kind)
        orders: list[Order] = []
        carried: list[Any] = []
        for flight in flights:
            flight.board(batch)
            orders.append(_ordered(flight, carried))
        if first.way == "mailbox":
            carried.append(mailbox)
        hands = None if first.task.hands is None else max(len(one.task.hands or ()) for one in flights)
        result = self._sent(flights, hands, (encoded(orders), *carried))
        if hands is None:
            batch.control, batch.values, batch.is_streaming = result.completed(), result, True
        elif hands:
            batch.control, *batch.values = result
        else:
            batch.control = result
        return batch

    def _sent(self, flights: Sequence[Flight], hands: int | None, arguments: tuple[Any, ...]) -> Any:
        request = flights[0].request
        function = self.streaming if hands is None else self.step
        returns: Any = "streaming" if hands is None else 1 + hands
        own = {"num_returns": returns, "name": self._name(flights)}
        if request.runtime_env:
            said = request.options() | self._usual()
            return function.options(**own, **said).remote(*arguments)
        # what ``options`` does beyond this is to check each time what was checked the first time
        options = self._prepared.get(request.shape)
        if options is None:
            function.options(**request.options(), **self._usual())
            options = self._prepared[request.shape] = self._usual() | request.options()
        return function._remote(arguments, {}, **{**function._default_options, **options, **own})  # noqa: SLF001 - see above

    def _name(self, flights: Sequence[Flight]) -> str:
        """By which Ray's tools show it; a bounded number, since Ray keeps 8 kB for each name for ever."""
        self._sent_so_far += 1
        if self._sent_so_far > _NAMES:
            return f"{self.run}/step"
        others = f" and {len(flights) - 1} more" if len(flights) > 1 else ""
        return f"{self.run}/{flights[0].key}{others}"

    def _usual(self) -> dict[str, Any]:
        return {"max_retries": 0, "enable_task_events": self.tells_ray}


def _ordered(flight: Flight, carried: list[Any]) -> Order:
    """Its order; values that are not bytes are left to Ray."""
    given = {name: one for name, one in flight.inputs.items() if isinstance(one, bytes)}
    names = () if len(given) == len(flight.inputs) else tuple(flight.inputs.keys() - given.keys())
    carried += [flight.inputs[name] for name in names]
    task = flight.task
    return Order(key=task.key, body=task.body, given=given, names=names, hands=task.hands, way=flight.way)
