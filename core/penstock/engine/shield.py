"""The shield: interrupts wait while the main thread holds what must not be torn.

Owns: standing before the handlers of SIGINT and SIGTERM, and calling them when the shield is down again.
An interrupt raised between the taking of a lock and the block that gives it back would leave it taken
for ever. Does nothing outside of the main thread, where Python handles no signals.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 3
"""Signals in a row that get through a shield that stays up."""


class Shield:
    """Delays interrupts between ``with`` and its end; up as often as it is entered."""

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._depth = self._seen = 0
        self._waiting: int | None = None
        self._owner: int | None = None
        self.is_over = False

    def install(self) -> None:
        """Stand before the handlers; idempotent. Nothing happens outside of the main thread."""
        self.is_over = False
        if self._before or threading.current_thread() is not threading.main_thread():
            return
        self._owner = threading.get_ident()
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._before[number] = handler
                signal.signal(number, self._handle)

    def remove(self) -> None:
        """Put the handlers back; idempotent.

        Where somebody else stands before them meanwhile, signals are passed on: until that goes, when it is
        a shield, else for ever after.
        """
        if threading.get_ident() != self._owner:
            return
        self.is_over = True
        for number, handler in list(self._before.items()):
            if signal.getsignal(number) == self._handle:
                signal.signal(number, handler)
                del self._before[number]
                below = getattr(handler, "__self__", None)
                if isinstance(below, Shield) and below.is_over:
                    below.remove()

    def __enter__(self) -> Self:
        if threading.get_ident() == self._owner:  # others hold no signals up
            self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.get_ident() != self._owner or not self._depth:
            return
        self._depth -= 1
        if not self._depth and self._waiting is not None:
            number, self._waiting, self._seen = self._waiting, None, 0
            self._pass_on(number, None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._seen = self._seen + 1 if self._depth else 0
        if self._depth and self._seen < _PATIENCE:
            self._waiting = number
        else:
            self._pass_on(number, frame)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        handler = self._before.get(number)
        if handler is not None:
            handler(number, frame)
