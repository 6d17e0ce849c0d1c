"""A worker: one process that carries out one task after the other, in its main thread.

Owns: the life of a worker process, from its birth (a session of its own, so that what it starts can be found
and killed with it) to its end, and the loop in between. Faults of the system are told, not raised. Runs user
code, which may do anything: fork, redirect streams, swallow signals. Must not know assets. ``lanes`` is the
other kind of worker, for many tasks that mostly wait.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, NoReturn

from penstock.spi.executor import Place, Runner
from penstock_local import kernel, wire
from penstock_local.bench import Bench, Errand, flush
from penstock_local.handing import Stock
from penstock_local.lanes import Lanes
from penstock_local.ledger import Ledger
from penstock_local.reaping import NUDGE, OWNER

Make = Callable[[Place], Runner]

_OURS = ("penstock", "pyarrow")
"""Of what steps import, only this is imported beforehand for the next run: it does the same at any time."""


def live(set_up: Mapping[str, Any], who: tuple[int, int], descriptors: Sequence[int], make: Make) -> None:
    """Be a worker until told to stop, or until the driver is gone; then end the process.

    Args:
        set_up: what the driver wrote down.
        who: the number of the worker, and how many tasks it runs at once in threads; 0 for one, by itself.
        descriptors: of the socket to the driver and of the ledger.
        make: gives the runner of this process.
    """
    number, threads = who
    known = frozenset(sys.modules)
    _settle(set_up["zygote"], f"{set_up['tag']}.{number}")
    os.set_inheritable(descriptors[0], False)
    channel = wire.Channel(socket.socket(fileno=descriptors[0]))
    ledger = Ledger(descriptors[1], max(threads, 1))
    os.close(descriptors[1])
    try:
        runner = make(Place(owns_process=not threads, settles=True))
    except BaseException:  # noqa: BLE001 - whatever user code raises is told
        channel.send(pickle.dumps(("unfit", traceback.format_exc())))
        leave(1)
    bench = Bench(channel, ledger, runner, Stock(*set_up["shelf"]), set_up["max_worker_memory"])
    with contextlib.suppress(EOFError, OSError):
        if threads:
            Lanes(bench, threads).serve()
        else:
            Worker(bench).serve()
        bench.tell("used", [name for name in sys.modules if name.startswith(_OURS) and name not in known])
    with contextlib.suppress(BaseException):
        runner.close()
    leave(0)


def leave(code: int) -> NoReturn:
    """End this process: what was registered for its exit runs, the interpreter is not taken apart."""
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - there is no other way
    flush()
    os._exit(code)


def _settle(zygote: int, name: str) -> None:
    """Become a session of one's own that ends with the zygote."""
    kernel.die_with_parent(zygote)
    os.setsid()
    kernel.be_first_victim()
    os.environ[OWNER] = name
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGINT, NUDGE):
        signal.signal(number, _overhear)  # programs that are started have the default again
    faulthandler.enable(2, all_threads=False)  # a crash shows its Python line in the log of the step
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()  # as Python does with its own: workers that draw the same numbers surprise


def _overhear(_number: int, _frame: FrameType | None) -> None:
    """Nothing: an interrupt is meant for a task, and a nudge only wakes."""


class Worker:
    """One task after the other.

    Args:
        bench: what it works with.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._running = 0
        self._handler = self._interrupt
        self._home = os.open(".", os.O_RDONLY)
        signal.signal(signal.SIGINT, self._handler)

    def serve(self) -> None:
        """Work until told to stop.

        Raises:
            EOFError: when the driver is gone.
        """
        while True:
            for data in self._bench.channel.receive():
                what, errand = pickle.loads(data)
                if what == "quit":
                    return
                self._run(errand)

    def _run(self, errand: Errand) -> None:
        number, ledger = errand.number, self._bench.ledger
        answer: tuple[Any, ...] = "skipped", number
        try:
            try:
                self._running = number
                if ledger.interrupted != number:
                    ledger.begin(0, number)
                    answer = self._bench.carry_out(errand)
            finally:
                self._running = 0
        except BaseException as error:  # noqa: BLE001 - the driver is told; the worker goes on
            answer = self._bench.end_of(number, error)
        if answer == ("interrupted", number) and ledger.began(0, number) is None:
            answer = "skipped", number
        self._bench.tell(*answer)
        self._tidy()

    def _interrupt(self, *_: Any) -> None:
        """A signal counts only for the task that it was meant for."""
        bench = self._bench
        if self._running and bench.ledger.interrupted == self._running:
            if os.getpid() == bench.pid:  # a child that the task forked does not hear for it
                bench.ledger.heard = self._running
            raise KeyboardInterrupt

    def _tidy(self) -> None:
        """Undo what a task may have done to its process."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        if signal.getsignal(signal.SIGINT) is not self._handler:
            signal.signal(signal.SIGINT, self._handler)
        if signal.getsignal(NUDGE) is not _overhear:
            signal.signal(NUDGE, _overhear)
        os.fchdir(self._home)
