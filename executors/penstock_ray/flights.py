"""A task under way: what the driver knows of it.

Owns: ``Flight``, the only mutable thing about a task, and the sending of it to Ray. What becomes of it is
``tower``'s (while it is under way) and ``losses``' (when it never arrives).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ray as _ray
from attrs import define, field

from penstock.spi.executor import Cause, Task, Ticket
from penstock_ray.hub import Worker
from penstock_ray.options import Request
from penstock_ray.parcel import Slot
from penstock_ray.step import Control, Order, decoded

ray: Any = _ray  # ships types that a strict checker cannot follow


@define(eq=False, kw_only=True)
class Flight:
    """A task and what became of it so far.

    Args:
        task: as it was submitted.
        ticket: under which it comes back.
        inputs: values, references and slots of bundles by name.
        request: what it asks of Ray.
        control: the reference that is ready when it has ended; None before it was sent.
        values: references of its values; the generator of them when they are known only afterwards.
        worker: where it runs, once that is known.
        started: when it began, by the monotonic clock.
        seen: how many of its records came over the hub.
        has_landed: whether its control reference is ready.
        stopped: why it is being stopped.
        kill: when it is to be killed.
        killed: when that was first done.
        cut: since when its worker's connection is gone; None while there is one.
        is_stalled: whether people were told that it gives no sign of life.
        is_watched: False when it runs without the hub.
    """

    task: Task
    ticket: Ticket
    inputs: Mapping[str, Any]
    request: Request
    control: Any = None
    values: Any = ()
    worker: Worker | None = None
    started: float | None = None
    seen: int = 0
    has_landed: bool = False
    stopped: Cause | None = None
    kill: float | None = None
    killed: float | None = None
    cut: float | None = None
    is_stalled: bool = False
    is_watched: bool = True

    @property
    def handle(self) -> Any:
        """By which Ray can stop it."""
        return self.values if self.task.hands is None else self.control

    @property
    def key(self) -> str:
        """Of the task."""
        return self.task.key

    def may_have_begun(self) -> bool:
        """Whether it is not certain that it never began."""
        return self.started is not None or not self.is_watched

    def leave(self) -> None:
        """Nobody will ask any more what became of it."""
        if self.worker is not None and not self.worker.is_open:
            self.worker.forget()

    def where(self) -> str:
        """Where it runs, for people."""
        return self.worker.where if self.worker is not None else "a worker"


_NAMES = 1000
_Slots = tuple[tuple[str, int, int], ...]


def _laid_out(inputs: Mapping[str, Any]) -> tuple[tuple[str, ...], _Slots, list[Any]]:
    """Names, slots and arguments of an order: first what comes alone, then each bundle once."""
    alone = {name: one for name, one in inputs.items() if not isinstance(one, Slot)}
    if len(alone) == len(inputs):
        return tuple(inputs), (), list(inputs.values())
    numbers: dict[Any, int] = {}
    slots = tuple(
        (name, numbers.setdefault(one.reference, len(numbers)), one.place)
        for name, one in inputs.items()
        if isinstance(one, Slot)
    )
    return tuple(alone), slots, [*alone.values(), *numbers]


@define(eq=False)
class Runway:
    """Sends tasks to Ray.

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

    def send(self, flight: Flight) -> None:
        """Hand a task to Ray."""
        task = flight.task
        names, slots, values = _laid_out(flight.inputs)
        order = Order(
            key=task.key,
            body=task.body,
            names=names,
            slots=slots,
            hands=task.hands,
            watched=flight.is_watched,
        )
        result = self._sent(task, flight.request, (order.encoded(), *values))
        if task.hands is None:
            flight.control, flight.values = result.completed(), result
        elif task.hands:
            flight.control, *flight.values = result
        else:
            flight.control = result

    def _sent(self, task: Task, request: Request, arguments: tuple[Any, ...]) -> Any:
        function = self.streaming if task.hands is None else self.step
        returns: Any = "streaming" if task.hands is None else 1 + len(task.hands)
        own = {"num_returns": returns, "name": self._name(task)}
        if request.runtime_env:
            said = request.options() | self._usual()
            return function.options(**own, **said).remote(*arguments)
        # what ``options`` does beyond this is to check each time what was checked the first time
        options = self._prepared.get(request.shape)
        if options is None:
            function.options(**request.options(), **self._usual())
            options = self._prepared[request.shape] = self._usual() | request.options()
        return function._remote(arguments, {}, **{**function._default_options, **options, **own})  # noqa: SLF001 - see above

    def _name(self, task: Task) -> str:
        """By which Ray's tools show it; a bounded number, since Ray keeps 8 kB for each name for ever."""
        self._sent_so_far += 1
        return f"{self.run}/{task.key if self._sent_so_far <= _NAMES else 'step'}"

    def _usual(self) -> dict[str, Any]:
        return {"max_retries": 0, "enable_task_events": self.tells_ray}


def drop(flight: Flight) -> None:
    """Let go of the values of a task that was lost: Ray logs each fault that nobody has looked at."""
    for reference in flight.values if flight.task.hands else ():
        try:
            ray.get(reference, timeout=0)
        except Exception:  # noqa: BLE001, S112 - known already, by its control reference
            continue
    flight.values = ()


def arrived(flight: Flight, result: bytes) -> tuple[Control, dict[str, Any]]:
    """What a task that ended brought: its control record, and references by name.

    Args:
        flight: whose control reference is ready.
        result: what it refers to; without meaning for a generator.

    Raises:
        ray.exceptions.RayError: when the last items of a generator are lost.
    """
    if flight.task.hands is not None:
        control = decoded(result)
        kept = dict(zip(flight.task.hands, flight.values, strict=False))
        return control, {name: kept[name] for name in control.handed if name in kept}
    *carriers, last = iter(flight.values)
    control = decoded(ray.get(last))
    places = (
        Slot(carrier, place) if count > 1 else carrier
        for carrier, count in zip(carriers, control.together, strict=False)
        for place in range(count)
    )
    return control, dict(zip(control.handed, places, strict=False))
