"""Messages over a pair of sockets: whole or not at all, whatever signal interrupts the sender.

Owns: cutting messages into packets and joining them again. On Linux the sockets keep packets apart by
themselves (``SOCK_SEQPACKET``): a packet is sent by one system call, so an exception that a signal handler
raises between two of them leaves a message incomplete, never the stream torn, and threads need no lock.
Elsewhere packets carry their length in a plain stream, behind a lock. Must not know what messages say.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterator

_HEAD = struct.Struct("<IIB")  # bytes that follow, number of the message, whether this is its last packet
PACKET = 60_000
"""Bytes of a message in one packet; less than half of a socket's buffer where that is smallest."""
KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
_ROOM = _HEAD.size + PACKET


def pair(kind: int = KIND) -> tuple[socket.socket, socket.socket]:
    """Two sockets that talk to each other."""
    return socket.socketpair(socket.AF_UNIX, kind)


class Channel:
    """One end of a pair.

    Args:
        end: the socket; blocking for ``send``, non-blocking for ``post``.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._numbers = itertools.count()
        self._parts: dict[int, list[memoryview]] = {}
        self._stream = bytearray() if end.type != socket.SOCK_SEQPACKET else None
        self._lock: contextlib.AbstractContextManager[object] = (
            contextlib.nullcontext() if self._stream is None else threading.Lock()
        )
        self._waiting: deque[memoryview] = deque()

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self._end.fileno()

    def send(self, data: bytes) -> None:
        """Send a message, waiting where the reader is slow; from any thread.

        Raises:
            OSError: when the other end is gone.
        """
        with self._lock:
            for packet in self._packets(data):
                self._end.sendall(packet)

    def post(self, data: bytes) -> bool:
        """Send what can be sent now and keep the rest; whether nothing is left.

        Raises:
            OSError: when the other end is gone.
        """
        self._waiting.extend(memoryview(packet) for packet in self._packets(data))
        return self.flush()

    def flush(self) -> bool:
        """Go on with what ``post`` kept; whether nothing is left.

        Raises:
            OSError: when the other end is gone.
        """
        while self._waiting:
            packet = self._waiting[0]
            try:
                sent = self._end.send(packet)
            except BlockingIOError:
                return False
            if sent < len(packet):
                self._waiting[0] = packet[sent:]
            else:
                self._waiting.popleft()
        return True

    def receive(self) -> list[bytes]:
        """The messages that one read completes; none is possible.

        Raises:
            EOFError: when the other end is gone and everything was read.
            BlockingIOError: when there is nothing yet and the socket does not block.
        """
        try:
            data = self._end.recv(_ROOM)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        if self._stream is None:
            whole = self._join(memoryview(data))
            return [] if whole is None else [whole]
        self._stream += data
        return [one for packet in self._cut() if (one := self._join(packet)) is not None]

    def close(self) -> None:
        """Close this end; idempotent."""
        self._end.close()

    def _packets(self, data: bytes) -> Iterator[bytes]:
        number = next(self._numbers) & 0xFFFFFFFF
        if len(data) <= PACKET:
            yield _HEAD.pack(len(data), number, 1) + data
            return
        for start in range(0, len(data), PACKET):
            part = data[start : start + PACKET]
            yield _HEAD.pack(len(part), number, start + PACKET >= len(data)) + part

    def _join(self, packet: memoryview) -> bytes | None:
        """The message that this packet completes."""
        _, number, is_last = _HEAD.unpack_from(packet)
        body = packet[_HEAD.size :]
        if not is_last:
            self._parts.setdefault(number, []).append(body)
            return None
        parts = self._parts.pop(number, None)
        return bytes(body) if parts is None else b"".join((*parts, body))

    def _cut(self) -> Iterator[memoryview]:
        """The packets that are complete in the stream."""
        assert self._stream is not None  # noqa: S101 - only streams are cut
        while len(self._stream) >= _HEAD.size:
            end = _HEAD.size + _HEAD.unpack_from(self._stream)[0]
            if len(self._stream) < end:
                return
            packet = memoryview(bytes(self._stream[:end]))
            del self._stream[:end]
            yield packet
