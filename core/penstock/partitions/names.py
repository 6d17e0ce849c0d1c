"""Subsets of keys that come and go, as sets of names.

Owns: ``NameForm``, and ``NumberedNames`` for names that a store has numbered. The order of such keys is
known to their store alone; without it names are sorted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol, TypeGuard

from penstock.errors import InvariantViolationError, UnknownPartitionError
from penstock.partitions.bits import runs_of
from penstock.partitions.keys import unknown_key
from penstock.partitions.view import DynamicPartitionsStore, View
from penstock.values import frozen


class Roster(Protocol):
    """Who knows the names of numbers; each number has one for good."""

    def names(self, mask: int) -> frozenset[str]:
        """The names of the numbers of a mask."""
        ...


class NumberedNames(AbstractSet[str]):
    """A set of names as a mask of their numbers: names are only looked up when somebody asks for them.

    Args:
        roster: knows the names; equal rosters number alike.
        mask: bit n is set when the name of number n is in the set.
    """

    __slots__ = ("_names", "mask", "roster")

    def __init__(self, roster: Roster, mask: int) -> None:
        self.roster, self.mask = roster, mask
        self._names: frozenset[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names."""
        if self._names is None:
            self._names = self.roster.names(self.mask) if self.mask else frozenset()
        return self._names

    def _is_numbered_as(self, other: object) -> TypeGuard[NumberedNames]:
        return isinstance(other, NumberedNames) and other.roster == self.roster

    def __len__(self) -> int:
        return self.mask.bit_count()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __eq__(self, other: object) -> bool:
        if self._is_numbered_as(other):
            return self.mask == other.mask
        return isinstance(other, AbstractSet) and len(self) == len(other) and self.names == other  # pyright: ignore[reportUnknownArgumentType] - of anything

    def __hash__(self) -> int:
        return hash(self.names)

    def __or__(self, other: AbstractSet[Any]) -> Any:
        if self._is_numbered_as(other):
            return NumberedNames(self.roster, self.mask | other.mask)
        return self.names | frozenset(other)

    def __and__(self, other: AbstractSet[Any]) -> Any:
        if self._is_numbered_as(other):
            return NumberedNames(self.roster, self.mask & other.mask)
        return self.names & frozenset(other)

    def __sub__(self, other: AbstractSet[Any]) -> Any:
        if self._is_numbered_as(other):
            return NumberedNames(self.roster, self.mask & ~other.mask)
        return self.names - frozenset(other)

    def __ror__(self, other: AbstractSet[Any]) -> Any:
        return frozenset(other) | self.names

    def __rand__(self, other: AbstractSet[Any]) -> Any:
        return frozenset(other) & self.names

    def __rsub__(self, other: AbstractSet[Any]) -> Any:
        return frozenset(other) - self.names

    def __reduce__(self) -> tuple[type[frozenset[str]], tuple[list[str]]]:
        return frozenset, (list(self.names),)

    def __repr__(self) -> str:
        return f"NumberedNames({len(self)} of {self.roster!r})"


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
        for gone in sorted(frozenset(body).difference(keys)):
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
