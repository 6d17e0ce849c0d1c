"""Step timeouts inside this process.

Owns: interrupting user code after so many seconds: by a timer signal on the main thread, else by
raising in the thread. Code that never returns to the interpreter can only be killed by an
executor that runs it in another process.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator
from typing import Any

from penstock.errors import StepTimeoutError
from penstock.stopping import put_right, raise_in

_AT_ONCE = 1e-6
_NO_LIMIT: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def limit(seconds: float | None, key: str) -> contextlib.AbstractContextManager[None]:
    """A context that ends with ``StepTimeoutError`` when it lasts too long.

    Args:
        seconds: the limit; None for none, which costs nothing.
        key: of the step, for the message.
    """
    if seconds is None:
        return _NO_LIMIT
    message = f"Step {key!r} ran longer than its timeout of {seconds:g} s and was stopped."
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _by_signal(seconds, message)
    return _by_thread(seconds, message)


@contextlib.contextmanager
def _by_signal(seconds: float, message: str) -> Generator[None]:
    rang = is_off = False

    def stop(_number: int, _frame: Any) -> None:
        nonlocal rang
        if not (rang or is_off):  # else it rang while this was being put away
            rang = True
            raise StepTimeoutError(message)

    # The alarm of a step around this one falls silent first: were it to ring from here on, it would be taken
    # for this one's. Each line may be the one at which this one's rings: what was there before comes back all
    # the same, since it rings once, and not any more where everything is put back.
    began = time.monotonic()
    outer, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            is_off = True
        if rang:  # the step caught the error and went on
            raise StepTimeoutError(message)
    finally:
        is_off = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:  # a step around this one has a limit too; if that is over by now, it rings at once
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - began), _AT_ONCE))


@contextlib.contextmanager
def _by_thread(seconds: float, message: str) -> Generator[None]:
    thread = threading.get_ident()
    alarm = _Alarm()

    def stop() -> None:
        with alarm.lock:
            if not alarm.is_off:
                alarm.rang = True
                raise_in(thread, StepTimeoutError)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        timer.start()  # it may ring before this comes back
        yield
        alarm.turn_off()
    except StepTimeoutError:
        alarm.turn_off()
        if not alarm.rang:
            raise
        raise StepTimeoutError(message) from None
    finally:
        alarm.turn_off()
        timer.cancel()
    if alarm.rang:  # the step caught the error, or ended at the same moment
        raise StepTimeoutError(message)


class _Alarm:
    """Whether the time is up, and whether anybody still wants to know."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rang = False
        self.is_off = False

    def turn_off(self) -> None:
        """From now on nothing is raised; what was, but has not come through, is taken back."""
        with self.lock:
            if self.rang and not self.is_off:
                put_right()
            self.is_off = True
