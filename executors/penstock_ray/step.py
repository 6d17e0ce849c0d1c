"""What runs on Ray: a batch of tasks, most often of one, in a worker.

Owns: the two remote functions (a fixed number of values, and as many as there turn out to be), the runner
that a worker keeps for a run, and the order in which things happen to a task here. What an order and its
answer look like is ``orders``'. Imported in workers, where Ray is lazy; must not know the engine.

A step never raises for what user code does: the runner has that in its record. What Ray gets back first
are the control records, as bytes that it stores inline; large values follow. So whatever Ray itself raises
is a fault of the system. The driver hears the control record of a task over the hub as soon as it ends, with
its values when these are small; a batch ends with a task whose values are large, or when its time is up, and
gives back what has not begun. Tasks whose worker cannot reach the hub do not begin: the answer says so, and
the driver sends them again to tell what happens through the mailbox, or not at all, which keeps "it never
began" a certainty. A worker whose task was stopped by an interrupt ends with it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from attrs import define, field

from penstock.errors import UnstorableValueError
from penstock.spi.executor import Place, Runner
from penstock.values import frozen
from penstock_ray.exits import is_gone, kill_below
from penstock_ray.forks import keep_from_children
from penstock_ray.interrupts import has_come, let_in
from penstock_ray.letters import LetterLine
from penstock_ray.line import SocketLine
from penstock_ray.link import Link, Unreachable, Wishes
from penstock_ray.orders import Control, End, PlainOrder, answer, plain_orders
from penstock_ray.parcel import ALONG, MANY_ALONG, going_along, unwrap, wrap
from penstock_ray.pending import Pending


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


@define(eq=False)
class Session:
    """A run in this worker: its runner and its link, made when its first task arrives."""

    seed: Seed
    runner: Runner
    link: Link | None = None
    is_busy: bool = False
    pending: Pending[PlainOrder] = field(factory=Pending[PlainOrder])

    def linked(self, mailbox: Any = None) -> Link:
        """The link, made anew when it was cut.

        Args:
            mailbox: handle of that, to go through it instead of dialling the hub.

        Raises:
            Unreachable: when the driver cannot be reached from here in this way.
        """
        if self.link is None or not self.link.is_up:
            if self.link is not None:
                self.link.close()
            hub, secret = self.seed.hub, self.seed.secret
            self.link = Link(
                partial(SocketLine.to, hub, secret) if mailbox is None else partial(LetterLine.to, mailbox),
                _whereabouts(),
                self.seed.beat,
                Wishes(end=lambda: _retire(self), give_back=self._give_back),
            )
        return self.link

    def _give_back(self) -> list[str]:
        return self.pending.give_back()

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


SLICE = 0.02
"""Seconds after which a batch begins nothing more: others may be free to take what is left."""

_MOST_SESSIONS = 3
_LAST_MOMENTS = 2.0
_MOMENT = 0.01
_STOPPED = 128 + signal.SIGINT
_sessions: dict[str, Session] = {}


def remote_functions(seed: Seed) -> tuple[Callable[..., Any], Callable[..., Iterator[Any]]]:
    """The functions of a run, for a fixed number of values and for any number.

    They are made here so that Ray pickles them by value, with the seed inside, once for each worker.
    """

    def run_step(orders: bytes, *values: Any) -> Any:
        said, handed = carry_out(seed, orders, values)
        return [said, *handed] if handed else said

    def run_streaming_step(orders: bytes, *values: Any) -> Iterator[Any]:
        said, handed = carry_out(seed, orders, values)
        del values
        while handed:
            yield handed.pop(0)  # kept no longer than needed; Ray sends into it, so it must be a generator
        yield said

    return run_step, run_streaming_step


def carry_out(seed: Seed, data: bytes, values: Sequence[Any]) -> tuple[bytes, list[Any]]:
    """Run a batch here.

    Args:
        seed: of the run.
        data: its orders, encoded.
        values: that Ray brings, in the order in which the orders name them.

    Returns:
        The answer, and the large values of its last task, with None up to the number that Ray was told of.
    """
    orders = plain_orders(data)
    slots = max(len(hands or ()) for *_, hands, _ in orders)
    way, mailbox = orders[0][-1], None
    if way == "mailbox":
        *values, mailbox = values
    try:
        session = _session(seed)
        link = _existing(session) if way == "none" else session.linked(mailbox)
    except Unreachable as error:
        return _refused("unreached", orders, f"{_whereabouts()}: {error}"), [None] * slots
    except Exception as error:  # noqa: BLE001 - the runner of the run cannot be made here
        return _refused("fault", orders, _fault(error)), [None] * slots
    session.is_busy, session.pending = True, Pending(orders)
    try:
        controls, large = _run_all(session, link, iter(values), is_alone=len(orders) == 1)
    finally:
        session.is_busy = False
    return answer(controls), large + [None] * (slots - len(large))


def _run_all(
    session: Session, link: Link | None, values: Iterator[Any], *, is_alone: bool
) -> tuple[dict[str, bytes], list[Any]]:
    """One task after the other, until an interrupt or the end of the time.

    None begins while the driver has not heard how those before it ended, or cannot hear of its start.
    """
    until = time.monotonic() + SLICE
    controls: dict[str, bytes] = {}
    large: list[Any] = []
    while (order := session.pending.take()) is not None:
        key, _, given, names, *_ = order
        handed = {name: unwrap(one) for name, one in given.items()}
        handed |= {name: unwrap(next(values)) for name in names}
        with let_in(is_alone=is_alone):
            ended = _run(session, link, order, handed)
        if ended is None:
            break
        controls[key], large, is_heard = ended
        if not is_heard or has_come() or time.monotonic() >= until:
            break
    left = session.pending.give_back()
    if link is not None:
        link.rest(left)
    return controls, large


def _run(
    session: Session, link: Link | None, order: PlainOrder, handed: dict[str, Any]
) -> tuple[bytes, list[Any], bool] | None:
    """Its control record, large values, and whether the driver has heard all that; None: it did not begin."""
    key, body, _, _, hands, way = order
    own, began = os.getpid(), time.monotonic()
    if link is not None and not link.start(key):
        if way == "hub":
            return None
        if way == "mailbox":
            reason = f"{_whereabouts()}: the mailbox does not answer"
            return Control(end="unreached", reason=reason).encoded(), [], False
        link = None
    large: list[Any] = []
    try:
        result = session.runner.run(body, handed, None if link is None else _Report(link))
        _stop_astray(own)
        if has_come():  # a step that was stopped half-way cannot have waited for its children
            kill_below(own)
        handed.clear()
        parcels = {
            name: _packed(name, value)
            for name, value in result.handed.items()
            if hands is None or name in hands
        }
        along = going_along(parcels, MANY_ALONG if hands is None else ALONG)
        control = Control(
            end="done",
            record=result.record,
            handed=tuple(parcels),
            along=along,
            seconds=time.monotonic() - began,
        ).encoded()
        large = [parcel for name, parcel in parcels.items() if name not in along]
    except BaseException as error:  # noqa: BLE001 - also ways out that no runner should leave open
        _stop_astray(own, error)
        if isinstance(error, KeyboardInterrupt):  # Ray asks a task to stop in this way
            _leave(session, link)
        control = Control(end="fault", reason=_fault(error)).encoded()
    is_heard = link is not None and link.end(b"" if large else control, goes_on=len(session.pending) > 0)
    return control, large, is_heard


def _stop_astray(own: int, error: BaseException | None = None) -> None:
    """End a child that the step forked and that came back here: it must not answer for its parent."""
    if os.getpid() != own:
        code = error.code if isinstance(error, SystemExit) else int(error is not None)
        os._exit(code if isinstance(code, int) else int(code is not None))


def _leave(session: Session, link: Link | None) -> None:
    """End this process: a task that was stopped half-way leaves children, locks and threads behind."""
    if link is not None:
        link.end()
        link.part()
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


def _refused(end: End, orders: Sequence[PlainOrder], reason: str) -> bytes:
    """The answer of a batch of which nothing could begin."""
    control = Control(end=end, reason=reason).encoded()
    return answer({key: control for key, *_ in orders})


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
    until = time.monotonic() + _LAST_MOMENTS
    while session.is_busy:
        if session.seed.driver is not None and is_gone(*session.seed.driver, within=0.0):
            kill_below(os.getpid())
            os._exit(_STOPPED)
        if time.monotonic() > until:
            return
        time.sleep(_MOMENT)  # the driver has heard the end of a batch whose answer is still being made
    session.close()


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
