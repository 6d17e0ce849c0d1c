"""The event loop that steps share which run side by side in threads of one process.

Owns: its thread and its life: it begins with the first coroutine and ends when the last runner that holds it
closes. Steps on the main thread have a loop of their own, as ``asyncio.run`` gives it. Lazy: asyncio is
imported when a coroutine is run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_LOOK = 0.1
"""Seconds between two moments at which a waiting thread can be interrupted."""


class SharedLoop:
    """One event loop in a thread of its own. Any thread may use it."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._holders = 0
        self._loop: Any = None
        self._thread: threading.Thread | None = None

    @property
    def is_held(self) -> bool:
        """Whether somebody wants steps to share it."""
        return self._holders > 0

    def hold(self) -> Callable[[], None]:
        """Have the loop live until the function that is returned is called."""
        with self._turn:
            self._holders += 1
        return self._let_go

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the loop, in the context of this thread, and wait for it.

        Raises:
            BaseException: what it raised, or what interrupted this thread; the coroutine is canceled then.
        """
        import asyncio  # noqa: PLC0415  # lazy: only async functions pay for it

        future = asyncio.run_coroutine_threadsafe(coroutine, self._started())
        try:
            while True:
                try:
                    return future.result(_LOOK)
                except TimeoutError:
                    if future.done():  # the coroutine's own
                        raise
        except BaseException:
            future.cancel()
            raise

    def _started(self) -> Any:
        import asyncio  # noqa: PLC0415  # lazy: only async functions pay for it

        with self._turn:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="penstock-loop", daemon=True
                )
                self._thread.start()
            return self._loop

    def _let_go(self) -> None:
        with self._turn:
            self._holders -= 1
            if self._holders or self._loop is None:
                return
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        loop.call_soon_threadsafe(loop.stop)
        if thread is not None:
            thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


LOOP = SharedLoop()
"""The one of this process."""
