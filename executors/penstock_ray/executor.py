"""The Ray executor: carries the tasks of a run out on a Ray cluster.

Owns: ``RayExecutor``, the shell that follows ``penstock.spi.executor``. Tasks wait in a backlog and are sent
while fewer than the window are under way; ``tower`` watches those, this module keeps the references of what
they handed on. It holds the only ones, so a value that is released leaves Ray's memory at once. Nothing is
ever sent twice by itself, save a task that says it never began.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import ray as _ray

from penstock.errors import UnmetExecutorRequirementsError
from penstock.spi.executor import (
    ExecutorFeatures,
    Message,
    Noted,
    Outcome,
    Shared,
    Task,
    Ticket,
    Wants,
)
from penstock_ray.config import RayConfig
from penstock_ray.connection import LOOPBACK, Connection, connect
from penstock_ray.exits import here
from penstock_ray.feasibility import misfit, processors
from penstock_ray.flights import Flight, Runway, arrived, drop
from penstock_ray.hub import Hub
from penstock_ray.losses import lost, unread, unsent
from penstock_ray.options import Request, request_of
from penstock_ray.parcel import Slot, unbundled, unwrap, wrap
from penstock_ray.probe import check_modules, import_folders
from penstock_ray.step import Seed, remote_functions
from penstock_ray.tower import Landing, Tower

ray: Any = _ray  # ships types that a strict checker cannot follow

_NO_VALUES: Mapping[str, Any] = {}
_INLINE_BLOB = 4 << 20
_GOODBYE = 2.0
_BLIND_AFTER = 3
_CHAIN = 64
_LARGEST_WINDOW = 1000


class RayExecutor:
    """Runs each task as a Ray task.

    Args:
        config: fields of ``RayConfig``.

    Raises:
        InvalidConfigError: with every fault of the config.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._config = RayConfig.read(config)
        self._connection: Connection | None = None
        self._hub: Hub | None = None
        self._window = 0
        self._unreached = 0
        self._backlog: deque[Flight] = deque()
        self._outbox: list[Message] = []
        self._values: dict[str, dict[str, Any]] = {}
        self._feasible: set[tuple[tuple[str, float], ...]] = set()

    @property
    def features(self) -> ExecutorFeatures:
        """Everything but threads and lanes."""
        return ExecutorFeatures(
            reports=True,
            cancels_running=True,
            enforces_timeouts=True,
            survives_worker_loss=True,
            chains=_CHAIN if self._config.fuse else 1,
            max_concurrent=self._config.max_concurrent,
            window=2 * (self._config.window or _LARGEST_WINDOW),
        )

    def begin(self, shared: Shared) -> None:
        """Connect, look at the nodes, and open the hub.

        Raises:
            UserError: when the cluster cannot be used, or can never run a step of the config.
        """
        blob = shared.blob()
        self._connection = connect(self._config, os.environ)
        try:
            self._prepare(shared, blob, self._connection)
        except BaseException:
            self.close()
            raise

    def _prepare(self, shared: Shared, blob: bytes, connection: Connection) -> None:
        nodes = connection.nodes()
        self._window = self._config.window or min(_LARGEST_WINDOW, max(16, 4 * processors(nodes)))
        self._window = min(self._window, self._config.max_concurrent or self._window)
        for step, wants in (("", Wants()), *shared.wants):
            self._check(request_of(wants, self._config, step), step)
        if self._config.probe:
            check_modules(shared.modules, nodes, connection.host)
        secret = secrets.token_bytes(32)
        is_local = all(node.host == connection.host for node in nodes)
        self._hub = Hub(self._config.hub_host or (LOOPBACK if is_local else connection.host), secret)
        self._tower = Tower(self._hub, self._config)
        seed = Seed(
            key=f"{shared.key} {secret.hex()[:16]}",
            blob=blob if len(blob) <= _INLINE_BLOB else (ray.put(blob),),
            hub=self._hub.address,
            secret=secret,
            disk=connection.host,
            beat=self._config.heartbeat,
            folders=import_folders(),
            driver=(here(), os.getpid()) if connection.is_started else None,
        )
        step, streaming = map(ray.remote, remote_functions(seed))
        self._runway = Runway(shared.key, step, streaming, tells_ray=not connection.is_started)

    def submit(
        self, task: Task, upstream: Mapping[str, tuple[Ticket, str]], given: Mapping[str, Any] = _NO_VALUES
    ) -> Ticket:
        """Accept a task.

        Raises:
            UserError: when its tag cannot be used, or no node can ever run it.
        """
        request = request_of(task.wants, self._config, task.key)
        self._check(request, task.key)
        inputs = {name: self._reference(*source) for name, source in upstream.items()}
        missing = tuple(name for name, value in inputs.items() if value is None)
        inputs |= {name: wrap(value) for name, value in given.items()}
        flight = Flight(task=task, ticket=Ticket(task.key), inputs=inputs, request=request)
        if missing:
            reason = f"values that it needs are gone: {', '.join(missing)}"
            self._outbox.append(unsent(flight, "input", reason, missing))
        else:
            self._backlog.append(flight)
            self._launch()
        return flight.ticket

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """What has happened; tasks are sent meanwhile as the window allows."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._outbox and self._tower.flights:
            wait = 1.0 if until is None else max(0.0, until - time.monotonic())
            for landing in self._tower.turn(wait, self._outbox):
                self._settle(landing)
            self._launch()
            if until is not None and time.monotonic() >= until:
                break
        messages, self._outbox = self._outbox, []
        return messages

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, packed."""
        found = self._values[ticket.key][name]
        try:
            if isinstance(found, Slot):
                return unwrap(unbundled(ray.get(found.reference))[found.place])
            return unwrap(ray.get(found))
        except ray.exceptions.RayError as error:
            raise KeyError(f"{name} of {ticket.key} is lost: {error}") from error

    def release(self, ticket: Ticket, names: Sequence[str]) -> None:
        """Drop references; Ray frees what nobody refers to."""
        kept = self._values.get(ticket.key)
        if kept is None:
            return
        for name in names:
            kept.pop(name, None)
        if not kept:
            del self._values[ticket.key]

    def cancel(self, ticket: Ticket, grace: float = 10.0) -> None:
        """Stop a task: asked first, killed after ``grace`` seconds."""
        flight = self._tower.flights.get(ticket.key)
        if flight is not None:
            flight.stopped = flight.stopped or "canceled"
            self._tower.stop(flight, grace)
            return
        waiting = [one for one in self._backlog if one.key == ticket.key]
        for one in waiting:
            self._backlog.remove(one)
            self._outbox.append(unsent(one, "canceled", "canceled before it began"))

    def settle(self) -> None:
        """Nothing: a worker has what a step stored on the disk before its outcome travels."""

    def close(self) -> None:
        """End everything; a Ray that was started for the run goes with it."""
        self._backlog.clear()
        self._outbox.clear()
        self._values.clear()
        if self._hub is not None:
            self._end_flights()
            self._hub.close(_GOODBYE)
            self._hub = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end_flights(self) -> None:
        for flight in self._tower.flights.values():
            flight.leave()
            if not flight.has_landed:
                ray.cancel(flight.handle, force=True, recursive=True)
        self._tower.flights.clear()

    def _check(self, request: Request, task: str = "") -> None:
        """Raises UnmetExecutorRequirementsError when no node can ever run it."""
        amounts = request.amounts()
        shape = tuple(sorted(amounts.items()))
        if shape in self._feasible or self._config.autoscaling or self._connection is None:
            return
        if reason := misfit(amounts, self._connection.nodes()):
            raise UnmetExecutorRequirementsError(f"{task or 'Each step'} can never run here. {reason}")
        self._feasible.add(shape)

    def _reference(self, ticket: Ticket, name: str) -> Any:
        return self._values.get(ticket.key, _NO_VALUES).get(name)

    def _launch(self) -> None:
        while self._backlog and len(self._tower.flights) < self._window:
            flight = self._backlog.popleft()
            flight.is_watched = self._unreached < _BLIND_AFTER
            self._send(flight)

    def _send(self, flight: Flight) -> None:
        self._runway.send(flight)
        self._tower.add(flight)

    def _settle(self, landing: Landing) -> None:
        """Turn the end of a task into what the engine hears."""
        flight = landing.flight
        if isinstance(landing.result, BaseException):
            self._outbox.append(lost(flight, landing.result))
            flight.leave()
            drop(flight)
            return
        try:
            control, values = arrived(flight, landing.result)
        except ray.exceptions.RayError as error:
            self._outbox.append(lost(flight, error))
            return
        if control.end == "unreached":
            self._go_unwatched(flight, control.reason)
        elif control.end == "fault":
            self._outbox.append(unread(flight, control.reason))
        else:
            if values:
                self._values[flight.key] = values
            self._outbox.append(Outcome(ticket=flight.ticket, record=control.record, handed=tuple(values)))

    def _go_unwatched(self, flight: Flight, reason: str) -> None:
        """A task did not begin because its worker cannot reach the hub: send it to run unheard."""
        self._unreached += 1
        if self._unreached <= _BLIND_AFTER:
            message = (
                f"A worker cannot reach this process ({reason}): what its steps tell comes with their ends."
            )
            self._outbox.append(Noted(message=message))
        flight.is_watched = flight.has_landed = False
        flight.control, flight.values = None, ()
        self._send(flight)
