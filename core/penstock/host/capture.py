"""Capture: what a step prints and logs also goes to its own files.

Owns: standing between ``sys.stdout``/``sys.stderr`` and the step in hand, in this process. A step that
prints nothing makes no file. Output of C code and child processes is an executor's matter.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self, TextIO

from penstock.engine.journal import JournalThread
from penstock.store.logs import LogFolder, LogWriter, Stream

_BY_INTEREST = (Stream.LOG, Stream.OUT, Stream.ERR)
_EXCHANGE = threading.Lock()
_DRIVERS: dict[int, int] = {}
"""Threads that carry out runs whose output is kept, each with how many (a step may start a run)."""


class Capture:
    """Keeps what the steps of one run print.

    ``step`` gives the time in which output belongs to a step; ``file`` is where the output of the step
    in hand went so far (its log, else what it printed), None while it wrote nothing.

    Args:
        folder: of the logs.
        run_id: of the run.
    """

    def __init__(self, folder: str, run_id: str) -> None:
        self._folder = LogFolder(folder)
        self._run_id = run_id
        self._step: str | None = None
        self._writers: dict[Stream, LogWriter] = {}
        self._tees: tuple[_Tee, ...] = ()
        self._thread = 0
        self._of_step = _OfStep(self)

    def __enter__(self) -> Self:
        with _EXCHANGE:
            self._thread = threading.get_ident()
            _DRIVERS[self._thread] = _DRIVERS.get(self._thread, 0) + 1
            out, err = _Tee(sys.stdout, self, Stream.OUT), _Tee(sys.stderr, self, Stream.ERR)
            self._tees = (out, err)
            sys.stdout, sys.stderr = out, err  # type: ignore[assignment]  # they quack like files
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _EXCHANGE:
            for name, tee in zip(("stdout", "stderr"), self._tees, strict=False):
                tee.take_out(name)
            if self._tees:
                _DRIVERS[self._thread] -= 1
                if not _DRIVERS[self._thread]:
                    del _DRIVERS[self._thread]
            self._tees = ()
        self.end()

    def step(self, key: str) -> _OfStep:
        """From now until the end of this context, output belongs to a step."""
        self._step = key
        return self._of_step

    def end(self) -> None:
        """From now on output belongs to no step."""
        self._step = None
        if self._writers:
            for writer in self._writers.values():
                writer.close()
            self._writers = {}

    @property
    def file(self) -> str | None:
        """Where the output of the step in hand went so far, None while it wrote nothing."""
        return next((str(self._writers[one].path) for one in _BY_INTEREST if one in self._writers), None)

    def log_line(self, key: str, level: int, message: str) -> None:
        """Write a line of a step's log."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment} {logging.getLevelName(level):<8} {message}\n"
        if key and key == self._step:
            self._writer(key, Stream.LOG).write(line)
            return
        writer = self._folder.writer(self._run_id, key or "run", Stream.LOG)
        writer.write(line)
        writer.close()

    def write(self, stream: Stream, text: str) -> None:
        """Keep what was printed, when a step is in hand and it was not the journal's listeners."""
        if self._step is None or isinstance(threading.current_thread(), JournalThread):
            return
        thread = threading.get_ident()
        if thread == self._thread or thread not in _DRIVERS:  # else the thread carries out another run
            self._writer(self._step, stream).write(text)

    def _writer(self, key: str, stream: Stream) -> LogWriter:
        found = self._writers.get(stream)
        if found is None:
            found = self._writers[stream] = self._folder.writer(self._run_id, key, stream)
        return found


class _OfStep:
    """The time in which output belongs to one step."""

    __slots__ = ("_capture",)

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def __enter__(self) -> Capture:
        return self._capture

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.end()


class _Tee:
    """A standard stream that also tells the capture; everything else is the stream's own."""

    def __init__(self, stream: TextIO, capture: Capture, kind: Stream) -> None:
        self.below: Any = stream
        self._capture = capture
        self._kind = kind

    def take_out(self, name: str) -> None:
        """Put back what was there before, also from below the tee of a run that goes on."""
        above: Any = getattr(sys, name)
        while isinstance(above, _Tee) and above is not self and above.below is not self:
            above = above.below
        if isinstance(above, _Tee) and above is not self:
            above.below = self.below
        else:  # also when user code has put something of its own there
            setattr(sys, name, self.below)

    def write(self, text: str) -> int:
        self._capture.write(self._kind, text)
        return self.below.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """A step must not close what the whole process writes to."""
        self.below.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)
