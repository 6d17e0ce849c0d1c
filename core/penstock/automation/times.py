"""When conditions came to hold: subsets by moment, which decide between two in one evaluation.

Owns: ``Times`` and what is reckoned with them. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penstock.partitions.subset import PartitionsSubset

Times = tuple[tuple[float, PartitionsSubset], ...]
"""Moments in seconds since 1970, each once, with what came to hold then; empty when nothing is known."""


def joined(all_times: Iterable[Times]) -> Times:
    """The times of several together."""
    found: dict[float, PartitionsSubset] = {}
    for times in all_times:
        for at, subset in times:
            before = found.get(at)
            found[at] = subset if before is None else before | subset
    return tuple(found.items())


def mapped(times: Times, onto: Callable[[PartitionsSubset], PartitionsSubset]) -> Times:
    """The same times for the partitions that read these."""
    return tuple((at, onto(subset)) for at, subset in times)


def later(times: Times, others: Times, nothing: PartitionsSubset) -> PartitionsSubset:
    """What came to hold in the first later than in the second, or in the first alone.

    Args:
        times, others: to be compared.
        nothing: no partition.
    """
    rest = sorted(others, key=lambda one: one[0])
    found, after = nothing, nothing
    for at, subset in sorted(times, key=lambda one: -one[0]):
        while rest and rest[-1][0] >= at:
            after |= rest.pop()[1]
        found |= subset - after
    return found
