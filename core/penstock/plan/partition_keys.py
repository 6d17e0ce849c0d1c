"""What can be said of the partitions that a run or an input covers, when only their keys are at hand.

Owns: the range and the window of time of some keys. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.errors import InvariantViolationError
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.time_window import TimeWindow


def only_partition(keys: Sequence[str], what: str) -> str:
    """The one key of a sequence of partition keys.

    Raises:
        InvariantViolationError: when there is none, or more than one.
    """
    if len(keys) == 1:
        return keys[0]
    found = "no partition" if not keys else f"{len(keys)} partitions ({keys[0]} … {keys[-1]})"
    raise InvariantViolationError(
        f"One partition key was asked for, but {what} has {found}."
        " Launch the run with partition_key=..., or use the plural attributes."
    )


def some_partitions(keys: Sequence[str], what: str) -> Sequence[str]:
    """The keys, of which there is at least one.

    Raises:
        InvariantViolationError: when there is none.
    """
    if keys:
        return keys
    raise InvariantViolationError(
        f"The partition keys were asked for, but {what} has no partition."
        " Launch the run with partition_key=..., or ask has_partition_key first."
    )


def key_range(keys: Sequence[str], what: str) -> PartitionKeyRange:
    """The first and the last of some keys.

    Args:
        keys: in order.
        what: whose they are, for messages.

    Raises:
        InvariantViolationError: when there are none.
    """
    if not keys:
        raise InvariantViolationError(
            f"A range of partition keys was asked for, but {what} has no partition."
            " Launch the run with partition_key=..., or ask for the keys, which may be none."
        )
    return PartitionKeyRange(keys[0], keys[-1])


def time_window(definition: Any, keys: Sequence[str], what: str) -> TimeWindow:
    """From the start of the first partition to the end of the last.

    Args:
        definition: the partitions, None when there are none.
        keys: in order.
        what: whose they are, for messages.

    Raises:
        InvariantViolationError: when there is no key, or the partitions are no windows of time.
    """
    ends = key_range(keys, what)
    window_of = getattr(definition, "time_window_for_partition_key", None)
    if window_of is None or getattr(definition, "has_time_window_dimension", True) is False:
        raise InvariantViolationError(
            f"A window of time was asked for, but the partitions of {what} are none: {definition!r}."
        )
    return TimeWindow(window_of(ends.start).start, window_of(ends.end).end)
