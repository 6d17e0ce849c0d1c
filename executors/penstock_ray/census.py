"""The census: which nodes the cluster has, looked at again and again while a run goes on.

Owns: the asking, in a thread of its own. An answer takes Ray's head some milliseconds, and a head that hangs
gives none for a minute: the driver, which has tasks to look after, looks at the last answer instead. Must not
know Ray, nor what nodes are good for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from penstock_ray.feasibility import Node

EVERY = 1.0
"""Seconds between two answers, at the least."""

_PART = 100
_PATIENCE = 2.0


class Census:
    """Knows the nodes of a cluster.

    Args:
        ask: gives those that are alive; may raise whatever it likes.
        every: seconds between two answers; more where an answer takes more than a hundredth of that.

    ``nodes`` is the same object until one comes or goes.

    Raises:
        Exception: what the first question does.
    """

    def __init__(self, ask: Callable[[], Sequence[Node]], every: float = EVERY) -> None:
        self._ask, self._every = ask, every
        self.nodes = _in_order(ask())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="penstock-census", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more; a question that hangs is left to itself. Idempotent."""
        self._ended.set()
        self._thread.join(_PATIENCE)

    def _watch(self) -> None:
        pause = self._every
        while not self._ended.wait(pause):
            began = time.monotonic()
            try:
                nodes = _in_order(self._ask())
            except Exception:  # noqa: BLE001 - any of Ray's: its head is away, and tasks may run on
                nodes = self.nodes
            if nodes != self.nodes:
                self.nodes = nodes
            pause = max(self._every, _PART * (time.monotonic() - began))


def _in_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda one: one.id))
