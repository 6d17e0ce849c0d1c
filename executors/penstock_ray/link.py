"""The link: a worker's connection to the hub in the driver.

Owns: dialling, heartbeats, and passing on that a task is to stop. Must not know Ray, nor what records mean.

Everything goes out at once: who tells much collects it first, as the engine does, and what happened just
before a crash is what people want to know. Only the start of a task waits in the kernel for the record that
follows it at once, so that the driver wakes up for both together; the kernel sends it when this process dies.
Sending never waits: what the kernel does not take is kept and tried again by the link's thread, which also
sends heartbeats and notices the end of the run.
"""

from __future__ import annotations

import os
import pickle
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from penstock_ray import wire
from penstock_ray.exits import here
from penstock_ray.interrupts import send

_MOST_KEPT = 16 << 20
_AGAIN = 0.05
_MORE = getattr(socket, "MSG_MORE", 0)  # of Linux; what follows is sent along, or a fifth of a second later


class Unreachable(Exception):
    """The hub did not answer, or is not the hub of this run."""


class Link:
    """Tells the driver what happens in this process.

    Args:
        connection: blocking, the handshake not done.
        secret: of the run.
        where: node and pid, for people.
        beat: seconds between heartbeats while a task is running.
        ended: called by the link's thread when the driver has ended the run.
        interrupt: called by the link's thread when the task that runs is to stop, until it says True.
    """

    def __init__(
        self,
        connection: socket.socket,
        secret: bytes,
        where: str,
        beat: float,
        ended: Callable[[], None],
        interrupt: Callable[[], bool] = send,
    ) -> None:
        self._socket = connection
        self._key = _greet(connection, secret)
        self._heard = wire.Decoder(wire.return_key(self._key))
        self._beat, self._ended, self._interrupt = beat, ended, interrupt
        self._lock = threading.Lock()
        self._number = 0
        self._unsent = bytearray()
        self._first = 0  # number of the next record
        self._sent = 0
        self._task = ""
        self._is_asked = False  # to stop it
        self.is_up = True
        connection.setblocking(False)
        self._wake, self._waker = os.pipe()
        self._send("hello", where, os.getpid(), [here()])
        self._thread = threading.Thread(target=self._watch, name="penstock-link", daemon=True)
        self._thread.start()

    def start(self, task: str) -> None:
        """A task begins in this process."""
        with self._lock:
            self._task, self._first, self._sent = task, 0, 0
            self._send("start", task)

    def tell(self, record: Any) -> None:
        """A record of the running task; from any thread, never raises, never waits."""
        with self._lock:
            if not self.is_up or not self._task:
                return
            first, self._first = self._first, self._first + 1
            self._send("told", self._task, first, [record])

    def end(self) -> int:
        """The task ends.

        Returns:
            How many of its records went out; -1 when nobody can know how many arrived.
        """
        with self._lock:
            self._send("end", self._task)
            self._task, self._is_asked = "", False
            return self._sent if self.is_up else -1

    def close(self) -> None:
        """Hang up. Idempotent."""
        with self._lock:
            self._hang_up()

    def _send(self, kind: wire.Kind, task: str, first: int = 0, records: list[Any] | None = None) -> None:
        if not self.is_up:
            return
        frame: wire.Frame = (kind, task, first, records or ())
        try:
            data = wire.encode(self._key, self._number, frame)
        except Exception:  # noqa: BLE001 - whatever a record raises while it is pickled
            frame = (kind, task, first, [one for one in records or () if _can_travel(one)])
            data = wire.encode(self._key, self._number, frame)
        if len(data) > wire.LARGEST or len(self._unsent) > _MOST_KEPT:
            return  # the outcome repeats it
        self._number += 1
        self._sent += len(frame[3])
        self._unsent += data
        self._push(_MORE if kind == "start" else 0)

    def _push(self, flags: int = 0) -> None:
        """Give the kernel what it takes now."""
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent, flags)]
        except BlockingIOError:
            return
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self.is_up:
            self.is_up = False
            self._unsent.clear()
            os.write(self._waker, b"!")

    def _watch(self) -> None:
        """The thread: late flushes, heartbeats, and the end of the run."""
        due = time.monotonic() + self._beat
        while self.is_up:
            writing = [self._socket] if self._unsent else []
            left = _AGAIN if self._is_asked else max(0.0, due - time.monotonic())
            readable, _, _ = select.select([self._socket, self._wake], writing, [], left)
            if self._wake in readable and self.is_up:
                os.read(self._wake, 4096)
            with self._lock:
                if self._socket in readable and not self._listen():
                    break
                if self._is_asked:  # under the lock, so that no task ends meanwhile
                    self._is_asked = not self._interrupt()
                self._push()
                if time.monotonic() >= due:
                    due = time.monotonic() + self._beat
                    if self._task:
                        self._send("beat", self._task)
        self._finish()

    def _listen(self) -> bool:
        """Do what the driver says; False when it has hung up."""
        try:
            data = self._socket.recv(4096)
            for frame in self._heard.feed(data):
                self._is_asked |= frame is not None and frame[:2] == ("stop", self._task)
        except BlockingIOError:
            return True
        except (OSError, wire.WireError):
            return False
        return data != b""

    def _finish(self) -> None:
        with self._lock:
            self.is_up = False
        try:
            self._ended()
        finally:
            self._socket.close()
            os.close(self._wake)
            os.close(self._waker)


def dial(address: tuple[str, int], timeout: float = 5.0) -> socket.socket:
    """A connection to the hub.

    Raises:
        Unreachable: when nobody answers there.
    """
    try:
        connection = socket.create_connection(address, timeout)
    except OSError as error:
        raise Unreachable(f"{address[0]}:{address[1]}: {error}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _greet(connection: socket.socket, secret: bytes) -> bytes:
    """Prove oneself and be sure of the other; the key of the connection, which is closed otherwise."""
    try:
        return _greeted(connection, secret)
    except Unreachable:
        connection.close()
        raise


def _greeted(connection: socket.socket, secret: bytes) -> bytes:
    try:
        challenge = _receive(connection, wire.NONCE)
        nonce = os.urandom(wire.NONCE)
        connection.sendall(wire.answer(secret, challenge, nonce))
        expected = wire.proof(secret, challenge, nonce)
        if _receive(connection, len(expected)) != expected:
            raise Unreachable("who answers there is not the driver of this run")
    except OSError as error:
        raise Unreachable(f"the driver's hub did not answer: {error}") from error
    return wire.session_key(secret, challenge, nonce)


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise Unreachable("the driver's hub hung up")
        data += piece
    return data


def _can_travel(record: Any) -> bool:
    try:
        pickle.dumps(record, protocol=5)
    except Exception:  # noqa: BLE001 - whatever a record raises
        return False
    return True
