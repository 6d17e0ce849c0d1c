"""Sets of whole numbers as ranges: the cost of everything goes by the number of ranges.

Owns: ``Spans``. Knows nothing of partitions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from attrs import field

from penstock.values import frozen

Run = tuple[int, int]
"""From a number up to but without another."""


@frozen
class Spans:
    """A set of whole numbers.

    Args:
        runs: ranges in order, with gaps between them and none empty.
    """

    runs: tuple[Run, ...] = field(default=())

    def __or__(self, other: Spans) -> Spans:
        if not self.runs or not other.runs:
            return self if self.runs else other
        return Spans(merged(sorted((*self.runs, *other.runs))))

    def __and__(self, other: Spans) -> Spans:
        return Spans(tuple(_common(self.runs, other.runs)))

    def __sub__(self, other: Spans) -> Spans:
        return Spans(tuple(_without(self.runs, other.runs))) if self.runs and other.runs else self

    def __len__(self) -> int:
        return sum(end - start for start, end in self.runs)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self.runs, (number, _BEYOND)) - 1
        return place >= 0 and number < self.runs[place][1]

    def __iter__(self) -> Iterator[int]:
        for start, end in self.runs:
            yield from range(start, end)


_BEYOND = 1 << 62


def spans_of(numbers: Iterable[int]) -> Spans:
    """The set of these numbers, in any order."""
    return Spans(merged((number, number + 1) for number in sorted(set(numbers))))


def span(start: int, end: int) -> Spans:
    """The numbers from one up to but without another; none when they are the wrong way round."""
    return Spans(((start, end),) if start < end else ())


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Ranges in order of their starts, made one where they touch."""
    found: list[Run] = []
    for start, end in runs:
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        elif start < end:
            found.append((start, end))
    return tuple(found)


def _common(left: tuple[Run, ...], right: tuple[Run, ...]) -> Iterator[Run]:
    one = other = 0
    while one < len(left) and other < len(right):
        start, end = max(left[one][0], right[other][0]), min(left[one][1], right[other][1])
        if start < end:
            yield start, end
        if left[one][1] < right[other][1]:
            one += 1
        else:
            other += 1


def _without(left: tuple[Run, ...], right: tuple[Run, ...]) -> Iterator[Run]:
    other = 0
    for first, end in left:
        start = first
        while other < len(right) and right[other][1] <= start:
            other += 1
        place = other
        while start < end and place < len(right) and right[place][0] < end:
            if start < right[place][0]:
                yield start, right[place][0]
            start = right[place][1]
            place += 1
        if start < end:
            yield start, end
