"""The hub: hears in the driver what running tasks tell.

Owns: the connections of the workers that ``door`` let in, on which it also says a word now and then. What
comes another way, through the mailbox, is heard with the rest. Must not know Ray, nor what records mean.

Frames are heard without a thread. ``poll`` waits on all sockets at once and is called by the executor from
``collect``, in the driver's own thread: another would fight it for the interpreter at each frame. While
nobody polls, the kernel keeps what arrives; a worker whose buffer is full keeps its records and is never
held up.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from selectors import EVENT_READ, DefaultSelector
from typing import Protocol

from attrs import define, field

from penstock_ray import wire
from penstock_ray.door import Door
from penstock_ray.exits import here
from penstock_ray.workers import Heard, Worker

_CHUNK = 1 << 18
_LOOK = 0.1
"""Seconds after which to look whether a worker that nothing is heard from has died."""


@define(eq=False)
class _Connection:
    """To a worker that proved itself.

    Args:
        socket: non-blocking.
        decoder: of its frames.
        key: signs what it is told.
        told: how many frames went to it.
    """

    socket: socket.socket
    decoder: wire.Decoder
    key: bytes
    told: int = 0
    worker: Worker = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.worker = Worker(self)

    def say(self, frame: wire.Frame) -> bool:
        """Say something to it; False when that is not possible now."""
        data = wire.encode(self.key, self.told, frame)
        try:
            is_sent = self.socket.send(data) == len(data)  # small, and nearly nothing goes this way
        except OSError:
            return False
        self.told += 1
        return is_sent


class Ear(Protocol):
    """Another way in which workers are heard."""

    def fileno(self) -> int:
        """To sleep on until there is something to hear."""
        ...

    def hear(self) -> Sequence[Heard]:
        """What is there, without waiting."""
        ...

    def say_goodbye(self) -> None:
        """Tell the workers that the run has ended."""
        ...

    @property
    def is_awaited(self) -> bool:
        """Whether some of them have not hung up yet."""
        ...

    def close(self) -> None:
        """Hear nothing more."""
        ...


class Hub:
    """Hears the workers of one run.

    Args:
        host: the address to listen on, which is the one that workers dial.
        secret: of the run.
    """

    def __init__(self, host: str, secret: bytes) -> None:
        self._poll = DefaultSelector()  # of the kernel: it sees whom the door's thread adds while it waits
        self._is_closed = False
        self._connections: dict[int, _Connection] = {}
        self._ears: dict[int, Ear] = {}
        self._space = here()
        self._forged = 0
        self._door = Door(host, secret, self._welcome)

    @property
    def address(self) -> tuple[str, int]:
        """What workers dial."""
        return self._door.address

    @property
    def refused(self) -> int:
        """How many connections were not from workers of the run."""
        return self._door.refused + self._forged

    def attach(self, ear: Ear) -> None:
        """Listen to that as well, and close it in the end."""
        self._ears[ear.fileno()] = ear
        self._poll.register(ear, EVENT_READ)

    def poll(self, timeout: float) -> list[Heard]:
        """Wait for news, at most ``timeout`` seconds.

        Returns:
            Frames in the order of each connection; empty when none came in time.
        """
        heard: list[Heard] = []
        for key, _ in self._poll.select(timeout):
            ear = self._ears.get(key.fd)
            heard += self._hear(self._connections[key.fd]) if ear is None else ear.hear()
        return heard

    def close(self, patience: float = 0.0) -> None:
        """Tell the workers that the run has ended, and wait for them to put away what they opened.

        Args:
            patience: seconds to wait at most.
        """
        self._door.close()
        if self._is_closed:
            return
        self._is_closed = True
        for connection in self._connections.values():
            connection.worker.tell("bye")
            _say_goodbye(connection.socket)
        for ear in self._ears.values():
            ear.say_goodbye()
        until = time.monotonic() + patience
        while self._is_awaited() and (left := until - time.monotonic()) > 0:
            self.poll(min(left, _LOOK))
        for connection in list(self._connections.values()):
            connection.worker.task = ""
            self._end(connection)
        for ear in self._ears.values():
            self._poll.unregister(ear)
            ear.close()
        self._poll.close()

    def _is_awaited(self) -> bool:
        return bool(self._connections) or any(one.is_awaited for one in self._ears.values())

    def _welcome(self, connection: socket.socket, key: bytes) -> None:
        """Called by the door's thread."""
        made = _Connection(connection, wire.Decoder(key), wire.return_key(key))
        self._connections[connection.fileno()] = made
        self._poll.register(connection, EVENT_READ)

    def _hear(self, connection: _Connection) -> Iterator[Heard]:
        data = _received(connection)
        if data is None:
            return
        worker = connection.worker
        try:
            for frame in connection.decoder.feed(data):
                if frame is not None and frame[0] == "hello":
                    worker.introduce(frame, self._space)
                elif frame is not None:
                    yield worker, frame
        except wire.WireError:
            self._forged += 1
            data, worker.is_cut = b"", True
        if not data:
            self._end(connection)
            yield worker, None

    def _end(self, connection: _Connection) -> None:
        del self._connections[connection.socket.fileno()]
        self._poll.unregister(connection.socket)
        connection.socket.close()
        connection.worker.end()


def _received(connection: _Connection) -> bytes | None:
    """What has arrived; empty at the end, None when it was nothing after all."""
    try:
        return connection.socket.recv(_CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        connection.worker.is_cut = True
        return b""


def _say_goodbye(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the worker was faster
        return
