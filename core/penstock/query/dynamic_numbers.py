"""Numbers of dynamic keys, as their store gives them.

Owns: ``names_in``, which says whether a definition's keys are those that a store numbers itself, and what is
asked of such numbers. Reads the keys themselves only for ranges of them, whose order is that of the set.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.names import NumberedNames
from penstock.partitions.numbers import Chunks, layers_of, mask_of, numbers_in
from penstock.partitions.view import View
from penstock.spi.store import DYNAMIC_RULER, PartitionBook, Store
from penstock.values import frozen


@frozen
class StoredRoster:
    """The names of the keys of a dynamic set.

    Args:
        book: of the store.
        name: of the set.
    """

    book: PartitionBook
    name: str

    def names(self, mask: int) -> frozenset[str]:
        """The names of the numbers of a mask."""
        return frozenset(self.book.member_keys(self.name, list(numbers_in(mask))))


@frozen
class StoredNames:
    """The numbers of the keys of a dynamic set; see ``Numbering``.

    Args:
        roster: of the set.
        view: knows the keys that are there.
    """

    roster: StoredRoster
    view: View

    @property
    def ruler(self) -> str:
        """That of the set."""
        return DYNAMIC_RULER + self.roster.name

    def number_of(self, key: str) -> int | None:
        """The number of a key: any may exist one day."""
        return self.each_of([key])[0]

    def each_of(self, keys: Collection[str]) -> list[int | None]:
        """The number of each key."""
        return list(self.roster.book.member_numbers(self.roster.name, list(keys)))

    def numbers_of(self, keys: Sequence[str]) -> Sequence[int] | None:
        """The numbers of keys, in their order."""
        return self.roster.book.member_numbers(self.roster.name, keys)

    def between(self, first: str, last: str) -> int:
        """The mask of a range of keys in the order of the set, 0 when an end is not there."""
        if first == last:
            return mask_of_numbers(self.each_of([first]))
        keys = self.view.dynamic_keys(self.roster.name)
        if first not in keys or last not in keys:
            return 0
        return mask_of_numbers(self.each_of(keys[keys.index(first) : keys.index(last) + 1]))

    def layers(self, sets: Sequence[Chunks], view: View) -> list[Any]:
        """All keys there are, by the first set that has them; see ``Numbering``."""
        del view
        there = mask_of(self.roster.book.members(self.roster.name))
        found = layers_of([mask_of(one) for one in sets], there)
        return [NumberedNames(self.roster, mask) for mask in found]


def names_in(store: Store, definition: PartitionsDefinition, view: View) -> StoredNames | None:
    """The numbers of a definition's keys, when they are dynamic and kept by this very store."""
    if not isinstance(definition, DynamicPartitionsDefinition) or definition.name is None:
        return None
    if getattr(view.dynamic_partitions_store, "store", None) is not store:  # an instance has one
        return None
    return StoredNames(StoredRoster(store.partition_book, definition.name), view)


def mask_of_numbers(numbers: Collection[int | None]) -> int:
    """The mask of some numbers."""
    known = [number for number in numbers if number is not None]
    held = bytearray(max(known, default=-1) // 8 + 1)
    for number in known:
        held[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(held, "little")
