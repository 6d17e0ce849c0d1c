"""The hub: hears in the driver what running tasks tell.

Owns: the listening socket and the workers' connections. Must not know Ray, nor what records mean.

It has no thread. ``poll`` waits on all sockets at once and is called by the executor from ``collect``, in
the driver's own thread: a thread would fight it for the interpreter at each frame. While nobody polls, the
kernel keeps what arrives; a worker whose buffer is full keeps its records and is never held up.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Iterator

from attrs import define, field

from penstock_ray import wire
from penstock_ray.exits import Watched, here

_CHUNK = 1 << 18
_MOST_STRANGERS = 64
_HANDSHAKE = 5.0


@define(eq=False)
class Worker:
    """One connection, of a worker that proved itself.

    Args:
        socket: non-blocking.
        decoder: of its frames.
        where: node and pid, for people.
        task: key of the task that it is running, or the empty text.
        is_open: False after its end.
        process: tells how it ended; None where that cannot be known.
    """

    socket: socket.socket
    decoder: wire.Decoder
    where: str = "a worker"
    task: str = ""
    is_open: bool = True
    process: Watched | None = None

    def forget(self) -> None:
        """Nobody will ask how it ended."""
        if self.process is not None:
            self.process.close()


@define(eq=False)
class _Stranger:
    socket: socket.socket
    challenge: bytes
    until: float
    answer: bytearray = field(factory=bytearray)


Heard = tuple[Worker, wire.Frame | None]
"""A worker and its frame; None when its connection ended."""


class Hub:
    """Accepts the workers of one run.

    Args:
        host: the address to listen on, which is the one that workers dial.
        secret: of the run.
    """

    def __init__(self, host: str, secret: bytes) -> None:
        self._secret = secret
        self._listener = socket.create_server((host, 0), backlog=1024)
        self._listener.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._listener, select.POLLIN)
        self._strangers: dict[int, _Stranger] = {}
        self._workers: dict[int, Worker] = {}
        self._space = here()
        self.refused = 0

    @property
    def address(self) -> tuple[str, int]:
        """What workers dial."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    def poll(self, timeout: float) -> list[Heard]:
        """Wait for news, at most ``timeout`` seconds.

        Returns:
            Frames in the order of each connection; empty when none came in time.
        """
        heard: list[Heard] = []
        for number, _ in self._poll.poll(timeout * 1000):
            worker = self._workers.get(number)
            if worker is not None:
                heard += self._hear(worker)
            elif number in self._strangers:
                heard += self._admit(self._strangers[number])
            else:
                self._accept()
        if self._strangers:
            self._forget_slow(time.monotonic())
        return heard

    def close(self, patience: float = 0.0) -> None:
        """Tell the workers that the run has ended, and wait for them to put away what they opened.

        Args:
            patience: seconds to wait at most.
        """
        for stranger in list(self._strangers.values()):
            self._refuse(stranger)
        if self._listener.fileno() >= 0:
            self._poll.unregister(self._listener)
            self._listener.close()
        for worker in self._workers.values():
            _say_goodbye(worker.socket)
        until = time.monotonic() + patience
        while self._workers and (left := until - time.monotonic()) > 0:
            self.poll(left)
        for worker in list(self._workers.values()):
            worker.task = ""
            self._end(worker)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gone again
            return
        if len(self._strangers) >= _MOST_STRANGERS:
            self.refused += 1
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stranger = _Stranger(connection, os.urandom(wire.NONCE), time.monotonic() + _HANDSHAKE)
        self._strangers[connection.fileno()] = stranger
        self._poll.register(connection, select.POLLIN)
        if not _sent(connection, stranger.challenge):
            self._refuse(stranger)

    def _admit(self, stranger: _Stranger) -> Iterator[Heard]:
        data = _received(stranger.socket, wire.ANSWER - len(stranger.answer))
        if data is None:
            return
        stranger.answer += data
        given = bytes(stranger.answer)
        if data and len(given) < wire.ANSWER:
            return
        if not data or not wire.is_answer(self._secret, stranger.challenge, given):
            self.refused += 1
            self._refuse(stranger)
            return
        yield from self._welcome(stranger, given[: wire.NONCE])

    def _welcome(self, stranger: _Stranger, nonce: bytes) -> Iterator[Heard]:
        connection = stranger.socket
        del self._strangers[connection.fileno()]
        key = wire.session_key(self._secret, stranger.challenge, nonce)
        worker = Worker(connection, wire.Decoder(key))
        self._workers[connection.fileno()] = worker
        if not _sent(connection, wire.proof(self._secret, stranger.challenge, nonce)):
            self._end(worker)
            yield worker, None

    def _hear(self, worker: Worker) -> Iterator[Heard]:
        data = _received(worker.socket, _CHUNK)
        if data is None:
            return
        try:
            for frame in worker.decoder.feed(data):
                if frame is not None and frame[0] == "hello":
                    self._introduce(worker, frame)
                elif frame is not None:
                    yield worker, frame
        except wire.WireError:
            self.refused += 1
            data = b""
        if not data:
            self._end(worker)
            yield worker, None

    def _introduce(self, worker: Worker, frame: wire.Frame) -> None:
        _, worker.where, pid, (space,) = frame
        if self._space and space == self._space:
            worker.process = Watched(pid)

    def _end(self, worker: Worker) -> None:
        worker.is_open = False
        del self._workers[worker.socket.fileno()]
        self._drop(worker.socket)
        if not worker.task:
            worker.forget()

    def _refuse(self, stranger: _Stranger) -> None:
        del self._strangers[stranger.socket.fileno()]
        self._drop(stranger.socket)

    def _drop(self, connection: socket.socket) -> None:
        self._poll.unregister(connection)
        connection.close()

    def _forget_slow(self, now: float) -> None:
        for stranger in [one for one in self._strangers.values() if one.until < now]:
            self.refused += 1
            self._refuse(stranger)


def _received(connection: socket.socket, most: int) -> bytes | None:
    """What has arrived; empty at the end, None when it was nothing after all."""
    try:
        return connection.recv(most)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _sent(connection: socket.socket, data: bytes) -> bool:
    """Whether a few bytes went out at once, as they do on a fresh connection."""
    try:
        return connection.send(data) == len(data)
    except OSError:
        return False


def _say_goodbye(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the worker was faster
        return
