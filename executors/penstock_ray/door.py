"""The door of the hub: lets workers of the run in, and nobody else.

Owns: the listening socket, and a thread that answers whoever knocks. The thread is there so that a worker is
not kept waiting while the driver is busy; it sleeps unless somebody is at the door, and hears no frames.
Must not know Ray.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable

from attrs import define, field

from penstock_ray import wire
from penstock_ray.bell import Bell

_MOST = 64
_PATIENCE = 5.0
_TICK = 1.0


@define(eq=False)
class _Stranger:
    socket: socket.socket
    challenge: bytes
    until: float
    answer: bytearray = field(factory=bytearray)


class Door:
    """Accepts connections and challenges them.

    Args:
        host: the address to listen on.
        secret: of the run.
        admit: called by the thread with the connection and the key of a worker that proved itself.
    """

    def __init__(self, host: str, secret: bytes, admit: Callable[[socket.socket, bytes], None]) -> None:
        self._secret, self._admit = secret, admit
        self._listener = socket.create_server((host, 0), backlog=1024)
        self._listener.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._listener, select.POLLIN)
        self._strangers: dict[int, _Stranger] = {}
        self._bell = Bell()
        self._poll.register(self._bell, select.POLLIN)
        self._is_open = True
        self.refused = 0
        host, port = self._listener.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)
        self._thread = threading.Thread(target=self._watch, name="penstock-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more. Idempotent."""
        if self._is_open:
            self._is_open = False
            self._bell.ring()
            self._thread.join()
            self._bell.close()

    def _watch(self) -> None:
        while self._is_open:
            for number, _ in self._poll.poll(_TICK * 1000 if self._strangers else None):
                if number in self._strangers:
                    self._hear(self._strangers[number])
                elif number == self._listener.fileno():
                    self._accept()
            self._forget_slow(time.monotonic())
        for stranger in list(self._strangers.values()):
            self._refuse(stranger)
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gone again
            return
        if len(self._strangers) >= _MOST:
            self.refused += 1
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stranger = _Stranger(connection, os.urandom(wire.NONCE), time.monotonic() + _PATIENCE)
        self._strangers[connection.fileno()] = stranger
        self._poll.register(connection, select.POLLIN)
        if not _sent(connection, stranger.challenge):
            self._refuse(stranger)

    def _hear(self, stranger: _Stranger) -> None:
        try:
            data = stranger.socket.recv(wire.ANSWER - len(stranger.answer))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        stranger.answer += data
        given = bytes(stranger.answer)
        if data and len(given) < wire.ANSWER:
            return
        if data and wire.is_answer(self._secret, stranger.challenge, given):
            self._welcome(stranger, given[: wire.NONCE])
        else:
            self._refuse(stranger)

    def _welcome(self, stranger: _Stranger, nonce: bytes) -> None:
        connection = stranger.socket
        del self._strangers[connection.fileno()]
        self._poll.unregister(connection)
        if _sent(connection, wire.proof(self._secret, stranger.challenge, nonce)):
            self._admit(connection, wire.session_key(self._secret, stranger.challenge, nonce))
        else:
            connection.close()

    def _refuse(self, stranger: _Stranger) -> None:
        self.refused += 1
        del self._strangers[stranger.socket.fileno()]
        self._poll.unregister(stranger.socket)
        stranger.socket.close()

    def _forget_slow(self, now: float) -> None:
        for stranger in [one for one in self._strangers.values() if one.until < now]:
            self._refuse(stranger)


def _sent(connection: socket.socket, data: bytes) -> bool:
    """Whether a few bytes went out at once, as they do on a fresh connection."""
    try:
        return connection.send(data) == len(data)
    except OSError:
        return False
