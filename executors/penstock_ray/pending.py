"""The orders of a batch that have not begun in this worker: taken one by one, or given back.

Owns: who gets an order, the worker's main thread or the driver that wants it back; never both. Must not know
Ray, nor what an order means.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

Order = TypeVar("Order", bound=Sequence[Any])
"""Its first item is the key of the task."""


class Pending(Generic[Order]):
    """What is left of a batch.

    Args:
        orders: in their order.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._orders = deque(orders)
        self._given_back: list[str] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._orders)

    def take(self) -> Order | None:
        """The next order; None when there is none left."""
        with self._lock:
            return self._orders.popleft() if self._orders else None

    def give_back(self) -> list[str]:
        """The keys of all that are certain never to begin here: what is left, and what was given back before.

        Who asks twice may not have heard the first answer.
        """
        with self._lock:
            self._given_back += [order[0] for order in self._orders]
            self._orders.clear()
            return list(self._given_back)
