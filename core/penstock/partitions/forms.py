"""How subsets are kept: what a kind of partitions does with the bodies of its subsets.

Owns: the protocols ``Body`` and ``Form``. A body holds places: numbers for partitions that have an order
for good, names for those that come and go, tuples for those of several dimensions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Protocol

from penstock.errors import UnknownPartitionError
from penstock.partitions.view import View


class Body(Protocol):
    """A set of places; equal sets are equal and hash alike."""

    def __or__(self, other: Any, /) -> Any: ...
    def __and__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...


class Form(Protocol):
    """What a kind of partitions does with the bodies of its subsets. A place is what orders a key."""

    @property
    def identity(self) -> str:
        """Changes when what was written before can no longer be read rightly."""
        ...

    def place_of(self, key: str) -> Any:
        """The place of a key that may ever exist, None for others."""
        ...

    def places_of(self, keys: Collection[str]) -> list[Any]:
        """The place of each of these keys, None for those that can never exist; faster than one by one."""
        ...

    def key_at(self, place: Any) -> str:
        """The key of a place."""
        ...

    def keys_of(self, body: Any) -> Iterator[str]:
        """The keys of a body, in order."""
        ...

    def unknown(self, key: str) -> UnknownPartitionError:
        """What to say about a key that cannot exist."""
        ...

    def body_of(self, places: Iterable[Any]) -> Any:
        """The body that holds these places."""
        ...

    def span(self, first: Any, last: Any, view: View) -> Any:
        """The body of all places from one to another, both included; empty the wrong way round."""
        ...

    def everything(self, view: View) -> Any:
        """The body of all partitions there are."""
        ...

    def contains(self, body: Any, place: Any) -> bool:
        """Whether a body holds a place."""
        ...

    def places(self, body: Any) -> Iterator[Any]:
        """The places of a body, in order."""
        ...

    def runs(self, body: Any, view: View) -> Iterator[tuple[Any, Any]]:
        """First and last place of each range without a gap."""
        ...

    def write(self, body: Any) -> Any:
        """A body as a short JSON value."""
        ...

    def read(self, written: Any) -> Any:
        """A body from its JSON value."""
        ...
