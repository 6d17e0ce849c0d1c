"""Lines: how what happens in a worker goes to the driver.

Owns: ``Line``, what a link wants of one, and the line that it has where it can: a connection to the hub. The
other is ``letters``'. Must not know Ray, nor what records mean.

Over a connection everything goes to the kernel at once, because what happened just before a crash is what
people want to know: the kernel sends what it has when this process dies. But it lets a frame that follows
another closely wait a moment for more, since waking the driver for each costs more than a short step;
whatever the driver has nothing else to do before it knows is sent without delay.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from typing import Any, Protocol

from attrs import define, field

from penstock_ray import wire
from penstock_ray.handshake import dial
from penstock_ray.readiness import HasDescriptor, sleep_on

_MORE = getattr(socket, "MSG_MORE", 0)  # of Linux; elsewhere nothing waits
_GONE = getattr(select, "POLLRDHUP", 0)  # a fault is told in any case
_FULL = 0.002
_CLOSE = 0.005
_TICK = 0.02
"""Seconds within which a frame follows another closely, and after which one that waits is sent on."""


class Line(Protocol):
    """A way to the driver, used under the lock of its link save for ``wait`` and ``settle``.

    ``is_in_step`` is False until the driver has said what it has of the running task; ``tick`` says how many
    seconds may go by between two pushes while a task runs, ``waits`` whether what is sent would be lost with
    this process unless somebody waits for it.
    """

    is_in_step: bool
    tick: float
    waits: bool

    @property
    def unsent(self) -> int:
        """Bytes that wait."""
        ...

    def send(self, payload: bytes, *, urgent: bool, needed: bool) -> bool:
        """Take a frame to be sent, now or later.

        Args:
            payload: of ``wire.packed``.
            urgent: the driver has nothing else to do before it knows.
            needed: not to be lost with this process, nor left out.

        Returns:
            False when the line has ended.
        """
        ...

    def push(self) -> bool:
        """Go on with what waits; False when the line has ended."""
        ...

    def wait(self, waker: HasDescriptor, seconds: float) -> None:
        """Sleep until there is something to do, the waker is ready, or the time is up."""
        ...

    def said(self) -> Sequence[wire.Frame | None] | None:
        """What the driver has said since; None when the line has ended."""
        ...

    def settle(self) -> bool:
        """Wait until all that was sent outlives this process; False when the line has ended before."""
        ...

    def is_whole(self) -> bool:
        """Whether nothing says that the other end is gone."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@define(eq=False)
class SocketLine:
    """One connection to the hub.

    Args:
        socket: not blocking.
        key: signs what goes out.
        heard: opens what comes in.

    ``pushed`` is when the kernel was last told to send, ``is_corked`` whether it lets something wait.
    """

    socket: Any
    key: bytes
    heard: wire.Decoder
    is_in_step: bool = True
    tick: float = _TICK
    waits: bool = False
    is_open: bool = True
    pushed: float = 0.0
    is_corked: bool = False
    _unsent: bytearray = field(factory=bytearray)
    _number: int = 0

    @classmethod
    def to(cls, address: tuple[str, int], secret: bytes) -> SocketLine:
        """A line to the hub.

        Raises:
            Unreachable: when it cannot be reached.
        """
        connection, key = dial(address, secret)
        connection.setblocking(False)
        return cls(connection, key, wire.Decoder(wire.return_key(key)))

    @property
    def unsent(self) -> int:
        """Bytes that the kernel did not take."""
        return len(self._unsent)

    def send(self, payload: bytes, *, urgent: bool, needed: bool) -> bool:
        """Give it to the kernel, which loses nothing with this process."""
        del needed
        self._unsent += wire.sealed(self.key, self._number, payload)
        self._number += 1
        return self._flush(urgent=urgent)

    def push(self) -> bool:
        """What the kernel did not take, or lets wait."""
        if self._unsent:
            return self._flush(urgent=True)
        return self._uncork() if self.is_corked and time.monotonic() > self.pushed + _CLOSE else True

    def wait(self, waker: HasDescriptor, seconds: float) -> None:
        """Sleep."""
        sleep_on([self.socket, waker], seconds, [self.socket] if self._unsent else [])

    def said(self) -> list[wire.Frame | None] | None:
        """What the driver says."""
        try:
            data = self.socket.recv(4096)
            frames = self.heard.feed(data) if data else None
        except BlockingIOError:
            return []
        except (OSError, wire.WireError):
            frames = None
        self.is_open = frames is not None
        return frames

    def settle(self) -> bool:
        """Wait until the kernel has everything."""
        while self.is_open and self._unsent:  # the driver does not listen just now
            time.sleep(_FULL)
        return self.is_open

    def is_whole(self) -> bool:
        """Whether nothing says that the other end is gone."""
        asked = select.poll()
        asked.register(self.socket, _GONE)
        return not asked.poll(0)

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        self.socket.close()

    def _flush(self, *, urgent: bool) -> bool:
        """Give the kernel what it takes now; False when the connection has ended."""
        now = time.monotonic()
        self.is_corked = bool(_MORE) and not urgent and now < self.pushed + _CLOSE
        if not self.is_corked:
            self.pushed = now
        try:
            while self._unsent:
                del self._unsent[: self.socket.send(self._unsent, _MORE if self.is_corked else 0)]
        except BlockingIOError:
            return True
        except OSError:
            self.is_open = False
        return self.is_open

    def _uncork(self) -> bool:
        """Send on what waits in the kernel; False when the connection has ended."""
        self.is_corked = False
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.is_open = False
        return self.is_open
