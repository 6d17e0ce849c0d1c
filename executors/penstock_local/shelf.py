"""Where values wait in shared memory for other processes of this machine.

Owns: the files of a run's hand-off, their folder, and its removal, also after owners that died. A table is
an Arrow IPC stream, another value a header and the buffers of its pickle; readers map the file and copy
nothing. A file is complete or absent under its name, and a mapping outlives the file. Must not know tasks.
Lazy: pyarrow is imported when the first table is written.
"""

from __future__ import annotations

import errno
import mmap
import os
import pickle
import shutil
import struct
import tempfile
from collections.abc import Sequence
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from penstock.errors import HandleOutputError
from penstock.tables.packed import Image, Packed, Pickled
from penstock.values import frozen
from penstock_local.folders import free_bytes, has_room, is_shared_memory

INLINE = 64 << 10
"""Bytes; a smaller value travels in its parcel."""
_MAGIC = b"PENSTOCK"
_ALIGNED = 64  # what Arrow and NumPy read fastest
_LONGEST_NAME = 120


@frozen(kw_only=True)
class Parcel:
    """Where a value lies; small, and cheap to pickle.

    Args:
        kind: of the value.
        nbytes: of the value, in bytes.
        path: of its file; None when it is inline.
        form: of the file, ``"arrow"`` or ``"pickle"``; ``"inline"`` without one.
        facts: pickled; the value itself when it is inline, else what is not in the file.
    """

    kind: str
    nbytes: int
    path: str | None
    form: str
    facts: bytes


class Shelf:
    """The files of a run's hand-off; any process may open the same folder.

    Args:
        directory: the folder, from ``choose_directory``.
        overflow: where values go for which there is no room in shared memory; a folder of the same
            name in the temporary folder by default.
    """

    def __init__(self, directory: str | Path, overflow: str | Path | None = None) -> None:
        self.directory = Path(directory)
        self.overflow = Path(overflow or Path(tempfile.gettempdir()) / self.directory.name)
        self._numbers = count()

    def put(self, name: str, packed: Packed) -> Parcel:
        """Lay a value down; one of the same name is replaced, those who mapped it keep it.

        Args:
            name: unique in the run, of any characters.
            packed: the value.

        Raises:
            HandleOutputError: when there is no room for it anywhere.
        """
        kind, nbytes = packed.kind, packed.nbytes
        if nbytes < INLINE:
            return Parcel(kind=kind, nbytes=nbytes, path=None, form="inline", facts=pickle.dumps(packed, 5))
        form = "arrow" if packed.is_table else "pickle"
        extensions = packed.body.extensions if isinstance(packed.body, Image) else ()
        facts = pickle.dumps((packed.note, packed.target, extensions), 5)
        path = self._place(f"{_file_name(name)}.{form}", packed)
        return Parcel(kind=kind, nbytes=nbytes, path=path, form=form, facts=facts)

    def get(self, parcel: Parcel) -> Packed:
        """The value over the memory of its file, read-only.

        Raises:
            FileNotFoundError: when it was dropped.
        """
        if parcel.path is None:
            return pickle.loads(parcel.facts)  # made by put
        note, target, extensions = pickle.loads(parcel.facts)  # made by put
        memory = _mapped(parcel.path)
        body = Image(memory, extensions) if parcel.form == "arrow" else _read_pickled(memory)
        return Packed(kind=parcel.kind, nbytes=parcel.nbytes, body=body, note=note, target=target)

    def drop(self, parcel: Parcel) -> None:
        """Give the room back, once the last reader has let go; idempotent."""
        if parcel.path is not None:
            Path(parcel.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything; for the owner, idempotent."""
        for folder in {self.directory, self.overflow}:
            shutil.rmtree(folder, ignore_errors=True)

    def _place(self, name: str, packed: Packed) -> str:
        """Write into the first folder that has room."""
        first = self.directory
        if is_shared_memory(first) and not has_room(first, packed.nbytes):
            first = self.overflow
        for folder in (first, self.overflow):
            try:
                return str(self._write(folder, name, packed))
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise
                full = error
        raise HandleOutputError(_no_room(packed, (self.directory, self.overflow)), full) from full

    def _write(self, folder: Path, name: str, packed: Packed) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = folder / f".{os.getpid()}-{next(self._numbers)}"
        try:
            with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                _write_body(packed, file)
            return unfinished.replace(folder / name)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def _write_body(packed: Packed, file: BinaryIO) -> None:
    body = packed.body
    if isinstance(body, Pickled):
        _write_pickled(body, file)
    elif isinstance(body, Image):
        file.write(body.data)
    else:
        from penstock.tables.envelope import write_ipc  # noqa: PLC0415  # lazy, see the top

        write_ipc(body, file)


def _write_pickled(body: Pickled, file: BinaryIO) -> None:
    parts = [memoryview(one).cast("B") for one in (body.stream, *body.buffers)]
    head = struct.pack(f"<8sQ{len(parts)}Q", _MAGIC, len(parts), *(part.nbytes for part in parts))
    place = file.write(head)
    for part in parts:
        place += file.write(bytes(-place % _ALIGNED))
        place += file.write(part)


def _read_pickled(memory: memoryview) -> Pickled:
    magic, number = struct.unpack_from("<8sQ", memory)
    if magic != _MAGIC:
        raise ValueError(f"Wanted a value that a shelf wrote, found a file that begins with {magic!r}.")
    sizes = struct.unpack_from(f"<{number}Q", memory, 16)
    stream, *buffers = _parts(memory, 16 + 8 * number, sizes)
    return Pickled(stream, tuple(buffers))


def _parts(memory: memoryview, place: int, sizes: Sequence[int]) -> list[memoryview]:
    found: list[memoryview] = []
    for size in sizes:
        place += -place % _ALIGNED
        found.append(memory[place : place + size])
        place += size
    return found


def _mapped(path: str) -> memoryview:
    with Path(path).open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _file_name(name: str) -> str:
    """A file name for any name, readable as far as it fits."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{quote(name, safe='[]#', errors='replace')[:_LONGEST_NAME]}-{digest}"


def _no_room(packed: Packed, folders: Sequence[Path]) -> str:
    found = ", ".join(f"{free_bytes(one) >> 20} MiB in {one}" for one in dict.fromkeys(folders))
    return (
        f"Wanted room for a {packed.kind} of {packed.nbytes >> 20} MiB that a later step asks for,"
        f" found {found}. Free some space, let TMPDIR name a larger folder, or return less."
    )
