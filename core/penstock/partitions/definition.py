"""What every partitions definition can say, and the simplest of them: a list of keys.

Owns: the ``PartitionsDefinition`` protocol, ``StaticPartitionsDefinition`` and the message for keys that
do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import field

from penstock.errors import InvalidDefinitionError, UnknownPartitionError, suggest
from penstock.values import frozen


@runtime_checkable
class PartitionsDefinition(Protocol):
    """A set of partition keys, in order. Equal definitions have equal keys."""

    def get_partition_keys(self, current_time: datetime | None = None) -> Sequence[str]:
        """Every key, in order.

        Args:
            current_time: with a time zone; needed by definitions that grow with time.
        """
        ...

    def has_partition_key(self, partition_key: str, current_time: datetime | None = None) -> bool:
        """Whether there is such a key; without a time, whether there ever will be."""
        ...

    def validate_partition_key(self, partition_key: str, current_time: datetime | None = None) -> None:
        """Refuse a key that does not exist.

        Raises:
            UnknownPartitionError: naming the key.
        """
        ...


def _as_keys(keys: Iterable[str]) -> tuple[str, ...]:
    found = tuple(keys)
    for key in found:
        if not isinstance(key, str):
            raise InvalidDefinitionError(f"Partition keys are texts, found {key!r} ({type(key).__name__}).")
        if "..." in key:
            raise InvalidDefinitionError(f"The partition key {key!r} has '...', which means a range of keys.")
    if len(set(found)) < len(found):
        twice = next(key for key in found if found.count(key) > 1)
        raise InvalidDefinitionError(f"The partition key {twice!r} stands twice. Remove one.")
    return found


@frozen(repr=False)
class StaticPartitionsDefinition:
    """A fixed list of partitions.

    Args:
        partition_keys: each once, in order.

    Raises:
        InvalidDefinitionError: when a key stands twice, is no text, or has ``...`` in it.
    """

    keys: tuple[str, ...] = field(converter=_as_keys, alias="partition_keys")

    def get_partition_keys(self, current_time: datetime | None = None) -> Sequence[str]:
        """Every key, in order."""
        return list(self.keys)

    def has_partition_key(self, partition_key: str, current_time: datetime | None = None) -> bool:
        """Whether there is such a key."""
        return partition_key in self.keys

    def validate_partition_key(self, partition_key: str, current_time: datetime | None = None) -> None:
        """Refuse a key that does not exist.

        Raises:
            UnknownPartitionError: naming the key and what is near.
        """
        if partition_key not in self.keys:
            some = ", ".join(map(repr, self.keys[:8])) + (" …" if len(self.keys) > 8 else "")
            raise UnknownPartitionError(
                f"There is no partition {partition_key!r}.{suggest(str(partition_key), self.keys)}"
                f" The keys are {some or 'none'}."
            )

    def __repr__(self) -> str:
        return f"StaticPartitionsDefinition({list(self.keys)!r})"
