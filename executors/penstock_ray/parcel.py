"""How a value travels through Ray: packed, and small ones as plain bytes.

Owns: ``wrap`` and ``unwrap``, and the bundles in which many small values of one task travel. What is packed
keeps its buffers apart from its pickle, so that Ray lays them into shared memory and maps them into the
consumer without a copy. For a small value that is not worth the 0.06 ms that Ray's own pickler takes, while
it passes bytes on as they are.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from penstock.tables import Packed, pack
from penstock.values import frozen

SMALL = 32 << 10
BUNDLE = 8 << 10
"""Bytes of small values that travel as one: few enough for Ray to send them along with each reader."""

MOST_TOGETHER = 64
Parcel: TypeAlias = bytes | Packed


def wrap(value: object) -> Parcel:
    """A value as it is given to Ray.

    Raises:
        UnstorableValueError: when it cannot travel.
    """
    packed = pack(value)
    if packed.is_table or packed.nbytes > SMALL:
        return packed
    return pickle.dumps(packed, protocol=5)


def unwrap(parcel: Parcel) -> Packed:
    """What came by Ray, packed."""
    return pickle.loads(parcel) if isinstance(parcel, bytes) else parcel


@frozen(eq=False)
class Slot:
    """Where a value is that came in a bundle.

    Args:
        reference: of the bundle.
        place: its place there.
    """

    reference: Any
    place: int


def bundles(parcels: Sequence[Parcel]) -> Iterator[int]:
    """How many of the parcels travel together, one number for each bundle, in their order.

    An object of its own costs Ray more than carrying a small value does: a fan-out to a thousand numbers took
    twice as long. What is large, or a table, travels alone.
    """
    count = size = 0
    for parcel in parcels:
        nbytes = len(parcel) if isinstance(parcel, bytes) else BUNDLE + 1
        if count and (size + nbytes > BUNDLE or count == MOST_TOGETHER):
            yield count
            count = size = 0
        count, size = count + 1, size + nbytes
    if count:
        yield count


def bundled(parcels: Sequence[Parcel]) -> Parcel:
    """What travels as one, as it is given to Ray."""
    return parcels[0] if len(parcels) == 1 else pickle.dumps(tuple(parcels), protocol=5)


def unbundled(bundle: bytes) -> Sequence[Parcel]:
    """The parcels of a bundle."""
    return pickle.loads(bundle)
