"""Capture: what a step prints and logs also goes to its own files.

Owns: standing between ``sys.stdout``/``sys.stderr`` and the steps in hand, in this process; several steps may
be in hand at once, each in its thread. A step that prints nothing makes no file. Output of C code and
child processes is heard where a process carries out one step at a time: see ``descriptors``.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self, TextIO

from penstock.engine.journal import is_noting
from penstock.events.values import LogsCaptured
from penstock.store.logs import LogFolder, LogWriter, Stream

OnText = Callable[[str, str, str], None]
"""Takes step key, stream and text."""

_BY_INTEREST = (Stream.LOG, Stream.OUT, Stream.ERR)
_EXCHANGE = threading.Lock()
_DRIVERS: dict[int, int] = {}
"""Threads that carry out steps whose output is kept, each with how many (a step may start a run)."""


def line_of(level: int, message: str) -> str:
    """A line of a log file."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S")
    return f"{moment} {logging.getLevelName(level):<8} {message}\n"


class Capture:
    """Keeps what the steps of one run print; ``step`` gives the time in which output belongs to a step.

    Args:
        folder: of the logs.
        run_id: of the run.
        on_text: takes the text instead of files.
        echoes: whether text goes where it would have gone as well; False where the driver shows it.
    """

    def __init__(
        self, folder: str, run_id: str, on_text: OnText | None = None, *, echoes: bool = True
    ) -> None:
        self.on_text = on_text
        self.echoes = echoes
        self._folder = LogFolder(folder)
        self._run_id = run_id
        self._tees: tuple[_Tee, ...] = ()
        self._in_hand: dict[str, OfStep] = {}

    def __enter__(self) -> Self:
        with _EXCHANGE:
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
            self._tees = ()
        for one in tuple(self._in_hand.values()):
            one.end()

    def step(self, key: str) -> OfStep:
        """A context in which what its thread prints belongs to a step."""
        return OfStep(self, key)

    def begin(self, step: OfStep) -> None:
        """A step is in hand."""
        self._in_hand[step.key] = step

    def end(self, step: OfStep) -> None:
        """A step is no longer in hand."""
        self._in_hand.pop(step.key, None)

    def log_line(self, key: str, level: int, message: str) -> None:
        """Write a line of a step's log."""
        step = self._in_hand.get(key)
        if step is not None:
            step.write(Stream.LOG, line_of(level, message))
            return
        writer = self.writer(key or "run", Stream.LOG)
        writer.write(line_of(level, message))
        writer.close()

    def keep(self, key: str, stream: str, text: str) -> None:
        """Keep what a step printed elsewhere."""
        writer = self.writer(key, Stream(stream))
        writer.write(text)
        writer.close()

    def left_by(self, key: str) -> LogsCaptured | None:
        """What tells of the output of a step that ended elsewhere without a word."""
        for stream in _BY_INTEREST:
            path = self._folder.path(self._run_id, key, stream)
            with suppress(OSError):
                self._folder.finish(str(path))
            if path.exists():
                return LogsCaptured(at=time.time(), step=key, file=str(path))
        return None

    def write(self, stream: Stream, text: str) -> bool:
        """Keep what was printed, when a step is in hand and it was not the journal's listeners.

        Returns:
            Whether it was kept.
        """
        if not self._in_hand or is_noting():
            return False
        step = self._step_here()
        if step is not None:
            step.write(stream, text)
        return step is not None

    def _step_here(self) -> OfStep | None:
        """The step of this run that prints: in this thread, or the only one when the thread is the user's."""
        step = _CURRENT.get()
        while step is not None and step.capture is not self:
            step = step.outer
        if step is None and len(self._in_hand) == 1 and threading.get_ident() not in _DRIVERS:
            return next(iter(self._in_hand.values()))
        return step

    def writer(self, key: str, stream: Stream) -> LogWriter:
        """The writer of a step's stream."""
        return self._folder.writer(self._run_id, key, stream)


class OfStep:
    """The time in which output belongs to one step.

    ``file`` is where its output went so far (its log, else what it printed), None while it wrote nothing.
    """

    __slots__ = ("_thread", "_token", "_writers", "capture", "key", "outer")

    def __init__(self, capture: Capture, key: str) -> None:
        self.capture = capture
        self.key = key
        self.outer: OfStep | None = None
        self._writers: dict[Stream, LogWriter] = {}
        self._token: Token[OfStep | None] | None = None
        self._thread = 0

    def __enter__(self) -> Self:
        self.outer = _CURRENT.get()
        self._token = _CURRENT.set(self)
        self._thread = threading.get_ident()
        with _EXCHANGE:
            _DRIVERS[self._thread] = _DRIVERS.get(self._thread, 0) + 1
        self.capture.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)
            self._token = None
        with _EXCHANGE:
            _DRIVERS[self._thread] -= 1
            if not _DRIVERS[self._thread]:
                del _DRIVERS[self._thread]
        self.end()

    def end(self) -> None:
        """From now on nothing belongs to the step."""
        self.capture.end(self)
        for writer in self._writers.values():
            writer.close()

    def write(self, stream: Stream, text: str) -> None:
        """Keep text of the step."""
        if self.capture.on_text is not None:
            self.capture.on_text(self.key, stream.value, text)
            return
        found = self._writers.get(stream)
        if found is None:
            found = self._writers[stream] = self.capture.writer(self.key, stream)
        found.write(text)

    @property
    def file(self) -> str | None:
        """Where its output went so far, None while it wrote nothing."""
        return next((str(self._writers[one].path) for one in _BY_INTEREST if one in self._writers), None)


_CURRENT: ContextVar[OfStep | None] = ContextVar("penstock_step_that_prints", default=None)


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
        if self._capture.write(self._kind, text) and not self._capture.echoes:
            return len(text)
        return self.below.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """A step must not close what the whole process writes to."""
        self.below.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)
