"""The Ray executor: carries the tasks of a run out on a Ray cluster.

Owns: ``RayExecutor``, the shell that follows ``penstock.spi.executor``. Tasks wait in a backlog and are sent
while fewer than the window are under way, several short ones as one task of Ray; ``tower`` watches those,
this module keeps what they handed on: small values themselves, the only references of large ones. So a value
that is released leaves Ray's memory at once. Nothing is ever sent twice by itself, save a task that is
certain never to have begun.
"""

from __future__ import annotations

import math
import os
import secrets
import time
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
from penstock_ray.backlog import Backlog
from penstock_ray.census import Census
from penstock_ray.config import RayConfig
from penstock_ray.connection import LOOPBACK, Connection, connect
from penstock_ray.exits import here
from penstock_ray.feasibility import Node, misfit, places, processors
from penstock_ray.flights import Arrival, Flight, Runway
from penstock_ray.hub import Hub
from penstock_ray.losses import lost, unread, unsent
from penstock_ray.mailbox import Mailbox, start_box
from penstock_ray.options import Request, request_of, requests_of
from penstock_ray.orders import Way
from penstock_ray.parcel import unwrap, wrap
from penstock_ray.probe import check_modules, import_folders
from penstock_ray.step import Seed, remote_functions
from penstock_ray.tower import Tower

ray: Any = _ray  # ships types that a strict checker cannot follow

