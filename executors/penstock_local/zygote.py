"""The zygote: a small process that loads the user's code once, forks workers, and never runs a step.

Owns: the birth, the reaping and the killing of workers, and of everything that they started: it adopts
orphans, so nothing escapes it. When the driver goes away it takes all of them with it. One thread, so that
forking is safe; where the loaded code keeps threads of its own, workers are spawned instead. Must not know
tasks. Read next: ``worker``.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import os
import pickle
import selectors
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from penstock_local import anonymous, kernel, wire
from penstock_local.forking import fork, why_not_fork
from penstock_local.reaping import NUDGE, kill_group, owner, reap
from penstock_local.shelf import Shelf
from penstock_local.worker import leave, live

REQUEST = struct.Struct("<BIi")  # what, number of the worker, what more
BEAR, KILL, QUIT, REST, WAKE = 1, 2, 3, 4, 5
_SWEPT_EVERY = 16  # runs
_CLOSED_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
SPAWN_PROGRAM = str(Path(__file__).with_name("boot.py"))


def main(set_up: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Serve until the driver says so or goes away.

    Args:
        set_up: what the driver's ``Nursery`` wrote down.
        descriptors: of the socket to the driver.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the driver decides
    kernel.die_with_parent(set_up["driver"])
    kernel.adopt_orphans()
    end = socket.socket(fileno=descriptors[0])
    zygote = Zygote(end, set_up)
    while zygote.load() and zygote.serve():
        pass
    leave(0)


class Zygote:
    """Forks, reaps and kills.

    Args:
        end: the socket to the driver.
        set_up: how workers are to be.
    """

    def __init__(self, end: socket.socket, set_up: dict[str, Any]) -> None:
        self._end = end
        self._channel = wire.Channel(end)
        self._set_up = set_up
        self._make: Callable[..., Any] | None = None
        self._recipe = -1
        self._runs = 0
        self._workers: dict[int, int] = {}  # number → pid
        self._numbers: dict[int, int] = {}  # pid → number
        self._alarm, self._bell = wire.pair(socket.SOCK_STREAM)

    def load(self) -> bool:
        """Get the run, load it, and tell the driver how that went; whether to go on."""
        self._import(() if self._set_up["spawn"] else self._set_up["early"])  # while the driver packs the run
        try:
            blob, modules, of_run = pickle.loads(self._next())
        except EOFError:
            return False
        kernel.die_with_parent(self._set_up["driver"])  # nobody hears it go while code is imported
        self._set_up |= of_run
        os.environ["PENSTOCK_RUN_ID"] = of_run["run"]
        try:
            missing = [name for name in modules if not _is_there(name)]
            if missing:
                self._tell("missing", missing)
                return False
            why_spawned = self._prepare(blob)
        except BaseException:  # noqa: BLE001 - whatever the import of user code raises is told
            self._tell("refused", traceback.format_exc())
            return False
        kernel.die_with_parent(0, really=False)
        self._tell("ready", why_spawned)
        return True

    def serve(self) -> bool:
        """Do what the driver asks until the run is over; then end everything. Whether another may come."""
        for one in (self._alarm, self._bell):
            one.setblocking(False)
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _wake)
        gc.collect()
        gc.freeze()
        with selectors.DefaultSelector() as selector:
            selector.register(self._end, selectors.EVENT_READ)
            selector.register(self._alarm, selectors.EVENT_READ)
            what = 0
            while what not in (QUIT, REST):
                for key, _ in selector.select():
                    if key.fileobj is self._end:
                        what = self._obey()
                    else:
                        self._alarm.recv(4096)
                self._reap()
        self._end_all()
        with contextlib.suppress(EOFError):
            if what == REST:
                self._forget()
                return True
        return False

    def _import(self, names: Sequence[str]) -> None:
        for name in names:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)

    # ---- loading ---------------------------------------------------------------------------------

    def _next(self) -> bytes:
        while True:
            found = self._channel.receive()
            if found:
                return found[0]

    def _prepare(self, blob: bytes) -> str:
        """Load the run, unless workers do that themselves; the reason why they do, or nothing."""
        why = self._set_up["spawn"]
        if not why:
            for name in self._set_up["preload"]:
                importlib.import_module(name)
            self._make = pickle.loads(blob)
            why = why_not_fork()
        if why:
            self._make = None
            self._recipe = anonymous.holding(
                pickle.dumps(self._set_up | {"role": "recruit", "blob": blob, "zygote": os.getpid()})
            )
        return why

    def _forget(self) -> None:
        """Let go of the run, and say so; what it imported stays."""
        self._make = None
        if self._recipe >= 0:
            os.close(self._recipe)
            self._recipe = -1
        self._workers.clear()
        self._numbers.clear()
        used = pickle.loads(self._next())
        self._tell("rested")
        self._import(() if self._set_up["spawn"] else used)
        self._runs += 1
        if self._runs % _SWEPT_EVERY == 0:  # of what was loaded some can only be found in this way
            gc.unfreeze()

    # ---- requests --------------------------------------------------------------------------------

    def _obey(self) -> int:
        """Carry out one request; which it was."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._end, REQUEST.size, 2, _CLOSED_ON_EXEC)
        except ConnectionResetError:
            data, descriptors = b"", []
        if not data:
            Shelf(*self._set_up["shelf"]).close()  # nobody else is left to do it
            return QUIT
        what, number, more = REQUEST.unpack(data)
        if what == BEAR:
            self._bear(number, more, descriptors)
        elif what == KILL:
            self._kill(number, more)
        elif what == WAKE:
            self._wake(number)
        return what

    def _bear(self, number: int, slots: int, descriptors: list[int]) -> None:
        try:
            pid = (
                self._spawn(number, slots, descriptors)
                if self._make is None
                else self._fork(number, slots, descriptors)
            )
        except OSError as error:
            self._tell("unborn", number, f"could not be started: {error}")
        else:
            self._workers[number], self._numbers[pid] = pid, number
            self._tell("born", number, pid)
        finally:
            for one in descriptors:
                os.close(one)

    def _fork(self, number: int, slots: int, descriptors: list[int]) -> int:
        zygote = os.getpid()
        pid = fork()
        if not pid:
            self._become_worker(zygote, (number, slots), descriptors)
        return pid

    def _become_worker(self, zygote: int, who: tuple[int, int], descriptors: list[int]) -> NoReturn:
        """Live the life of a worker, in the child."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (self._end, self._alarm, self._bell):
                one.close()
            assert self._make is not None  # noqa: S101 - else it would have been spawned
            atexit._clear()  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - those are the zygote's
            live(self._set_up | {"zygote": zygote}, who, descriptors, self._make)
        except BaseException:  # noqa: BLE001 - nothing may return into the zygote's own loop
            traceback.print_exc()
            leave(1)
        leave(0)

    def _spawn(self, number: int, slots: int, descriptors: list[int]) -> int:
        passed = [self._recipe, *descriptors]
        for one in passed:
            os.set_inheritable(one, True)
        arguments = [sys.executable, *self._set_up["flags"], SPAWN_PROGRAM]
        arguments += [*map(str, passed), str(number), str(slots)]
        return os.posix_spawn(sys.executable, arguments, os.environ)

    def _kill(self, number: int, signal_number: int) -> None:
        pid = self._workers.get(number)
        if pid is not None:
            kill_group(pid, signal_number)

    def _wake(self, number: int) -> None:
        """Only the worker itself: what it has started was not asleep."""
        pid = self._workers.get(number)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, NUDGE)

    # ---- ends ------------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Note who ended, and end what they left behind."""
        died = False
        while (one := reap(self._numbers, self._kill_group_of)) is not None:
            died = True
            number = self._numbers.pop(one.pid, None)
            if number is not None:
                del self._workers[number]
                self._tell("died", number, one.pid, one.status, one.size)
        if died:
            self._end_orphans()

    def _kill_group_of(self, pid: int) -> None:
        """End what a worker that has ended left in its group."""
        if pid in self._numbers:
            kill_group(pid, signal.SIGKILL)

    def _end_orphans(self) -> None:
        """Kill what a worker that is gone had started in a session of its own."""
        for pid in kernel.children(os.getpid()):
            if pid not in self._numbers:
                worker = owner(pid, self._set_up["tag"])
                if worker is not None and worker not in self._workers:
                    kill_group(pid, signal.SIGKILL)

    def _end_all(self) -> None:
        """Kill every worker and every descendant of one; each that ends makes us the parent of its own."""
        signal.set_wakeup_fd(-1)
        while True:
            left = {*kernel.children(os.getpid()), *self._numbers}
            for pid in left:
                kill_group(pid, signal.SIGKILL)
            if not left:
                return
            for pid in left:
                self._numbers.pop(pid, None)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _tell(self, *message: Any) -> None:
        with contextlib.suppress(OSError):
            self._channel.send(pickle.dumps(message))


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the wakeup descriptor rings."""


def _is_there(name: str) -> bool:
    """Whether a module can be imported, without importing it; its packages are."""
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
