"""Step timeouts inside this process.

Owns: interrupting user code after so many seconds: by a timer signal on the main thread, else by
raising in the thread. Code that never returns to the interpreter can only be killed by an
executor that runs it in another process.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator
from typing import Any

from penstock.errors import StepTimeoutError

_NO_LIMIT: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def limit(seconds: float | None, key: str) -> contextlib.AbstractContextManager[None]:
    """A context that ends with ``StepTimeoutError`` when it lasts too long.

    Args:
        seconds: the limit; None for none, which costs nothing.
        key: of the step, for the message.
    """
    if seconds is None:
        return _NO_LIMIT
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _by_signal(seconds, key)
    return _by_thread(seconds, key)


def _message(seconds: float, key: str) -> str:
    return f"Step {key!r} ran longer than its timeout of {seconds:g} s and was stopped."


@contextlib.contextmanager
def _by_signal(seconds: float, key: str) -> Generator[None]:
    def stop(_number: int, _frame: Any) -> None:
        raise StepTimeoutError(_message(seconds, key))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _by_thread(seconds: float, key: str) -> Generator[None]:
    thread = threading.get_ident()
    fired = threading.Event()

    def stop() -> None:
        fired.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(StepTimeoutError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except StepTimeoutError:
        if not fired.is_set():
            raise
        raise StepTimeoutError(_message(seconds, key)) from None
    finally:
        timer.cancel()
        timer.join()
