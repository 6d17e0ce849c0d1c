"""Capture: what a step prints and logs also goes to its own files.

Owns: standing between ``sys.stdout``/``sys.stderr`` and the step in hand, in this process. A step that
prints nothing makes no file. Output of C code and child processes is an executor's matter.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO

from penstock.store.logs import LogFolder, LogWriter, Stream


class Capture:
    """Keeps what the steps of one run print.

    Args:
        folder: of the logs.
        run_id: of the run.
    """

    def __init__(self, folder: str, run_id: str) -> None:
        self._folder = LogFolder(folder)
        self._run_id = run_id
        self._step: str | None = None
        self._writers: dict[Stream, LogWriter] = {}
        self._before: tuple[TextIO, TextIO] | None = None

    def __enter__(self) -> Capture:
        self._before = (sys.stdout, sys.stderr)
        sys.stdout = _Tee(sys.stdout, self, Stream.OUT)  # type: ignore[assignment]  # quacks like a file
        sys.stderr = _Tee(sys.stderr, self, Stream.ERR)  # type: ignore[assignment]  # quacks like a file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            sys.stdout, sys.stderr = self._before
        self._close()

    @contextlib.contextmanager
    def step(self, key: str) -> Generator[None]:
        """Within this context, output belongs to the step."""
        self._step = key
        try:
            yield
        finally:
            self._step = None
            self._close()

    def log_line(self, key: str, level: int, message: str) -> None:
        """Write a line of a step's log."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment} {logging.getLevelName(level):<8} {message}\n"
        if key and key == self._step:
            self._writer(key, Stream.LOG).write(line)
        else:
            self._folder.writer(self._run_id, key or "run", Stream.LOG).write(line)

    def write(self, stream: Stream, text: str) -> None:
        """Keep what was printed, when a step is in hand."""
        if self._step is not None:
            self._writer(self._step, stream).write(text)

    def _writer(self, key: str, stream: Stream) -> LogWriter:
        found = self._writers.get(stream)
        if found is None:
            found = self._writers[stream] = self._folder.writer(self._run_id, key, stream)
        return found

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()


class _Tee:
    """A standard stream that also tells the capture; everything else is the stream's own."""

    def __init__(self, stream: TextIO, capture: Capture, kind: Stream) -> None:
        self._stream = stream
        self._capture = capture
        self._kind = kind

    def write(self, text: str) -> int:
        self._capture.write(self._kind, text)
        return self._stream.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
