"""The driver's side of the zygote: starts it, asks it for workers, hears of their ends.

Owns: the zygote's process and the socket to it. Must not know tasks.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import CodeLocationError
from penstock_local import anonymous, kernel, wire
from penstock_local.reasons import signal_name
from penstock_local.zygote import BEAR, KILL, QUIT, REQUEST, REST, SPAWN_PROGRAM, WAKE

_EARLY = ("penstock.define", "penstock.engine")
"""What the run will need of the core, as far as the driver has it too."""
_PATIENCE = 5.0  # seconds that the zygote gets to end by itself


class Nursery:
    """Gives birth to workers, and kills them.

    Args:
        set_up: what every process of the pool is told at its start: ``tag``, ``spawn``, ``preload`` …
    """

    def __init__(self, set_up: dict[str, Any]) -> None:
        self._set_up = set_up
        self._mark = f"PENSTOCK_POOL={set_up['tag']}"
        self._process: subprocess.Popen[bytes] | None = None
        self._end: socket.socket | None = None
        self._channel: wire.Channel | None = None
        self.why_spawned = ""
        self._is_loaded = self._is_resting = False
        self._surroundings: tuple[Any, ...] = ()

    @property
    def pid(self) -> int:
        """Of the zygote; 0 when there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_at_rest(self) -> bool:
        """Whether the zygote has seen a run, waits for another, and a new one would be like it."""
        if not self._is_resting or self._process is None or self._process.poll() is not None:
            return False
        return self._surroundings == _surroundings()

    def start(self) -> None:
        """Start the zygote; it waits for ``load``."""
        self._surroundings = _surroundings()
        self._end, theirs = wire.pair()
        flags = _flags()
        set_up: dict[str, Any] = self._set_up | {
            "role": "zygote",
            "driver": os.getpid(),
            "path": list(sys.path),
            "argv": list(sys.argv),
            "flags": flags,
            "early": [name for name in sys.modules if name.startswith(_EARLY)],
        }
        recipe = anonymous.holding(pickle.dumps(set_up))
        passed = (recipe, theirs.fileno())
        name, _, value = self._mark.partition("=")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *flags, SPAWN_PROGRAM, *map(str, passed)],
                stdin=subprocess.DEVNULL,
                pass_fds=passed,
                env=os.environ | {name: value},
                start_new_session=True,  # a Ctrl-C in the terminal is the driver's to answer
            )
        finally:
            os.close(recipe)
            theirs.close()
        self._channel = wire.Channel(self._end)

    def load(self, blob: bytes, modules: Sequence[str], of_run: Mapping[str, Any]) -> None:
        """Have the zygote load the run; returns when it has.

        Args:
            blob: gives the runner.
            modules: that must be there.
            of_run: what more every worker of this run is told: ``run``, ``shelf``.

        Raises:
            CodeLocationError: when it cannot.
        """
        assert self._channel is not None  # noqa: S101 - it was started
        self._is_resting = False
        try:
            self._channel.send(pickle.dumps((blob, tuple(modules), dict(of_run))))
            what, said = pickle.loads(self._next())
        except (EOFError, OSError) as error:
            code = self._wait()
            how = f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
            raise CodeLocationError(
                f"The workers cannot load the run: the process that imports its code {how}."
                " Look at what its modules do when they are imported."
            ) from error
        if what == "missing":
            raise CodeLocationError(_missing(said))
        if what == "refused":
            raise CodeLocationError(
                f"The workers cannot load the run: importing its code raised in a fresh process.\n{said}"
            )
        self.why_spawned, self._is_loaded = said, True
        assert self._end is not None  # noqa: S101 - it was started
        self._end.setblocking(False)

    def fileno(self) -> int:
        """The descriptor on which news arrive; -1 when there is none."""
        return -1 if self._end is None else self._end.fileno()

    def bear(self, number: int, threads: int, descriptors: Sequence[int]) -> None:
        """Ask for a worker; the descriptors may be closed afterwards."""
        self._ask(BEAR, number, threads, descriptors)

    def kill(self, number: int, signal_number: int) -> None:
        """Signal a worker and everything in its group."""
        self._ask(KILL, number, signal_number)

    def wake(self, number: int) -> None:
        """Wake a worker that may sleep through its signal."""
        self._ask(WAKE, number, 0)

    def news(self) -> list[tuple[Any, ...]]:
        """What happened: ``("born", number, pid)``, ``("unborn", number, why)``, ``("died", …)``.

        Raises:
            EOFError: when the zygote is gone.
        """
        assert self._channel is not None  # noqa: S101 - it was started
        found: list[tuple[Any, ...]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.extend(pickle.loads(one) for one in self._channel.receive())
        return found

    def rest(self, used: Sequence[str]) -> None:
        """Have the zygote end whatever the run left, forget the run, and wait for the next.

        One that does not within a few seconds is ended.

        Args:
            used: modules for it to import meanwhile.
        """
        if self._end is None or self._channel is None:
            return
        self._ask(REST, 0, 0)
        try:
            self._end.settimeout(_PATIENCE)
            self._channel.send(pickle.dumps(tuple(used)))
            while pickle.loads(self._next())[0] != "rested":
                pass  # the end of a worker
            self._end.settimeout(None)
        except (EOFError, OSError):
            self.close()
        else:
            self._is_loaded, self._is_resting = False, True

    def end(self) -> str:
        """Bury a zygote that is gone, and kill what it can no longer kill; how it ended."""
        code = self._wait()
        self._drop()
        for pid in kernel.marked(self._mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"

    def close(self) -> None:
        """End the zygote, every worker and whatever they started; idempotent."""
        if self._process is None:
            return
        if self._is_loaded:
            self._ask(QUIT, 0, 0)
        elif self._is_resting and self._end is not None:
            self._end.close()  # it waits for nothing else
        else:
            self._process.kill()  # it may be in the midst of an import, and has no children yet
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self.end()
            self._drop()

    def _next(self) -> bytes:
        assert self._channel is not None  # noqa: S101 - it was started
        while True:
            found = self._channel.receive()
            if found:
                return found[0]

    def _ask(self, what: int, number: int, more: int, descriptors: Sequence[int] = ()) -> None:
        """Send a request; when the zygote is gone, ``news`` says so."""
        if self._end is None:
            return
        data = REQUEST.pack(what, number, more)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.send_fds(self._end, [data], list(descriptors))
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return
                asked = select.poll()  # ``select`` refuses descriptors from 1024 on
                asked.register(self._end, select.POLLOUT)
                asked.poll(100)
            except OSError:
                return
            else:
                return

    def _wait(self) -> int:
        """The exit code of the zygote, which is ending."""
        assert self._process is not None  # noqa: S101 - it was started
        try:
            return self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _drop(self) -> None:
        if self._end is not None:
            self._end.close()
        self._process = self._end = self._channel = None
        self._is_loaded = self._is_resting = False


def _surroundings() -> tuple[Any, ...]:
    """What a process that is started now inherits, as far as code can tell."""
    try:
        folder = os.getcwd()  # noqa: PTH109 - a text is compared
    except FileNotFoundError:
        folder = ""
    return folder, dict(os.environ), tuple(sys.path), tuple(sys.argv)


def _flags() -> list[str]:
    """The options with which this interpreter was started."""
    return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # noqa: SLF001 - as multiprocessing


def _missing(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names)
    return (
        f"The workers cannot import {shown}, which the run needs. They have the import path and the folder of"
        " the process that started them; a module that was made by hand there does not exist for them."
    )
