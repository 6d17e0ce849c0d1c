"""The link: a worker's connection to the hub in the driver.

Owns: heartbeats, passing on what the driver wishes (that a task stops, that others come back), and dialling
again when the connection is cut while the hub is still there. Must not know Ray, nor what records mean.

Everything goes to the kernel at once, because what happened just before a crash is what people want to know:
the kernel sends what it has when this process dies. But it lets a frame that follows another closely wait a
moment for more, since waking the driver for each costs more than a short step; whatever the driver has
nothing else to do before it knows is sent without delay. Sending never waits: what the kernel does not take
is kept and tried again by the link's thread, which also sends on what waits, sends heartbeats and notices
the end of the run.
What the running task told is kept, within bounds, until it ends: over a new connection the driver says how
much it has, and gets the rest. How the tasks before it ended that travelled with it is simply said again.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from attrs import define, evolve, field

from penstock.values import frozen
from penstock_ray import wire
from penstock_ray.exits import here
from penstock_ray.handshake import Refused, Unreachable, dial
from penstock_ray.interrupts import send

__all__ = ["Link", "Unreachable"]

_MOST_KEPT = 16 << 20
_ROOM = 1 << 10  # of a frame beside what it carries
_AGAIN = 0.05
_MORE = getattr(socket, "MSG_MORE", 0)  # of Linux; elsewhere nothing waits
_GONE = getattr(select, "POLLRDHUP", 0)  # a fault is told in any case
_FULL = 0.002
_CLOSE = 0.005
_TICK = 0.02
"""Seconds within which a frame follows another closely, and after which one that waits is sent on."""

_IDLE = 50
"""Ticks without a task after which the thread rests until there is one."""

_PAUSES = (0.0, 0.1, 0.4, 1.6, 5.0)
"""Seconds before each try to reach the hub again."""


@define(eq=False)
class _Line:
    """One connection.

    Args:
        socket: not blocking.
        key: signs what goes out.
        unsent: what the kernel did not take.
        number: of the next frame.
        is_in_step: False until the driver has said what it has of the running task.
        pushed: when the kernel was last told to send.
        is_corked: whether the kernel lets something wait.
    """

    socket: Any
    key: bytes
    heard: wire.Decoder
    unsent: bytearray = field(factory=bytearray)
    number: int = 0
    is_in_step: bool = True
    pushed: float = 0.0
    is_corked: bool = False

    @classmethod
    def to(cls, address: tuple[str, int], secret: bytes) -> _Line:
        connection, key = dial(address, secret)
        connection.setblocking(False)
        return cls(connection, key, wire.Decoder(wire.return_key(key)))

    def push(self, *, urgent: bool = True) -> bool:
        """Give the kernel what it takes now; False when the connection has ended.

        Args:
            urgent: to be sent even when it follows closely on something else.
        """
        now = time.monotonic()
        self.is_corked = bool(_MORE) and not urgent and now < self.pushed + _CLOSE
        if not self.is_corked:
            self.pushed = now
        try:
            while self.unsent:
                del self.unsent[: self.socket.send(self.unsent, _MORE if self.is_corked else 0)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def uncork(self) -> bool:
        """Send on what waits in the kernel; False when the connection has ended."""
        self.is_corked = False
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            return False
        return True

    def is_whole(self) -> bool:
        """Whether nothing says that the other end is gone."""
        asked = select.poll()
        asked.register(self.socket, _GONE)
        return not asked.poll(0)

    def said(self) -> list[wire.Frame | None] | None:
        """What the driver says; None when the connection has ended."""
        try:
            data = self.socket.recv(4096)
            return self.heard.feed(data) if data else None
        except BlockingIOError:
            return []
        except (OSError, wire.WireError):
            return None


def _nothing() -> None:
    """Nobody wants to know."""


def _none_left() -> list[str]:
    return []


@frozen(kw_only=True)
class Wishes:
    """What to do when the driver wishes something; called by the link's thread.

    Args:
        end: the driver has ended the run, or cannot be reached any more.
        interrupt: the task that runs is to stop; called again until it says True.
        give_back: tasks that have not begun are to come back; gives their keys.
    """

    end: Callable[[], None] = _nothing
    interrupt: Callable[[], bool] = send
    give_back: Callable[[], list[str]] = _none_left


class Link:
    """Tells the driver what happens in this process.

    Args:
        address: of the hub.
        secret: of the run.
        where: node and pid, for people.
        beat: seconds between heartbeats while a task is running.
        wishes: what to do when the driver wishes something.

    Raises:
        Unreachable: when the hub cannot be reached.
    """

    def __init__(
        self, address: tuple[str, int], secret: bytes, where: str, beat: float, wishes: Wishes
    ) -> None:
        self._address, self._secret, self._where = address, secret, where
        self._beat, self._wishes = beat, wishes
        self._line = _Line.to(address, secret)
        self._lock = threading.Lock()
        self._task = ""
        self._is_asked = False  # to stop it
        self._first = 0  # number of the next record
        self._kept: deque[tuple[int, bytes]] = deque()
        self._kept_bytes = 0
        self._ended: list[bytes] = []
        self._rests = False
        self._is_over = False
        self.is_up = True
        self._wake, self._waker = os.pipe()
        self._introduce()
        self._thread = threading.Thread(target=self._watch, name="penstock-link", daemon=True)
        self._thread.start()

    def start(self, task: str) -> bool:
        """A task begins in this process, unless the driver cannot be told: False then, and it must not.

        What is said now and was said before has to be with the kernel, which sends it whatever becomes of
        this process: so a driver that has not heard of a task knows that it never began.
        """
        self._wait_until_sent()
        with self._lock:
            self._task, self._first = task, 0
            self._forget()
            self._line.is_in_step = True
            if self.is_up and not self._line.is_whole():
                self._lose()
            self._say("start", task, urgent=False)
            if self._rests:
                self._rests = False
                os.write(self._waker, b"!")
        self._wait_until_sent()
        with self._lock:
            if not self.is_up:
                self._task = ""
            return self.is_up

    def tell(self, record: Any) -> None:
        """A record of the running task; from any thread, never raises, never waits."""
        with self._lock:
            if self._is_over or not self._task:
                return
            first, self._first = self._first, self._first + 1
            try:
                payload = wire.packed(("told", self._task, first, [record]))
            except Exception:  # noqa: BLE001 - whatever a record raises while it is pickled
                payload = wire.packed(("told", self._task, first, []))
            if len(payload) > wire.LARGEST:
                return  # the outcome repeats it
            self._keep(first, payload)
            if self.is_up and self._line.is_in_step:
                self._send(payload, urgent=False)

    def end(self, control: bytes = b"", *, goes_on: bool = False) -> bool:
        """The task ends.

        Args:
            control: its control record, when nothing else is to follow; Ray brings it as well.
            goes_on: whether another task begins at once.

        Returns:
            Whether the driver has its control record by this.
        """
        fits = 0 < len(control) < wire.LARGEST - _ROOM
        with self._lock:
            if fits:
                self._ended.append(wire.packed(("done", self._task, 0, [control])))
                fits = self.is_up and self._send(self._ended[-1], urgent=not goes_on)
            else:
                self._say("end", self._task)
            self._task, self._is_asked = "", False
            self._forget()
        return fits

    def rest(self, left: list[str]) -> None:
        """No further task begins for now.

        Args:
            left: tasks that are given back.
        """
        with self._lock:
            self._ended.clear()
            if left:
                self._say("back", "", 0, left)

    def close(self) -> None:
        """Hang up, and say to nobody that the run has ended. Idempotent."""
        with self._lock:
            self._wishes = evolve(self._wishes, end=_nothing)
            if not self._is_over:
                self._is_over, self.is_up = True, False
                os.write(self._waker, b"!")

    # ---- out ----------------------------------------------------------------------------------

    def _introduce(self) -> None:
        self._say("hello", self._where, os.getpid(), [here()])

    def _say(
        self,
        kind: wire.Kind,
        task: str,
        first: int = 0,
        more: list[Any] | None = None,
        *,
        urgent: bool = True,
    ) -> bool:
        return self.is_up and self._send(wire.packed((kind, task, first, more or ())), urgent=urgent)

    def _send(self, payload: bytes, *, urgent: bool = True) -> bool:
        """Whether a frame goes out, now or later."""
        line = self._line
        if len(line.unsent) > _MOST_KEPT:
            return False  # the outcome repeats it
        is_behind = bool(line.unsent)
        line.unsent += wire.sealed(line.key, line.number, payload)
        line.number += 1
        if not line.push(urgent=urgent):
            self._lose()
        elif line.unsent and not is_behind:
            os.write(self._waker, b"!")  # the thread has to wait for the kernel as well
        return self.is_up

    def _wait_until_sent(self) -> None:
        """Wait until the kernel has everything, or the connection has ended."""
        while self.is_up and self._line.unsent:  # the driver does not listen just now
            time.sleep(_FULL)

    def _lose(self) -> None:
        if self.is_up:
            self.is_up = False
            os.write(self._waker, b"!")

    def _keep(self, first: int, payload: bytes) -> None:
        self._kept.append((first, payload))
        self._kept_bytes += len(payload)
        while self._kept_bytes > _MOST_KEPT:
            self._kept_bytes -= len(self._kept.popleft()[1])

    def _forget(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0

    # ---- the thread ---------------------------------------------------------------------------

    def _watch(self) -> None:
        """Late flushes, heartbeats, what the driver says, and the end of the run."""
        self._serve()
        while not self._is_over and self._dial_again():
            self._serve()
        with self._lock:
            self._is_over, self.is_up = True, False
        try:
            self._wishes.end()
        finally:
            self._line.socket.close()
            os.close(self._wake)
            os.close(self._waker)

    def _serve(self) -> None:
        due = time.monotonic() + self._beat
        idle = 0
        while self.is_up:
            line = self._line
            left = max(0.0, due - time.monotonic())
            readable, _, _ = select.select(
                [line.socket, self._wake],
                [line.socket] if line.unsent else [],
                [],
                left if self._rests else min(left, _AGAIN if self._is_asked else _TICK),
            )
            if self._wake in readable:
                os.read(self._wake, 4096)
            with self._lock:
                if (line.socket in readable and not self._listen()) or not self._send_on(line):
                    self.is_up = False
                if self._is_asked:  # under the lock, so that no task ends meanwhile
                    self._is_asked = not self._wishes.interrupt()
                idle = 0 if self._task else idle + 1
                self._rests = idle > _IDLE
                if time.monotonic() >= due:
                    due = time.monotonic() + self._beat
                    if self._task:
                        self._say("beat", self._task)

    def _send_on(self, line: _Line) -> bool:
        """What the kernel did not take, or lets wait; False when the connection has ended."""
        if line.unsent:
            return line.push()
        return line.uncork() if line.is_corked and time.monotonic() > line.pushed + _CLOSE else True

    def _listen(self) -> bool:
        """Do what the driver says; False when the connection has ended."""
        frames = self._line.said()
        for kind, task, first, _ in filter(None, frames or ()):
            if kind == "bye":
                self._is_over, self.is_up = True, False
            elif task == self._task and kind == "stop":
                self._is_asked = True
            elif task == self._task and kind == "recall":
                self._say("back", "", 0, self._wishes.give_back())
            elif task == self._task and kind == "seen" and not self._line.is_in_step:
                self._line.is_in_step = True
                for payload in [one for number, one in self._kept if number >= first]:
                    self._send(payload)
        return frames is not None

    def _dial_again(self) -> bool:
        """Whether the hub is reached again; who refuses is no hub any more."""
        for pause in _PAUSES:
            if pause and select.select([self._wake], [], [], pause)[0]:
                os.read(self._wake, 4096)
            if self._is_over:
                return False
            try:
                line = _Line.to(self._address, self._secret)
            except Refused:
                return False
            except Unreachable:
                continue
            return self._take_up(line)
        return False

    def _take_up(self, line: _Line) -> bool:
        """Go on over a new connection."""
        with self._lock:
            if self._is_over:
                line.socket.close()
                return False
            self._line.socket.close()
            self._line, self.is_up = line, True
            self._introduce()
            for payload in self._ended:
                self._send(payload)
            if self._task:
                line.is_in_step = False
                self._say("again", self._task, self._first)
            return True
