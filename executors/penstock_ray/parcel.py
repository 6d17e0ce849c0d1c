"""How a value travels: packed, and small ones as plain bytes.

Owns: ``wrap`` and ``unwrap``, and which values of a task travel with the word of its end. What is packed
keeps its buffers apart from its pickle, so that Ray lays them into shared memory and maps them into the
consumer without a copy. For a small value an object of Ray's own costs far more than carrying it does: its
bytes go with the control record to the driver, and from there with the order to whoever reads it.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import TypeAlias

from penstock.tables import Packed, pack

SMALL = 32 << 10
"""Bytes of a pickle that is not worth an object of its own."""

ALONG = 64 << 10
"""Bytes of small values that go with a control record, so that Ray sends it inline."""

MANY_ALONG = 16 << 20
"""The same for a task that decides itself how many values it hands on; it is alone in its task of Ray."""

Parcel: TypeAlias = bytes | Packed


def wrap(value: object) -> Parcel:
    """A value as it travels.

    Raises:
        UnstorableValueError: when it cannot travel.
    """
    packed = pack(value)
    if packed.is_table or packed.nbytes > SMALL:
        return packed
    return pickle.dumps(packed, protocol=5)


def unwrap(parcel: Parcel) -> Packed:
    """What came, packed."""
    return pickle.loads(parcel) if isinstance(parcel, bytes) else parcel


def going_along(parcels: Mapping[str, Parcel], most: int) -> dict[str, bytes]:
    """The values that go with the control record, by name.

    Args:
        parcels: of a task.
        most: bytes that may go along.
    """
    found: dict[str, bytes] = {}
    for name, parcel in parcels.items():
        if isinstance(parcel, bytes) and len(parcel) <= most:
            found[name] = parcel
            most -= len(parcel)
    return found
