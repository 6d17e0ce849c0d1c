"""What is said to a worker about a task, and what it answers: orders and control records.

Owns: both, and their bytes, which Ray and the hub pass on without looking inside. Must not know Ray.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from penstock.values import frozen

_NO_VALUES: Mapping[str, bytes] = {}

Way = Literal["hub", "mailbox", "none"]
"""How a task tells what happens: over the hub; through the mailbox, whose handle comes behind the values,
where its worker has no connection to the hub; or not at all, unless its worker happens to have a way."""

PlainOrder = tuple[str, Any, Mapping[str, bytes], tuple[str, ...], tuple[str, ...] | None, Way]
"""The fields of an order, which is how workers use it: no class has to be made again for each task."""


@frozen(kw_only=True)
class Order:
    """One task as it is sent.

    Args:
        key: of the task.
        body: for the runner.
        given: small values by name.
        names: of the values that Ray brings, in their order.
        hands: of the values to give back; None when the task decides.
        way: how it tells what happens; it is not to begin before the driver is sure to hear of that.
    """

    key: str
    body: Any
    given: Mapping[str, bytes] = _NO_VALUES
    names: tuple[str, ...] = ()
    hands: tuple[str, ...] | None = ()
    way: Way = "hub"

    def plain(self) -> PlainOrder:
        """Its fields."""
        return self.key, self.body, self.given, self.names, self.hands, self.way


def encoded(orders: Iterable[Order]) -> bytes:
    """The orders of a batch."""
    return pickle.dumps([one.plain() for one in orders], protocol=5)


def plain_orders(data: bytes) -> list[PlainOrder]:
    """The orders of a batch, as ``Order.plain`` gave them."""
    return pickle.loads(data)


End = Literal["done", "fault", "unreached"]


@frozen(kw_only=True)
class Control:
    """How a task ended, for the driver.

    Args:
        end: ``done``; ``fault`` when the machinery failed; ``unreached`` when it never began.
        record: of the engine.
        handed: names of the values that it handed on, in their order.
        along: the small ones of them; the others follow by Ray, in their order.
        seconds: that it took.
        reason: of a fault.
    """

    end: End
    record: Any = None
    handed: tuple[str, ...] = ()
    along: Mapping[str, bytes] = _NO_VALUES
    seconds: float = 0.0
    reason: str = ""

    @property
    def by_ray(self) -> list[str]:
        """Names of the values that do not go along."""
        return [name for name in self.handed if name not in self.along]

    def encoded(self) -> bytes:
        """As bytes."""
        plain = (self.end, self.record, self.handed, self.along, self.seconds, self.reason)
        return pickle.dumps(plain, protocol=5)


def decoded(data: bytes) -> Control:
    """A control record from its bytes; of a fault when they hold what cannot be made here."""
    try:
        end, record, handed, along, seconds, reason = pickle.loads(data)
    except Exception as error:  # noqa: BLE001 - whatever a class raises while it is made again
        return Control(end="fault", reason=f"What it told of its end cannot be read: {error!r}")
    return Control(end=end, record=record, handed=handed, along=along, seconds=seconds, reason=reason)


def answer(controls: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    """What a task of Ray gives back first: the control record of each task that began, by its key."""
    return pickle.dumps(dict(controls), protocol=5)


def answered(data: bytes) -> dict[str, bytes]:
    """The control records of a batch by key; tasks that are not there never began."""
    return pickle.loads(data)
