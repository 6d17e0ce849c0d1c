"""Getting bytes onto a local disk: a new file, and what has to be on disk when.

Owns: writing a temporary file (removed again when that fails) and waiting for the disk, one file or
many together. The names it writes under are ``temporary``'s, the final ones ``local``'s. Lazy:
threads are imported when many files wait.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO, cast

from penstock_files.checksum import HashingSink, Written, written
from penstock_files.formats import Encoded

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_BUFFER = 1 << 20
_CHUNK = 32
_WAITERS = 8


def write_new(path: str, encoded: Encoded, *, sync: bool) -> Written:
    """Write a new file; nothing is left of it when that fails.

    Args:
        path: a name that does not exist yet, in a folder that does.
        encoded: what to write.
        sync: whether to wait until it is on disk.
    """
    descriptor = os.open(path, _CREATE, 0o666)
    try:
        if encoded.data is not None:
            return _write_at_once(descriptor, encoded.data, sync=sync)
        return _write_through(descriptor, encoded, sync=sync)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)  # Path costs more than the call
        raise


def sync_folder(path: str) -> None:
    """Wait until the names in a folder are on disk; a folder that is gone needs nothing."""
    with suppress(FileNotFoundError):
        _sync_chunk([path])


def sync_files(paths: Iterable[str]) -> None:
    """Wait until the contents of files are on disk; a file that is gone needs nothing.

    Many are waited for in threads: a journaling file system commits those that wait at the same time
    together, which measured twice as fast as one after the other. More threads than this fight for the
    interpreter, and waiting while the run still works measured slower than all of it at the end.
    """
    names = list(paths)
    chunks = [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]
    if len(chunks) <= 1:
        for chunk in chunks:
            _sync_chunk(chunk)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # lazy, see the top

    with ThreadPoolExecutor(min(len(chunks), _WAITERS), thread_name_prefix="penstock-sync") as waiters:
        for done in [waiters.submit(_sync_chunk, chunk) for chunk in chunks]:
            done.result()


def _write_at_once(descriptor: int, data: bytes, *, sync: bool) -> Written:
    try:
        done = os.write(descriptor, data)
        while done < len(data):  # a single write stops at 2 GiB
            done += os.write(descriptor, memoryview(data)[done:])
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return written(data)


def _write_through(descriptor: int, encoded: Encoded, *, sync: bool) -> Written:
    with os.fdopen(descriptor, "wb", buffering=_BUFFER) as file:
        sink = HashingSink(file)
        encoded.write_to(cast("BinaryIO", sink))
        file.flush()
        if sync:
            os.fsync(descriptor)
    return sink.written()


def _sync_chunk(paths: list[str]) -> None:
    descriptors: list[int] = []
    try:
        for path in paths:
            with suppress(FileNotFoundError):
                descriptors.append(os.open(path, os.O_RDONLY))
        if len(descriptors) > 1:
            _start_writing(descriptors)
        for descriptor in descriptors:
            os.fsync(descriptor)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _start_writing(descriptors: list[int]) -> None:
    # Linux begins to write back on this advice, so that the fsyncs find most of their work done.
    if hasattr(os, "posix_fadvise"):
        for descriptor in descriptors:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
