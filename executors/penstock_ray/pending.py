"""The orders of a batch that have not begun in this worker: taken one by one, or given back.

Owns: who gets an order, the worker's main thread or the driver that wants it back; never both. Must not know
Ray, nor what an order means.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

Order = Sequence[Any]
"""Its first item is the key of the task."""


class Pending:
    """What is left of a batch.

    Args:
        orders: in their order.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._orders = deque(orders)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._orders)

    def take(self) -> Order | None:
        """The next order; None when there is none left."""
        with self._lock:
            return self._orders.popleft() if self._orders else None

    def give_back(self) -> list[str]:
        """The keys of all that are left, which are certain never to begin here."""
        with self._lock:
            keys = [order[0] for order in self._orders]
            self._orders.clear()
            return keys
