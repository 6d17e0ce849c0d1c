"""The hub: hears in the driver what running tasks tell.

Owns: the connections of the workers that ``door`` let in, on which it also says a word now and then. Must
not know Ray, nor what records mean.

Frames are heard without a thread. ``poll`` waits on all sockets at once and is called by the executor from
``collect``, in the driver's own thread: another would fight it for the interpreter at each frame. While
nobody polls, the kernel keeps what arrives; a worker whose buffer is full keeps its records and is never
held up.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

from attrs import define

from penstock_ray import wire
from penstock_ray.door import Door
from penstock_ray.exits import Watched, here

_CHUNK = 1 << 18


@define(eq=False)
class Worker:
    """One connection, of a worker that proved itself.

    Args:
        socket: non-blocking.
        decoder: of its frames.
        key: signs what it is told.
        where: node and pid, for people.
        task: key of the task that it is running, or the empty text.
        is_open: False after its end.
        is_cut: whether its connection ended by a fault, which takes away what was on its way.
        process: tells how it ended; None where that cannot be known.
        told: how many frames went to it.
    """

    socket: socket.socket
    decoder: wire.Decoder
    key: bytes
    where: str = "a worker"
    task: str = ""
    is_open: bool = True
    is_cut: bool = False
    process: Watched | None = None
    told: int = 0

    def tell(self, kind: wire.Kind, task: str = "", number: int = 0) -> bool:
        """Say something about a task; False when that is not possible now."""
        if not self.is_open:
            return False
        data = wire.encode(self.key, self.told, (kind, task, number, ()))
        try:
            is_sent = self.socket.send(data) == len(data)  # small, and nearly nothing goes this way
        except OSError:
            return False
        self.told += 1
        return is_sent

    @property
    def is_over(self) -> bool:
        """Whether all was heard that it said: its process has ended, or its connection did in order."""
        if self.process is not None and self.process.ending():
            return True
        return not self.is_open and not self.is_cut

    def forget(self) -> None:
        """Nobody will ask how it ended."""
        if self.process is not None:
            self.process.close()


Heard = tuple[Worker, wire.Frame | None]
"""A worker and its frame; None when its connection ended."""


class Hub:
    """Hears the workers of one run.

    Args:
        host: the address to listen on, which is the one that workers dial.
        secret: of the run.
    """

    def __init__(self, host: str, secret: bytes) -> None:
        self._poll = select.epoll()  # a poll object would not see whom the door's thread adds while it waits
        self._workers: dict[int, Worker] = {}
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

    def poll(self, timeout: float) -> list[Heard]:
        """Wait for news, at most ``timeout`` seconds.

        Returns:
            Frames in the order of each connection; empty when none came in time.
        """
        heard: list[Heard] = []
        for number, _ in self._poll.poll(timeout):
            heard += self._hear(self._workers[number])
        return heard

    def close(self, patience: float = 0.0) -> None:
        """Tell the workers that the run has ended, and wait for them to put away what they opened.

        Args:
            patience: seconds to wait at most.
        """
        self._door.close()
        if self._poll.closed:
            return
        for worker in self._workers.values():
            worker.tell("bye")
            _say_goodbye(worker.socket)
        until = time.monotonic() + patience
        while self._workers and (left := until - time.monotonic()) > 0:
            self.poll(left)
        for worker in list(self._workers.values()):
            worker.task = ""
            self._end(worker)
        self._poll.close()

    def _welcome(self, connection: socket.socket, key: bytes) -> None:
        """Called by the door's thread."""
        self._workers[connection.fileno()] = Worker(connection, wire.Decoder(key), wire.return_key(key))
        self._poll.register(connection, select.EPOLLIN)

    def _hear(self, worker: Worker) -> Iterator[Heard]:
        data = _received(worker)
        if data is None:
            return
        try:
            for frame in worker.decoder.feed(data):
                if frame is not None and frame[0] == "hello":
                    self._introduce(worker, frame)
                elif frame is not None:
                    yield worker, frame
        except wire.WireError:
            self._forged += 1
            data, worker.is_cut = b"", True
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
        self._poll.unregister(worker.socket)
        worker.socket.close()
        if not worker.task:
            worker.forget()


def _received(worker: Worker) -> bytes | None:
    """What has arrived; empty at the end, None when it was nothing after all."""
    try:
        return worker.socket.recv(_CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        worker.is_cut = True
        return b""


def _say_goodbye(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the worker was faster
        return
