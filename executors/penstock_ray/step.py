"""What runs on Ray: one task, in a worker.

Owns: the two remote functions (a fixed number of values, and as many as there turn out to be), the runner
that a worker keeps for a run, and the control record. Imported in workers, where Ray is lazy; must not know
the engine.

A step never raises for what user code does: the runner has that in its record. What a step returns first
is the control record, as bytes that Ray stores inline; the values follow. So whatever Ray itself raises
is a fault of the system. A task whose worker cannot reach the hub does not begin: it says so, and the
driver sends it again to run unwatched, which keeps "it never began" a certainty. A worker whose task was
stopped by an interrupt ends with it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Literal

from attrs import define

from penstock.errors import UnstorableValueError
from penstock.spi.executor import Place, Runner
from penstock.values import frozen
from penstock_ray.exits import is_gone, kill_below
from penstock_ray.forks import keep_from_children
from penstock_ray.interrupts import has_come, let_in
from penstock_ray.link import Link, Unreachable
from penstock_ray.parcel import bundled, bundles, unbundled, unwrap, wrap


@frozen(kw_only=True)
class Seed:
    """What a worker needs to take part in a run; travels inside the function, once per worker.

    Args:
        key: of the run and its executor.
        blob: makes the runner; bytes, or a one-element tuple of the reference that holds them.
        hub: address of the hub.
        secret: of the run.
        disk: address of the machine whose disk is the driver's.
        beat: seconds between heartbeats.
        folders: where modules are found, for workers on the driver's machine.
        driver: where and under which process id the driver lives, when this Ray is its own and ends with it.
    """

    key: str
    blob: bytes | tuple[Any]
    hub: tuple[str, int]
    secret: bytes
    disk: str
    beat: float
    folders: tuple[str, ...] = ()
    driver: tuple[str, int] | None = None


@frozen(kw_only=True)
class Order:
    """One task as it is sent.

    Args:
        key: of the task.
        body: for the runner.
        names: of the values that follow, in their order; after these come bundles.
        slots: name, number of the bundle and place in it of each value that comes in one.
        hands: of the values to give back; None when the task decides.
        watched: not to begin without the hub.
    """

    key: str
    body: Any
    names: tuple[str, ...]
    slots: tuple[tuple[str, int, int], ...] = ()
    hands: tuple[str, ...] | None
    watched: bool

    def encoded(self) -> bytes:
        """As bytes, which Ray passes on without looking inside."""
        plain = (self.key, self.body, self.names, self.slots, self.hands, self.watched)
        return pickle.dumps(plain, protocol=5)


End = Literal["done", "fault", "unreached"]


@frozen(kw_only=True)
class Control:
    """How a task ended, for the driver.

    Args:
        end: ``done``; ``fault`` when the machinery failed; ``unreached`` when it never began.
        record: of the engine.
        handed: names of the values that follow, in their order.
        together: of a task that decides what it hands on: how many of them each bundle holds.
        sent: records that went over the hub; -1 when that is not known.
        reason: of a fault.
    """

    end: End
    record: Any = None
    handed: tuple[str, ...] = ()
    together: tuple[int, ...] = ()
    sent: int = -1
    reason: str = ""

    def encoded(self) -> bytes:
        """As bytes, which Ray passes on without looking inside."""
        plain = (self.end, self.record, self.handed, self.together, self.sent, self.reason)
        return pickle.dumps(plain, protocol=5)


def decoded(data: bytes) -> Control:
    """The control record of a task."""
    end, record, handed, together, sent, reason = pickle.loads(data)
    return Control(end=end, record=record, handed=handed, together=together, sent=sent, reason=reason)


@define(eq=False)
class Session:
    """A run in this worker: its runner and its link, made when its first task arrives."""

    seed: Seed
    runner: Runner
    link: Link | None = None
    is_busy: bool = False

    def linked(self) -> Link:
        """The link, dialled anew when it was cut.

        Raises:
            Unreachable: when the hub cannot be reached from here.
        """
        if self.link is None or not self.link.is_up:
            if self.link is not None:
                self.link.close()
            self.link = Link(
                self.seed.hub, self.seed.secret, _whereabouts(), self.seed.beat, lambda: _retire(self)
            )
        return self.link

    def close(self) -> None:
        """The run has ended here."""
        _sessions.pop(self.seed.key, None)
        self.runner.close()


@frozen
class _Report:
    link: Link

    @property
    def is_reliable(self) -> bool:
        """A connection can be cut: the outcome repeats everything."""
        return False

    def __call__(self, record: Any) -> None:
        self.link.tell(record)


_MOST_SESSIONS = 3
_STOPPED = 128 + signal.SIGINT
_sessions: dict[str, Session] = {}


def remote_functions(seed: Seed) -> tuple[Callable[..., Any], Callable[..., Iterator[Any]]]:
    """The functions of a run, for a fixed number of values and for any number.

    They are made here so that Ray pickles them by value, with the seed inside, once for each worker.
    """

    def run_step(order: bytes, *values: Any) -> Any:
        control, handed = carry_out(seed, order, values)
        return [control, *handed] if handed else control

    def run_streaming_step(order: bytes, *values: Any) -> Iterator[Any]:
        control, handed = carry_out(seed, order, values)
        del values
        while handed:
            yield handed.pop(0)  # kept no longer than needed; Ray sends into it, so it must be a generator
        yield control

    return run_step, run_streaming_step


def carry_out(seed: Seed, order: bytes, values: Sequence[Any]) -> tuple[bytes, list[Any]]:
    """Run one task here.

    Returns:
        The encoded control record, and one packed value for each name in ``hands``, or the bundles of all
        values where the task decides.
    """
    key, body, names, slots, hands, watched = pickle.loads(order)
    try:
        session = _session(seed)
        link = session.linked() if watched else _existing(session)
    except Unreachable as error:
        return _failed("unreached", hands, f"{_whereabouts()}: {error}")
    except Exception as error:  # noqa: BLE001 - the runner of the run cannot be made here
        return _failed("fault", hands, _fault(error))
    session.is_busy = True
    try:
        with let_in():
            return _run(session, link, (key, body, hands), _unwrapped(names, slots, values))
    finally:
        session.is_busy = False


def _run(
    session: Session, link: Link | None, task: tuple[str, Any, tuple[str, ...] | None], handed: dict[str, Any]
) -> tuple[bytes, list[Any]]:
    key, body, hands = task
    own = os.getpid()
    if link is not None:
        link.start(key)
    try:
        result = session.runner.run(body, handed, None if link is None else _Report(link))
        _stop_astray(own)
        if has_come():  # a step that was stopped half-way cannot have waited for its children
            kill_below(own)
        handed.clear()
        given = {name: _packed(name, value) for name, value in result.handed.items()}
        together = tuple(bundles(tuple(given.values()))) if hands is None else ()
        sent = -1 if link is None else link.end()
        control = Control(
            end="done", record=result.record, handed=tuple(given), together=together, sent=sent
        ).encoded()
    except BaseException as error:  # noqa: BLE001 - also ways out that no runner should leave open
        _stop_astray(own, error)
        if link is not None:
            link.end()
        if isinstance(error, KeyboardInterrupt):  # Ray asks a task to stop in this way
            _leave(session)
        return _failed("fault", hands, _fault(error))
    if hands is not None:
        return control, [given.get(name) for name in hands]
    left = iter(given.values())
    return control, [bundled(tuple(islice(left, count))) for count in together]


def _unwrapped(
    names: Sequence[str], slots: Sequence[tuple[str, int, int]], values: Sequence[Any]
) -> dict[str, Any]:
    """The values by name: those that came alone, and those out of bundles."""
    found = dict(zip(names, map(unwrap, values), strict=False))
    if slots:
        opened = [unbundled(one) for one in values[len(names) :]]
        found |= {name: unwrap(opened[bundle][place]) for name, bundle, place in slots}
    return found


def _stop_astray(own: int, error: BaseException | None = None) -> None:
    """End a child that the step forked and that came back here: it must not answer for its parent."""
    if os.getpid() != own:
        code = error.code if isinstance(error, SystemExit) else int(error is not None)
        os._exit(code if isinstance(code, int) else int(code is not None))


def _leave(session: Session) -> None:
    """End this process: a task that was stopped half-way leaves children, locks and threads behind."""
    with suppress(Exception):
        session.close()
    kill_below(os.getpid())
    os._exit(_STOPPED)


def _packed(name: str, value: Any) -> Any:
    """A value as it travels.

    Raises:
        UnstorableValueError: naming it, when it cannot.
    """
    try:
        return wrap(value)
    except Exception as error:
        raise UnstorableValueError(f"The value {name!r} cannot leave its worker: {error}") from error


def _fault(error: BaseException) -> str:
    """What the driver hears of a fault; the traceback is for whoever has to mend it."""
    where = _whereabouts()
    if isinstance(error, UnstorableValueError):
        return f"{error} ({where})"
    if isinstance(error, SystemExit):
        return f"the step ended its process by sys.exit: exit code {error.code} ({where})"
    return f"{type(error).__name__}: {error} ({where})\n{''.join(traceback.format_exception(error))}"


def _failed(end: End, hands: tuple[str, ...] | None, reason: str) -> tuple[bytes, list[Any]]:
    return Control(end=end, reason=reason).encoded(), [None] * len(hands or ())


def _session(seed: Seed) -> Session:
    session = _sessions.get(seed.key)
    if session is None:
        keep_from_children(seed.hub)
        for old in list(_sessions.values())[:-_MOST_SESSIONS]:
            old.close()
        blob = seed.blob if isinstance(seed.blob, bytes) else _fetched(seed.blob[0])
        is_near = _machine() == seed.disk
        if is_near:
            sys.path += [one for one in seed.folders if one not in sys.path]
        place = Place(owns_process=True, shares_disk=is_near, node="" if is_near else _machine())
        session = Session(seed, pickle.loads(blob)(place))
        _sessions[seed.key] = session
    return session


def _existing(session: Session) -> Link | None:
    return session.link if session.link is not None and session.link.is_up else None


def _retire(session: Session) -> None:
    """The driver has hung up: the run is over, or will make itself a new runner.

    When it was killed, the Ray that it started for itself notices only after a minute: steps end at once.
    """
    if not session.is_busy:
        session.close()
    elif session.seed.driver is not None and is_gone(*session.seed.driver):
        kill_below(os.getpid())
        os._exit(_STOPPED)


def _fetched(reference: Any) -> bytes:
    return _ray().get(reference)


def _machine() -> str:
    ray = _ray()
    return ray.util.get_node_ip_address() if ray.is_initialized() else ""


def _ray() -> Any:
    import ray  # noqa: PLC0415 - lazy: a task can be carried out without Ray

    return ray


def _whereabouts() -> str:
    return f"node {_machine() or 'driver'}, pid {os.getpid()}"
