"""Subsets of keys that come and go, as sets of names.

Owns: ``NameForm``. The order of such keys is known to their store alone; without it names are sorted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from penstock.errors import InvariantViolationError, UnknownPartitionError
from penstock.partitions.bits import runs_of
from penstock.partitions.keys import unknown_key
from penstock.partitions.view import DynamicPartitionsStore, View
from penstock.values import frozen


class Named(Protocol):
    """A definition that can list its keys."""

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key, in order."""
        ...

    def get_serializable_unique_identifier(self) -> str:
        """Changes with the definition."""
        ...


@frozen
class NameForm:
    """Subsets kept as sets of names."""

    definition: Named

    @property
    def identity(self) -> str:
        """Changes with the definition."""
        return self.definition.get_serializable_unique_identifier()

    def place_of(self, key: str) -> str:
        """A key is its own place: any may exist one day."""
        return key

    def places_of(self, keys: Collection[str]) -> list[str]:
        """Keys are their own places."""
        return list(keys)

    def key_at(self, place: str) -> str:
        """The key of a place."""
        return place

    def keys_of(self, body: frozenset[str]) -> Iterator[str]:
        """The names of a body, sorted."""
        return self.places(body)

    def unknown(self, key: str) -> UnknownPartitionError:
        """What to say about a key that does not exist."""
        return unknown_key(key, ())

    def body_of(self, places: Iterable[str]) -> frozenset[str]:
        """The body that holds these names."""
        return frozenset(places)

    def _ordered(self, view: View) -> Sequence[str]:
        return self.definition.get_partition_keys(view.effective_dt, view.dynamic_partitions_store)

    def span(self, first: str, last: str, view: View) -> frozenset[str]:
        """The names from one to another, in the order of the definition."""
        keys = self._ordered(view)
        if first not in keys or last not in keys:
            raise unknown_key(last if first in keys else first, keys)
        return frozenset(keys[keys.index(first) : keys.index(last) + 1])

    def everything(self, view: View) -> frozenset[str]:
        """The body of all keys there are."""
        return frozenset(self._ordered(view))

    def contains(self, body: frozenset[str], place: str) -> bool:
        """Whether a body holds a name."""
        return place in body

    def places(self, body: frozenset[str]) -> Iterator[str]:
        """The names of a body, sorted."""
        return iter(sorted(body))

    def runs(self, body: frozenset[str], view: View) -> Iterator[tuple[str, str]]:
        """First and last name of each range without a gap, in the order of the definition."""
        keys = self._ordered(view)
        for first, last in runs_of(place for place, key in enumerate(keys) if key in body):
            yield keys[first], keys[last]
        for gone in sorted(body.difference(keys)):
            yield gone, gone

    def write(self, body: frozenset[str]) -> list[str]:
        """A body as a list."""
        return sorted(body)

    def read(self, written: list[str]) -> frozenset[str]:
        """A body from its list.

        Raises:
            InvariantViolationError: when it is none.
        """
        if not isinstance(written, list):  # pyright: ignore[reportUnnecessaryIsInstance] - it was JSON
            raise InvariantViolationError(f"The keys of a subset are a list, found {written!r}.")
        return frozenset(map(str, written))
