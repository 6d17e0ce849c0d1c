"""Keys: one of several dimensions, a range of them, and what is said about one that does not exist.

Owns: ``MultiPartitionKey``, ``PartitionKeyRange`` and the messages about unknown keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Self

from penstock.errors import InvalidDefinitionError, UnknownPartitionError, suggest
from penstock.values import frozen

SEPARATOR = "|"
_SHOWN = 8
_COMPARED = 5_000


@frozen
class PartitionKeyRange:
    """From one partition key to another, both included.

    Args:
        start: the first key.
        end: the last key.
    """

    start: str
    end: str

    def __iter__(self) -> Iterator[str]:
        """The first key and the last: ``start, end = keys``."""
        return iter((self.start, self.end))

    def __getitem__(self, place: int) -> str:
        """The first key at 0, the last at 1."""
        return (self.start, self.end)[place]


class MultiPartitionKey(str):
    """The key of a partition with several dimensions: a text that also knows its parts.

    Args:
        keys_by_dimension: name of each dimension → the key in it.

    Raises:
        InvalidDefinitionError: when there is no dimension or a key is no text.
    """

    __slots__ = ("_parts",)
    _parts: tuple[tuple[str, str], ...]

    def __new__(cls, keys_by_dimension: Mapping[str, str]) -> Self:
        """Join the keys, sorted by the names of their dimensions."""
        parts = tuple(sorted(keys_by_dimension.items()))
        if not parts or not all(isinstance(key, str) for _, key in parts):
            raise InvalidDefinitionError(
                f"A multi-partition key wants a text for each dimension, found {dict(keys_by_dimension)!r}."
            )
        made = super().__new__(cls, SEPARATOR.join(key for _, key in parts))
        made._parts = parts
        return made

    @property
    def keys_by_dimension(self) -> Mapping[str, str]:
        """The name of each dimension and the key in it, sorted by name; a dict of the caller's own."""
        return dict(self._parts)

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, str]]]:
        return type(self), (dict(self._parts),)


def parts_of(key: str, dimensions: Sequence[str]) -> Sequence[str] | None:
    """The parts of a key of these dimensions, in their order; None when it has not so many.

    Args:
        key: the parts joined by bars, or a key that was split before.
        dimensions: their names, sorted.
    """
    if isinstance(key, MultiPartitionKey):
        by_name = key.keys_by_dimension
        return tuple(by_name.values()) if tuple(by_name) == tuple(dimensions) else None
    parts = str(key).split(SEPARATOR)
    return parts if len(parts) == len(dimensions) else None


def split_key(key: str, dimensions: Sequence[str]) -> MultiPartitionKey | None:
    """A text as the key of these dimensions; None when it has not so many parts.

    Args:
        key: the parts joined by bars, or a key that was split before.
        dimensions: their names, sorted.
    """
    if isinstance(key, MultiPartitionKey):
        return key if tuple(key.keys_by_dimension) == tuple(dimensions) else None
    parts = str(key).split(SEPARATOR)
    if len(parts) != len(dimensions):
        return None
    return MultiPartitionKey(dict(zip(dimensions, parts, strict=True)))


def as_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys that a user gave, checked.

    Raises:
        InvalidDefinitionError: when a key stands twice, is no text, or has ``...`` in it.
    """
    if isinstance(keys, str):
        raise InvalidDefinitionError(f"A list of partition keys was wanted, found the text {keys!r}.")
    found = tuple(keys)
    for key in found:
        if not isinstance(key, str):
            raise InvalidDefinitionError(f"Partition keys are texts, found {key!r} ({type(key).__name__}).")
        if "..." in key:
            raise InvalidDefinitionError(f"The partition key {key!r} has '...', which means a range of keys.")
    if len(set(found)) < len(found):
        seen: set[str] = set()
        twice = next(key for key in found if key in seen or seen.add(key))
        raise InvalidDefinitionError(f"The partition key {twice!r} stands twice. Remove one.")
    return found


def unknown_key(key: object, known: Sequence[str]) -> UnknownPartitionError:
    """What to say about a key that is none of those known."""
    shown = ", ".join(map(repr, known[:_SHOWN])) + (" …" if len(known) > _SHOWN else "")
    near = suggest(str(key), known[:_COMPARED])
    return UnknownPartitionError(f"There is no partition {key!r}.{near} The keys are {shown or 'none'}.")


def reversed_range(keys: PartitionKeyRange) -> UnknownPartitionError:
    """What to say about a range that ends before it starts."""
    return UnknownPartitionError(
        f"The range of partitions from {keys.start!r} to {keys.end!r} is the wrong way round."
        f" Did you mean from {keys.end!r} to {keys.start!r}?"
    )


def fingerprint(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    return blake2b(text.encode(), digest_size=8).hexdigest()
