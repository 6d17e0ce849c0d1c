"""Partitions that are a fixed list of keys.

Owns: ``StaticPartitionsDefinition``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import field

from penstock.partitions.bits import BitForm
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.forms import Form
from penstock.partitions.keys import as_keys
from penstock.partitions.view import DynamicPartitionsStore, View
from penstock.values import frozen

_SHOWN = 5


@frozen(repr=False)
class StaticPartitionsDefinition(PartitionsDefinition):
    """A fixed list of partitions.

    Args:
        partition_keys: each once, in order.

    Raises:
        InvalidDefinitionError: when a key stands twice, is no text, or has ``...`` in it.
    """

    keys: tuple[str, ...] = field(converter=as_keys, alias="partition_keys")
    bits: BitForm = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "bits", BitForm(self.keys))

    @property
    def form(self) -> Form:
        """Subsets are kept as bits."""
        return self.bits

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key, in order."""
        return list(self.keys)

    def _keys(self, view: View) -> Sequence[str]:
        return self.keys

    def _count(self, view: View) -> int:
        return len(self.keys)

    def _place_of(self, key: str, view: View) -> int | None:
        return self.bits.place_of(key)

    def get_serializable_unique_identifier(
        self, dynamic_partitions_store: DynamicPartitionsStore | None = None
    ) -> str:
        """A short text that changes when the keys do."""
        return self.bits.identity

    def __str__(self) -> str:
        if len(self.keys) <= _SHOWN:
            return f"the keys {', '.join(map(repr, self.keys)) or 'none'}"
        return f"{len(self.keys):,} keys from {self.keys[0]!r} to {self.keys[-1]!r}"

    def __repr__(self) -> str:
        return f"StaticPartitionsDefinition({list(self.keys)!r})"
