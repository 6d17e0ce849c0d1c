"""Capture at the descriptors: what anything in this process prints during a step goes to the step's files.

Owns: putting files in place of the descriptors 1 and 2 while a step runs, so that C code and child
processes are heard as well. Only for processes that carry out one step at a time and are nobody else's.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

from penstock.host.capture import line_of
from penstock.store.logs import LogFolder, LogWriter, Stream, file_name

_STREAMS = ((1, Stream.OUT.value), (2, Stream.ERR.value))
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class DescriptorCapture:
    """Keeps what the steps of one run print in this process; see ``capture.Capture``.

    Args:
        folder: of the logs.
        run_id: of the run.
    """

    def __init__(self, folder: str, run_id: str) -> None:
        self._folder = LogFolder(folder)
        self._run_id = run_id
        self._saved: dict[int, int] = {}
        self._base = str(
            self._folder.path(run_id, "").parent
        )  # text: a path for each file costs more than it
        self._paths: list[str] = []
        self._log: LogWriter | None = None
        self._step = ""

    def __enter__(self) -> Self:
        self._saved = {descriptor: os.dup(descriptor) for descriptor, _ in _STREAMS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for saved in self._saved.values():
            os.close(saved)
        self._saved = {}

    def step(self, key: str) -> _OfStep:
        """From the beginning until the end of this context, output belongs to a step."""
        return _OfStep(self, key)

    def log_line(self, key: str, level: int, message: str) -> None:
        """Write a line of a step's log."""
        writer = self._log if key and key == self._step else None
        if writer is None:
            writer = self._folder.writer(self._run_id, key or "run", Stream.LOG)
            if key == self._step:
                self._log = writer
        writer.write(line_of(level, message))
        if writer is not self._log:
            writer.close()

    def begin(self, key: str) -> None:
        """Put the files of a step in place of the descriptors; a disk that refuses costs the text alone."""
        self._step = key
        _flush()  # what was printed between the steps is none of this one's
        with suppress(OSError):
            stem = f"{self._base}/{file_name(key)}"
            for descriptor, ending in _STREAMS:
                path = f"{stem}.{ending}"
                self._paths.append(path)
                _put(descriptor, path)

    def end(self) -> None:
        """Put the descriptors back, and remove files into which nothing was written."""
        _flush()
        for descriptor, saved in self._saved.items():
            os.dup2(saved, descriptor)
        for path in self._paths:
            with suppress(OSError):
                self._folder.finish(path)
        self._paths = []
        if self._log is not None:
            self._log.close()
            self._log = None
        self._step = ""

    @property
    def file(self) -> str | None:
        """Where the output of the step in hand went so far, None while it wrote nothing."""
        if self._log is not None:
            return str(self._log.path)
        _flush()
        return next((path for path in self._paths if _is_written(path)), None)


class _OfStep:
    """The time in which output belongs to one step."""

    __slots__ = ("_capture", "_key")

    def __init__(self, capture: DescriptorCapture, key: str) -> None:
        self._capture = capture
        self._key = key

    def __enter__(self) -> DescriptorCapture:
        self._capture.begin(self._key)
        return self._capture

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.end()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # user code may have put anything in their place
            stream.flush()


def _put(descriptor: int, path: str) -> None:
    try:
        opened = os.open(path, _FLAGS, 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  # as above
        opened = os.open(path, _FLAGS, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)


def _is_written(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116  # as above
    except OSError:
        return False
