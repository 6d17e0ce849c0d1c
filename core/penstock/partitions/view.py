"""From where partitions are looked at: which moment counts as now, and where dynamic keys are kept.

Owns: ``View``, ``partition_loading_context`` and ``DynamicPartitionsStore``. Lazy on purpose: this room has
no clock. When nobody says what time it is, the host's clock is asked through a late-bound name, imported
when it is first used.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from importlib import import_module
from typing import Protocol

from attrs import field

from penstock.errors import InvalidInvocationError
from penstock.values import frozen

_CLOCK = "penstock.host.clock"


class DynamicPartitionsStore(Protocol):
    """Who knows the keys of dynamic partitions; an ``Instance`` does."""

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """The keys of a dynamic set, in order of insertion."""
        ...

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key is in a dynamic set."""
        ...


@frozen
class DynamicKeys:
    """Dynamic partitions as they were at one moment: a store that never changes and can be pickled.

    Args:
        keys: name of each dynamic set → its keys in order.
    """

    keys: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """The keys of a dynamic set, in order of insertion."""
        return self.keys.get(partitions_def_name, ())

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key is in a dynamic set."""
        return partition_key in self.keys.get(partitions_def_name, ())


@frozen
class View:
    """What the answer to "which partitions are there" depends on, besides their definition.

    Args:
        effective_dt: the moment that counts as now, with a time zone; None asks the clock.
        dynamic_partitions_store: knows the keys of dynamic partitions.
    """

    effective_dt: datetime | None = None
    dynamic_partitions_store: DynamicPartitionsStore | None = None

    def moment(self) -> int:
        """What counts as now, in whole seconds since 1970 UTC.

        Raises:
            InvalidInvocationError: when it was given without a time zone.
        """
        if self.effective_dt is None:
            return int(import_module(_CLOCK).now().timestamp())
        if self.effective_dt.tzinfo is None:
            raise InvalidInvocationError(
                f"The current time {self.effective_dt.isoformat()} has no time zone."
                " Pass a datetime with tzinfo."
            )
        return int(self.effective_dt.timestamp() // 1)

    def dynamic_keys(self, name: str) -> Sequence[str]:
        """The keys of a dynamic set, in order of insertion.

        Raises:
            InvalidInvocationError: when nobody is there to ask.
        """
        return self.store_of(name).get_dynamic_partitions(name)

    def store_of(self, name: str) -> DynamicPartitionsStore:
        """Who knows the keys of a dynamic set.

        Raises:
            InvalidInvocationError: when nobody is there to ask.
        """
        if self.dynamic_partitions_store is None:
            raise InvalidInvocationError(
                f"The keys of the dynamic partitions {name!r} are kept by an instance, and none was given."
                " Pass dynamic_partitions_store=instance, or ask inside partition_loading_context()."
            )
        return self.dynamic_partitions_store


_AMBIENT: ContextVar[View | None] = ContextVar("penstock_partitions_view", default=None)


def view_of(
    current_time: datetime | None = None, dynamic_partitions_store: DynamicPartitionsStore | None = None
) -> View:
    """What was given, and for the rest what holds around.

    Args:
        current_time: the moment that counts as now, with a time zone.
        dynamic_partitions_store: knows the keys of dynamic partitions.
    """
    around = _AMBIENT.get() or View()
    return View(
        around.effective_dt if current_time is None else current_time,
        around.dynamic_partitions_store if dynamic_partitions_store is None else dynamic_partitions_store,
    )


@contextmanager
def partition_loading_context(
    effective_dt: datetime | None = None, dynamic_partitions_store: DynamicPartitionsStore | None = None
) -> Generator[View]:
    """See partitions as of a moment, and dynamic ones as a store knows them, while the block runs.

    Args:
        effective_dt: the moment that counts as now, with a time zone.
        dynamic_partitions_store: knows the keys of dynamic partitions.
    """
    view = view_of(effective_dt, dynamic_partitions_store)
    token = _AMBIENT.set(view)
    try:
        yield view
    finally:
        _AMBIENT.reset(token)
