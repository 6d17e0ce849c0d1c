"""The text that steps write: files under ``logs/<run>/<step>.<stream>``, apart from events.

Owns: their names, their growth up to a limit that readers can see, reading from an offset.
Must not know who captures the text. A step that writes nothing makes no file and no folder; a full
disk costs text, never the step.
"""

from __future__ import annotations

import os
import shutil
import threading
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from penstock.values import frozen

LOG_LIMIT = 16 * 1024 * 1024
"""Bytes that one log file may hold unless said otherwise."""

NAME_LIMIT = 180
"""Bytes of a file name; longer ones end in a hash."""


class Stream(Enum):
    """What a log file holds: its ending."""

    OUT = "out"
    ERR = "err"
    LOG = "log"


@frozen(kw_only=True)
class LogChunk:
    """A piece of a log.

    Args:
        data: the bytes from the offset that was asked for.
        next_offset: where to go on.
        size: bytes of the whole file now; 0 when there is none.
    """

    data: bytes = b""
    next_offset: int = 0
    size: int = 0

    @property
    def text(self) -> str:
        """The bytes as text; what is not UTF-8 shows as a replacement character."""
        return self.data.decode("utf-8", errors="replace")


class LogWriter:
    """Appends to one log file, which is made at the first byte. Any thread may write.

    Args:
        path: the file.
        limit: bytes after which the rest is dropped and a line says so.
    """

    __slots__ = ("_file", "_full", "_mutex", "_room", "limit", "path")

    def __init__(self, path: Path, limit: int = LOG_LIMIT) -> None:
        self.path = path
        self.limit = limit
        self._file: BinaryIO | None = None
        self._full = False
        self._room = limit
        self._mutex = threading.Lock()

    @property
    def is_truncated(self) -> bool:
        """Whether something was dropped."""
        return self._full

    def write(self, data: bytes | str) -> None:
        """Append; never raises because of the disk."""
        raw = data.encode("utf-8", errors="backslashreplace") if isinstance(data, str) else data
        if not raw or self._full:
            return
        with self._mutex:
            try:
                self._write(raw)
            except OSError:
                self._full = True

    def close(self) -> None:
        """Let go of the file; idempotent, and a later write opens it again."""
        with self._mutex:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, raw: bytes) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
            self._room = self.limit - self._file.tell()
            if self._room < 0:  # an earlier attempt filled it, and said so
                self._full = True
                return
        self._file.write(raw[: max(self._room, 0)])
        self._room -= len(raw)
        if self._room < 0:
            self._full = True
            self._file.write(_cut_note(self.limit))


def _cut_note(limit: int) -> bytes:
    return f"\n[truncated: this log reached {limit:,} bytes, the rest was dropped]\n".encode()


class LogFolder:
    """Where the logs of an instance lie.

    Args:
        root: the folder, made when the first byte is written.
        limit: bytes that one file may hold.
    """

    __slots__ = ("limit", "root")

    def __init__(self, root: str | os.PathLike[str], limit: int = LOG_LIMIT) -> None:
        self.root = Path(root)
        self.limit = limit

    def path(self, run_id: str, step: str, stream: Stream = Stream.LOG) -> Path:
        """The file of a step's stream, there or not."""
        return self.root / file_name(run_id) / f"{file_name(step)}.{stream.value}"

    def writer(self, run_id: str, step: str, stream: Stream = Stream.LOG) -> LogWriter:
        """A writer for a step's stream; further attempts go on in the same file."""
        return LogWriter(self.path(run_id, step, stream), self.limit)

    def read(
        self, run_id: str, step: str, stream: Stream = Stream.LOG, *, offset: int = 0, limit: int = 1 << 20
    ) -> LogChunk:
        """A piece of a log.

        Args:
            run_id: the run.
            step: its step.
            stream: which of its logs.
            offset: bytes to leave out; negative counts from the end.
            limit: bytes at most.
        """
        try:
            with self.path(run_id, step, stream).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                start = max(size + offset, 0) if offset < 0 else offset
                file.seek(start)
                data = file.read(limit)
        except FileNotFoundError:
            return LogChunk(next_offset=max(offset, 0))
        return LogChunk(data=data, next_offset=start + len(data), size=size)

    def finish(self, path: str) -> None:
        """A file that something else wrote to is complete: without content it goes, too long it is cut.

        Raises:
            OSError: when the disk refuses.
        """
        size = os.stat(path).st_size  # noqa: PTH116  # for each step, and a path costs more than the call
        if not size:
            os.unlink(path)  # noqa: PTH108  # for each step as well
        elif size > self.limit:
            os.truncate(path, self.limit)
            with Path(path).open("ab", buffering=0) as file:
                file.write(_cut_note(self.limit))

    def streams(self, run_id: str, step: str) -> tuple[Stream, ...]:
        """The streams of a step that have a file."""
        return tuple(stream for stream in Stream if self.path(run_id, step, stream).exists())

    def delete(self, run_id: str) -> None:
        """Remove the logs of a run; nothing happens when there are none."""
        shutil.rmtree(self.root / file_name(run_id), ignore_errors=True)

    def delete_older_than(self, moment: float) -> int:
        """Remove the logs of runs that wrote nothing since a moment.

        Args:
            moment: seconds since 1970.

        Returns:
            How many runs lost their logs.
        """
        if not self.root.is_dir():
            return 0
        old = [folder for folder in self.root.iterdir() if folder.is_dir() and _last_change(folder) < moment]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)


def file_name(name: str) -> str:
    """A name as one harmless segment of a path: no slash, no dots alone, not too long."""
    raw = name.encode("utf-8", errors="surrogatepass")
    quoted = quote(raw, safe=" ,=+@[]()") or "%"
    if quoted.strip(".") == "":
        quoted = quoted.replace(".", "%2E")
    if len(quoted) > NAME_LIMIT:
        quoted = f"{quoted[: NAME_LIMIT - 33]}-{sha256(raw).hexdigest()[:32]}"
    return quoted


def _last_change(folder: Path) -> float:
    moments = [folder.stat().st_mtime, *(file.stat().st_mtime for file in folder.iterdir())]
    return max(moments)
