"""Where partitions stand in their definition, as hints for whoever stores what happened.

Owns: ``PartitionPlace`` and ``PartitionPlaces``. A hint is never stored with the event or the run that bears
it, and whatever it says can be found out again from the key and the definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class PartitionPlace(NamedTuple):
    """The number of a partition, and the ruler by which it was numbered."""

    ruler: str
    number: int


class PartitionPlaces(NamedTuple):
    """The numbers of the partitions that a run covers, in their order, and the ruler of all of them."""

    ruler: str
    numbers: Sequence[int]
