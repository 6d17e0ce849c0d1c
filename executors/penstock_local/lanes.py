"""The worker for tasks that mostly wait: many at once, each in a thread, in one process.

Owns: the threads, and stopping a task in one of them. Nothing can stop a thread that does not come back to
Python; the driver waits as long as it wants and then replaces the whole worker. The main thread only
listens. Must not know assets.
"""

from __future__ import annotations

import pickle
import queue
import threading
from typing import Any

from penstock.stopping import put_right, raise_in
from penstock_local.bench import Bench, Errand


class Lanes:
    """Tasks side by side.

    Args:
        bench: what the worker works with.
        threads: how many at once; the driver keeps to it.
    """

    def __init__(self, bench: Bench, threads: int) -> None:
        self._bench = bench
        self._lanes: list[_Lane | None] = [None] * threads

    def serve(self) -> None:
        """Listen until told to stop.

        Raises:
            EOFError: when the driver is gone.
        """
        while True:
            for data in self._bench.channel.receive():
                what, errand = pickle.loads(data)
                if what == "quit":
                    return
                lane = self._lane(errand.slot)
                if what == "stop":
                    lane.stop(errand.number)
                else:
                    lane.work.put(errand)

    def _lane(self, slot: int) -> _Lane:
        found = self._lanes[slot]
        if found is None:
            found = self._lanes[slot] = _Lane(self._bench, slot)
        return found


class _Lane:
    """One thread, and the task in it."""

    def __init__(self, bench: Bench, slot: int) -> None:
        self.work: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        self._bench = bench
        self._lock = threading.Lock()
        self._running = self._stopped = 0
        self._thread = threading.Thread(target=self._serve, name=f"penstock-lane-{slot}", daemon=True)
        self._thread.start()

    def stop(self, number: int) -> None:
        """Raise ``KeyboardInterrupt`` in the thread if this task is in it, or will be."""
        with self._lock:
            self._stopped = number
            if self._running == number:
                raise_in(self._thread.ident or 0, KeyboardInterrupt)

    def _serve(self) -> None:
        while True:
            self._bench.tell(*self._answer(self.work.get()))

    def _answer(self, errand: Errand) -> tuple[Any, ...]:
        number = errand.number
        answer: tuple[Any, ...] = "interrupted", number
        with self._lock:
            if self._stopped == number:
                return "skipped", number
            self._bench.ledger.begin(errand.slot, number)
            self._running = number
        try:
            try:
                answer = self._bench.carry_out(errand)
            except BaseException as error:  # noqa: BLE001 - the driver is told; the worker goes on
                answer = self._bench.end_of(number, error)
            self._settle()
        except KeyboardInterrupt:  # it came through at the last moment
            self._settle()
        return answer

    def _settle(self) -> None:
        """From here on nothing is raised in the thread; what was, but has not come through, is taken back."""
        with self._lock:
            if self._stopped == self._running:
                put_right()
            self._running = 0
