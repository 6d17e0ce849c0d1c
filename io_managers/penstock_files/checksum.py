"""Checksums of stored files, as receipts record them.

Owns: their form (``"sha256:"`` and the first 16 hexadecimal digits) and how a file is held against
its own. Knows bytes, not values.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, BinaryIO

from attrs import frozen

_BUFFER = 1 << 20


@frozen
class Written:
    """What went into a file: its size in bytes, and its checksum."""

    size: int
    checksum: str


class HashingSink:
    """A binary file that counts and hashes what goes through it.

    Args:
        file: where it goes; it stays open.
    """

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = sha256()
        self._size = 0

    def write(self, data: Any) -> int:
        """Write anything with a buffer, and remember it."""
        self._hash.update(data)
        self._size += memoryview(data).nbytes
        return self._file.write(data)

    def flush(self) -> None:
        """Hand what is buffered to the operating system."""
        self._file.flush()

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing: the file below belongs to somebody else."""

    def written(self) -> Written:
        """Size and checksum so far."""
        return Written(self._size, _short(self._hash.hexdigest()))


def written(data: bytes) -> Written:
    """Size and checksum of a whole content."""
    return Written(len(data), _short(sha256(data).hexdigest()))


def checksum_of(path: str) -> str:
    """The checksum of a local file."""
    digest = sha256()
    with open(path, "rb") as file:  # paths are strings in this plugin
        while block := file.read(_BUFFER):
            digest.update(block)
    return _short(digest.hexdigest())


def verify(path: str, checksum: str) -> bool:
    """Whether a file still has the content that its receipt records.

    Args:
        path: a local file.
        checksum: the metadata entry ``checksum`` of a materialization.
    """
    return checksum_of(path) == checksum


def _short(hexadecimal: str) -> str:
    return f"sha256:{hexadecimal[:16]}"