_NO_VALUES: Mapping[str, Any] = {}
_INLINE_BLOB = 4 << 20
_GOODBYE = 2.0
_BLIND_AFTER = 3
_CHAIN = 256  # some milliseconds pass between two tasks of which one waits for the other
_LARGEST_WINDOW = 1000
_USUAL = Wants()
_ALONE = "penstock/alone"
_CANCELED = "canceled before it began"


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
        self._census: Census | None = None
        self._counted: Sequence[Node] = ()
        self._window = 0
        self._unreached = 0
        self._had_mailbox = False
        self._backlog = Backlog()
        self._outbox: list[Message] = []
        self._values: dict[str, dict[str, Any]] = {}
        self._usual: Request | None = None
        self._feasible: set[tuple[tuple[str, float], ...]] = set()
        self._amounts: dict[Any, Mapping[str, float]] = {}  # of kinds that may share a task

    @property
    def features(self) -> ExecutorFeatures:
        """Everything but threads and lanes."""
        return ExecutorFeatures(
            reports=True,
            cancels_running=True,
            enforces_timeouts=True,
            survives_worker_loss=True,
            rests=True,
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
        requests = requests_of((("", _USUAL), *shared.wants), self._config)
        if self._connection is not None and not self._connection.is_usable:
            self.close()
        self._connection = self._connection or connect(self._config, os.environ)
        try:
            for step, request in requests:
                self._check(request, step)
            self._usual = requests[0][1]
            self._prepare(shared, blob, self._connection)
        except BaseException:
            self.close()
            raise

    def _prepare(self, shared: Shared, blob: bytes, connection: Connection) -> None:
        self._census = Census(connection.nodes)
        self._recount(self._census.nodes)
        if self._config.probe:
            check_modules(shared.modules, self._counted, connection.host)
        secret = secrets.token_bytes(32)
        is_local = connection.is_alone(self._counted) and not self._config.autoscaling
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
        request = self._request(task)
        inputs: dict[str, Any] = {name: self._reference(*source) for name, source in upstream.items()}
        missing = tuple(name for name, value in inputs.items() if value is None)
        inputs |= {name: wrap(value) for name, value in given.items()}
        flight = Flight(task=task, ticket=Ticket(task.key), inputs=inputs, request=request)
        if missing:
            reason = f"values that it needs are gone: {', '.join(missing)}"
            self._outbox.append(unsent(flight, "input", reason, missing))
        else:
            flight.kind = self._kind(flight)
            if self._backlog.add(flight):
                self._launch()
        return flight.ticket

    def collect(self, timeout: float | None) -> Sequence[Message]:
        """What has happened; tasks are sent meanwhile as the window allows."""
        until = None if timeout is None else time.monotonic() + timeout
        self._launch()
        while not self._outbox and self._tower.flights:
            wait = 1.0 if until is None else max(0.0, until - time.monotonic())
            for arrival in self._tower.turn(wait, self._outbox):
                self._settle(arrival)
            self._launch()
            if until is not None and time.monotonic() >= until:
                break
        messages, self._outbox = self._outbox, []
        return messages

    def fetch(self, ticket: Ticket, name: str) -> Any:
        """A value that was handed on, packed."""
        found = self._values[ticket.key][name]
        try:
            return unwrap(found if isinstance(found, bytes) else ray.get(found))
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
        waiting = self._backlog.remove(ticket.key)
        if waiting is not None:
            self._outbox.append(unsent(waiting, "canceled", _CANCELED))

    def settle(self) -> None:
        """Nothing: a worker has what a step stored on the disk before its outcome travels."""

    def rest(self) -> None:
        """End the run; the connection stays, and with it a Ray that was started here.

        Where tasks are still under way it goes, for only its end is sure to take them along.
        """
        if self._hub is None or self._tower.batches:
            self.close()
        else:
            self._end_run()

    def close(self) -> None:
        """End everything; a Ray that was started for the run goes with it."""
        self._end_run()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end_run(self) -> None:
        self._backlog = Backlog()
        for one in (self._outbox, self._values, self._amounts, self._feasible):
            one.clear()
        self._unreached, self._had_mailbox = 0, False
        if self._hub is not None:
            self._tower.close()
            self._hub.close(_GOODBYE)
            self._hub = None
        if self._census is not None:
            self._census.close()  # before Ray is left: a question would start another
            self._census = None

    def _request(self, task: Task) -> Request:
        """What a task asks for; nearly all of them ask for nothing special."""
        if task.wants == _USUAL and self._usual is not None:
            return self._usual
        request = request_of(task.wants, self._config, task.key)
        self._check(request, task.key)
        return request

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

    def _kind(self, flight: Flight) -> Any:
        """Of those with which it may share a task of Ray; None when it has to be alone.

        What has to be fetched, watched or killed by itself is, and so is what asks to be.
        """
        task, request = flight.task, flight.request
        is_small = all(isinstance(one, bytes) for one in flight.inputs.values())
        if not (self._config.batch and is_small) or task.hands is None or task.wants.timeout is not None:
            return None
        if request.runtime_env or _ALONE in task.wants.tags:
            return None
        kind = request.shape
        if kind not in self._amounts:
            self._amounts[kind] = request.amounts()
            self._recount(self._counted)
        return kind

    def _recount(self, nodes: Sequence[Node]) -> None:
        """Nodes have come or gone: so much fits on them at once."""
        self._counted = nodes
        window = self._config.window or min(_LARGEST_WINDOW, max(16, 4 * processors(nodes)))
        self._window = min(window, self._config.max_concurrent or window)
        for kind, amounts in self._amounts.items():
            found = math.inf if self._config.autoscaling else places(amounts, nodes)
            self._backlog.know(kind, min(max(1.0, found), self._window))  # a node may be back soon

    def _launch(self) -> None:
        if self._census is not None and self._census.nodes is not self._counted:
            self._recount(self._census.nodes)
        while self._backlog and len(self._tower.batches) < self._window:
            flights = self._backlog.next(self._tower.under_way)
            if not flights:
                return
            if self._unreached >= _BLIND_AFTER:
                flights = self._first_of(flights)
            self._send(flights)

    def _first_of(self, flights: Sequence[Flight]) -> Sequence[Flight]:
        """The first of them: of several that cannot count on the hub it would not be known who began."""
        for flight in flights:
            flight.kind = None
            if flight.way == "hub":
                flight.way = self._other_way()
        for flight in flights[1:]:
            self._backlog.put_back(flight)
        return flights[:1]

    def _other_way(self) -> Way:
        """That of tasks that cannot count on the hub: through the mailbox, while there is one."""
        if not self._had_mailbox:
            self._had_mailbox = True
            self._tower.open_mailbox(Mailbox(start_box))
        return "none" if self._tower.mailbox is None else "mailbox"

    def _send(self, flights: Sequence[Flight]) -> None:
        mailbox = self._tower.mailbox
        if mailbox is None and flights[0].way == "mailbox":
            flights[0].way = "none"
        self._tower.add(self._runway.send(flights, None if mailbox is None else mailbox.handle))

    def _settle(self, arrival: Arrival) -> None:
        """Turn the end of a flight into what the engine hears."""
        flight, control = arrival.flight, arrival.control
        if arrival.error is not None:
            self._outbox.append(lost(flight, arrival.error))
            flight.leave()
        elif control is None:
            self._send_again(flight)
        elif control.end == "unreached":
            self._go_otherwise(flight, control.reason)
        elif control.end == "fault":
            self._outbox.append(unread(flight, control.reason))
        else:
            values = {**control.along, **arrival.values}
            if values:
                self._values[flight.key] = values
            self._backlog.note(flight.kind, control.seconds)
            self._outbox.append(Outcome(ticket=flight.ticket, record=control.record, handed=control.handed))

    def _send_again(self, flight: Flight) -> None:
        """It is certain that it never began."""
        if flight.stopped is not None:
            self._outbox.append(unsent(flight, flight.stopped, _CANCELED))
        else:
            self._backlog.put_back(flight)

    def _go_otherwise(self, flight: Flight, reason: str) -> None:
        """A task did not begin because its worker cannot reach the driver: send it to tell in another way."""
        flight.kind, flight.way = None, self._other_way() if flight.way == "hub" else "none"
        self._unreached += 1
        if self._unreached <= _BLIND_AFTER:
            later = "through a mailbox on the cluster, a little later"
            how = later if flight.way == "mailbox" else "with their ends"
            message = f"A worker cannot reach this process ({reason}): what its steps tell comes {how}."
            self._outbox.append(Noted(message=message))
        self._send_again(flight)
