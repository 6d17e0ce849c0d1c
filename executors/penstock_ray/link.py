"""The link: what connects a worker with the driver.

Owns: heartbeats, passing on what the driver wishes (that a task stops, that others come back), and dialling
again when its line is cut while the driver is still there. A line is a connection to the hub, or letters
through the mailbox. Must not know Ray, nor what records mean.

Telling never waits: what the line does not take is kept and tried again by the link's thread, which also
sends on what the line lets wait, sends heartbeats and notices the end of the run. But a line that would lose
it with this process is waited for at the end of a task, and when the task's own thread tells something: that
is how attempts are counted within a task of several steps.
What the running task told is kept, within bounds, until it ends: over a new connection the driver says how
much it has, and gets the rest. How the tasks before it ended that travelled with it is simply said again.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from attrs import evolve

from penstock.values import frozen
from penstock_ray import wire
from penstock_ray.bell import Bell
from penstock_ray.exits import here
from penstock_ray.handshake import Refused, Unreachable
from penstock_ray.interrupts import send
from penstock_ray.line import Line
from penstock_ray.readiness import sleep_on

__all__ = ["Link", "Unreachable"]

_MOST_KEPT = 16 << 20
_ROOM = 1 << 10  # of a frame beside what it carries
_AGAIN = 0.05
_IDLE = 50
"""Ticks without a task after which the thread rests until there is one."""

_PAUSES = (0.0, 0.1, 0.4, 1.6, 5.0)
"""Seconds before each try to reach the driver again."""


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
        dial: makes a line to the driver, now and when one was cut.
        where: node and pid, for people.
        beat: seconds between heartbeats while a task is running.
        wishes: what to do when the driver wishes something.

    Raises:
        Unreachable: when the driver cannot be reached in this way.
    """

    def __init__(self, dial: Callable[[], Line], where: str, beat: float, wishes: Wishes) -> None:
        self._dial, self._where = dial, where
        self._beat, self._wishes = beat, wishes
        self._line = dial()
        self._lock = threading.Lock()
        self._task = ""
        self._own = 0  # thread of the task
        self._is_asked = False  # to stop it
        self._first = 0  # number of the next record
        self._kept: deque[tuple[int, bytes]] = deque()
        self._kept_bytes = 0
        self._ended: list[bytes] = []
        self._rests = False
        self._is_over = False
        self.is_up = True
        self._bell = Bell()
        self._introduce()
        self._thread = threading.Thread(target=self._watch, name="penstock-link", daemon=True)
        self._thread.start()

    def start(self, task: str) -> bool:
        """A task begins in this process, unless the driver cannot be told: False then, and it must not.

        What is said now and was said before has to be where it outlives this process, whatever becomes of
        that: so a driver that has not heard of a task knows that it never began.
        """
        self._line.settle()
        with self._lock:
            self._task, self._first = task, 0
            self._own = threading.get_ident()
            self._forget()
            self._line.is_in_step = True
            if self.is_up and not self._line.is_whole():
                self._lose()
            self._say("start", task, urgent=False)
            if self._rests:
                self._rests = False
                self._bell.ring()
        is_known = False
        try:
            is_known = self._line.settle() and self.is_up
        finally:
            if not is_known:
                self._task = ""
        return is_known

    def tell(self, record: Any) -> None:
        """A record of the running task; from any thread, never raises, never waits long."""
        is_own = threading.get_ident() == self._own
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
                self._send(payload, urgent=False, needed=is_own)
            line = self._line
        if is_own and line.waits:
            line.settle()

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
            line = self._line
        return (not line.waits or line.settle()) and fits

    def rest(self, left: list[str]) -> None:
        """No further task begins for now.

        Args:
            left: tasks that are given back.
        """
        with self._lock:
            self._ended.clear()
            if left:
                self._say("back", "", 0, left)

    def part(self) -> None:
        """This process is about to end."""
        self._say("bye", "")
        self._line.settle()

    def close(self) -> None:
        """Hang up, and say to nobody that the run has ended. Idempotent."""
        with self._lock:
            self._wishes = evolve(self._wishes, end=_nothing)
            if not self._is_over:
                self._is_over, self.is_up = True, False
                self._bell.ring()

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
        payload = wire.packed((kind, task, first, more or ()))
        return self.is_up and self._send(payload, urgent=urgent, needed=kind != "beat")

    def _send(self, payload: bytes, *, urgent: bool = True, needed: bool = True) -> bool:
        """Whether a frame goes out, now or later."""
        line = self._line
        if line.unsent > _MOST_KEPT:
            return False  # the outcome repeats it
        is_behind = bool(line.unsent)
        if not line.send(payload, urgent=urgent, needed=needed):
            self._lose()
        elif line.unsent and not is_behind:
            self._bell.ring()  # the thread has to wait for the line as well
        return self.is_up

    def _lose(self) -> None:
        if self.is_up:
            self.is_up = False
            self._bell.ring()

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
            self._line.close()
            self._bell.close()

    def _serve(self) -> None:
        due = time.monotonic() + self._beat
        idle = 0
        while self.is_up:
            line = self._line
            left = max(0.0, due - time.monotonic())
            if not self._rests:
                left = min(left, _AGAIN if self._is_asked else line.tick)
            line.wait(self._bell, left)
            self._bell.hush()
            with self._lock:
                if not self._listen() or not line.push():
                    self.is_up = False
                if self._is_asked:  # under the lock, so that no task ends meanwhile
                    self._is_asked = not self._wishes.interrupt()
                idle = 0 if self._task else idle + 1
                self._rests = idle > _IDLE
                if time.monotonic() >= due:
                    due = time.monotonic() + self._beat
                    if self._task:
                        self._say("beat", self._task)

    def _listen(self) -> bool:
        """Do what the driver says; False when the line has ended."""
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
        """Whether the driver is reached again; who refuses is not there any more."""
        for pause in _PAUSES:
            if pause and sleep_on([self._bell], pause):
                self._bell.hush()
            if self._is_over:
                return False
            try:
                line = self._dial()
            except Refused:
                return False
            except Unreachable:
                continue
            return self._take_up(line)
        return False

    def _take_up(self, line: Line) -> bool:
        """Go on over a new line."""
        with self._lock:
            if self._is_over:
                line.close()
                return False
            self._line.close()
            self._line, self.is_up = line, True
            self._introduce()
            for payload in self._ended:
                self._send(payload)
            if self._task:
                line.is_in_step = False
                self._say("again", self._task, self._first)
            return True
