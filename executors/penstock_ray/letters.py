"""Letters: the line of a worker that cannot dial the driver, through the mailbox of the run.

Owns: ``LetterLine``. What a task tells is collected and put in the mailbox ten times a second, sooner when
much has come together or when a task starts or ends; one letter is under way at a time, so they stay in
order. A call waits in the mailbox for what the driver says. All calls are made by the link's thread: Ray
would take those of the main thread for children of the step, and stop them with it. Must not import Ray: the
handle of the mailbox is enough.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from penstock_ray import wire
from penstock_ray.bell import Bell
from penstock_ray.handshake import Refused, Unreachable
from penstock_ray.readiness import HasDescriptor, sleep_on

PATIENCE = 30.0
"""Seconds in which a mailbox answers; to begin with its process has to start."""

FLUSH = 0.1
MANY = 64
Letter = tuple[bool, bytes]
"""Whether it is needed also when the mailbox is full, and a frame."""


def asked(method: Any, *arguments: Any) -> Future[Any]:
    """Call a method of an actor; never raises, nor waits.

    Args:
        method: of its handle.
        arguments: of the call.

    Returns:
        What it will answer, or the exception that it, or Ray, ends with.
    """
    try:
        return method.remote(*arguments).future()
    except Exception as error:  # noqa: BLE001 - any of Ray's, also of one that has ended
        answer: Future[Any] = Future()
        answer.set_exception(error)
        return answer


class LetterLine:
    """One worker's way through the mailbox; follows ``line.Line``.

    Args:
        mailbox: its handle.
        name: of this line, which nobody else has.
    """

    def __init__(self, mailbox: Any, name: str) -> None:
        self.is_in_step, self.tick, self.waits = True, math.inf, True
        self.unsent = 0
        self._mailbox, self._name = mailbox, name
        self._bell = Bell()
        self._letters: list[Letter] = []
        self._due = math.inf
        self._written = self._carried = self._arrived = 0  # letters so far
        self._arrival = threading.Condition()
        self._is_up = True
        self._put: Future[Any] | None = None
        self._ear = self._call(mailbox.hear)

    @classmethod
    def to(cls, mailbox: Any) -> LetterLine:
        """A line through a mailbox.

        Args:
            mailbox: its handle.

        Raises:
            Refused: when it is gone.
            Unreachable: when it does not answer.
        """
        name = os.urandom(8).hex()
        try:
            asked(mailbox.enter, name).result(PATIENCE)
        except TimeoutError as error:
            raise Unreachable(f"the mailbox did not answer for {PATIENCE:.0f} s") from error
        except Exception as error:
            raise Refused(f"the mailbox is gone: {error}") from error
        return cls(mailbox, name)

    def send(self, payload: bytes, *, urgent: bool, needed: bool) -> bool:
        """Write a letter; what is needed goes at once, since somebody waits for that."""
        del urgent
        if not self._letters:
            self._due = time.monotonic() + FLUSH
        self._letters.append((needed, payload))
        self.unsent += len(payload)
        self._written += 1
        if needed or len(self._letters) >= MANY:
            self._due = 0.0
        if self._due == 0.0 or len(self._letters) == 1:
            self._bell.ring()
        return self._is_up

    def push(self) -> bool:
        """Put in the mailbox what is due, once what was put there before has arrived."""
        if self._put is not None and self._put.done():
            self._note_arrival(self._put)
            self._put = None
        if self._put is None and self._is_up and time.monotonic() >= self._due:
            letters, self._letters, self.unsent, self._due = self._letters, [], 0, math.inf
            self._carried = self._written
            self._put = self._call(self._mailbox.put, letters)
        return self._is_up

    def wait(self, waker: HasDescriptor, seconds: float) -> None:
        """Sleep; what is due has to wait for what is under way, whose arrival rings."""
        left = seconds if self._put is not None else min(seconds, max(0.0, self._due - time.monotonic()))
        sleep_on([self._bell, waker], left)
        self._bell.hush()

    def said(self) -> Sequence[wire.Frame | None] | None:
        """What the driver says."""
        if not self._ear.done():
            return []
        try:
            words = self._ear.result()
        except Exception:  # noqa: BLE001 - any of Ray's: the mailbox is gone, or out of reach
            self._lose()
            return None
        self._ear = self._call(self._mailbox.hear)
        return [wire.unpacked(one) for one in words]

    def settle(self) -> bool:
        """Wait until the mailbox has what was sent so far; not in the link's thread."""
        wanted, until = self._written, time.monotonic() + PATIENCE
        with self._arrival:
            while self._arrived < wanted and self._is_up and time.monotonic() < until:
                self._arrival.wait(FLUSH)
            return self._arrived >= wanted and self._is_up

    def is_whole(self) -> bool:
        """Whether the mailbox was not found to be gone."""
        return self._is_up

    def close(self) -> None:
        """Say that nothing more comes."""
        self._lose()
        asked(self._mailbox.leave, self._name)
        self._bell.close()

    def _call(self, method: Any, *arguments: Any) -> Future[Any]:
        """Ring when it is answered."""
        answer = asked(method, self._name, *arguments)
        answer.add_done_callback(self._bell.ring)
        return answer

    def _note_arrival(self, put: Future[Any]) -> None:
        if put.exception() is not None:
            self._lose()
            return
        with self._arrival:
            self._arrived = self._carried
            self._arrival.notify_all()

    def _lose(self) -> None:
        with self._arrival:
            self._is_up = False
            self._arrival.notify_all()
