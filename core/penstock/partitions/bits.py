"""Subsets of a fixed list of keys, as one bit a key.

Owns: ``Bits`` and ``BitForm``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from penstock.errors import InvariantViolationError, UnknownPartitionError
from penstock.partitions.keys import fingerprint, unknown_key
from penstock.partitions.view import View
from penstock.values import frozen


@frozen
class Bits:
    """A set of small whole numbers.

    Args:
        mask: bit n is set when n is in it.
    """

    mask: int = 0

    def __or__(self, other: Bits) -> Bits:
        return Bits(self.mask | other.mask)

    def __and__(self, other: Bits) -> Bits:
        return Bits(self.mask & other.mask)

    def __sub__(self, other: Bits) -> Bits:
        return Bits(self.mask & ~other.mask)

    def __len__(self) -> int:
        return self.mask.bit_count()

    def __contains__(self, number: int) -> bool:
        return bool(self.mask >> number & 1)

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self.mask.to_bytes((self.mask.bit_length() + 7) // 8, "little")):
            for bit in range(8) if byte else ():
                if byte >> bit & 1:
                    yield place * 8 + bit


class BitForm:
    """Subsets of listed keys, kept as bits.

    Args:
        keys: every key, in order.
    """

    __slots__ = ("_identity", "index", "keys")

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.index = {key: place for place, key in enumerate(keys)}
        self._identity = ""

    def __reduce__(self) -> tuple[type[BitForm], tuple[tuple[str, ...]]]:
        return BitForm, (self.keys,)

    @property
    def identity(self) -> str:
        """Changes with the keys."""
        self._identity = self._identity or fingerprint(repr(self.keys))
        return self._identity

    def place_of(self, key: str) -> int | None:
        """The place of a key, None for others."""
        return self.index.get(key)

    def places_of(self, keys: Collection[str]) -> list[int | None]:
        """The place of each of these keys, None for others."""
        return list(map(self.index.get, keys))

    def key_at(self, place: int) -> str:
        """The key of a place."""
        return self.keys[place]

    def keys_of(self, body: Bits) -> Iterator[str]:
        """The keys of a body, in order."""
        return map(self.keys.__getitem__, body)

    def unknown(self, key: str) -> UnknownPartitionError:
        """What to say about a key that is not listed."""
        return unknown_key(key, self.keys)

    def body_of(self, places: Iterable[int]) -> Bits:
        """The body that holds these places."""
        held = bytearray(len(self.keys) // 8 + 1)
        for place in places:
            held[place >> 3] |= 1 << (place & 7)
        return Bits(int.from_bytes(held, "little"))

    def span(self, first: int, last: int, view: View) -> Bits:
        """The body of all places from one to another, both included."""
        del view
        return Bits(((1 << last - first + 1) - 1) << first) if first <= last else Bits()

    def everything(self, view: View) -> Bits:
        """The body of all keys."""
        return self.span(0, len(self.keys) - 1, view)

    def contains(self, body: Bits, place: int) -> bool:
        """Whether a body holds a place."""
        return place in body

    def places(self, body: Bits) -> Iterator[int]:
        """The places of a body, in order."""
        return iter(body)

    def runs(self, body: Bits, view: View) -> Iterator[tuple[int, int]]:
        """First and last place of each range without a gap."""
        del view
        return runs_of(body)

    def write(self, body: Bits) -> str:
        """A body as hexadecimal digits."""
        return f"{body.mask:x}"

    def read(self, written: str) -> Bits:
        """A body from its digits.

        Raises:
            InvariantViolationError: when it has more keys than there are.
        """
        found = Bits(int(written, 16))
        if found.mask >> len(self.keys):
            raise InvariantViolationError("The subset has more partitions than there are keys.")
        return found


def runs_of(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last number of each range without a gap, of numbers in order."""
    first = last = None
    for place in places:
        if first is None or last is None:
            first = place
        elif place != last + 1:
            yield first, last
            first = place
        last = place
    if first is not None and last is not None:
        yield first, last
