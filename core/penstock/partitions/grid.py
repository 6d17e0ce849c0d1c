"""Ticks: the moments at which windows of time begin, counted and found without listing them.

Owns: ``Grid``, which lays a calendar of wall times onto the time line of a zone. Between two changes of the
clocks wall time and real time run alike, so the ticks of such a stretch are marks of the calendar, and a
lookup is a search among the stretches and a sum within one. Moments are seconds since 1970 UTC.

What happens when the clocks change (``Twice``):

=====================  ==============================  ============================================
schedule               a time that is skipped          a time that comes twice
=====================  ==============================  ============================================
marks in every hour    has no tick                     has two ticks: every real hour once
once a day at 00:xx    the first moment after the gap  the first: the day begins when its date does
any other              the first moment after the gap  the second
=====================  ==============================  ============================================

The first moment after the gap stands for all skipped times of its date together; when the gap reaches into
the next date (a whole skipped day, say), times of the earlier date have no tick. Ticks are strictly
increasing, so every moment from the first on is in exactly one window.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from enum import Enum

from penstock.partitions.days import DAY, Calendar, MarkedDay
from penstock.partitions.zones import ClockChange, clock_changes, decade_of, offset_at, zone_named

_ENDLESS = 10**15
_LAST_DECADE = 998


Piece = int | Iterator[MarkedDay]
"""A moment, or marks of the calendar."""


class Twice(Enum):
    """Which of two moments of the same wall time begins a window."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


class Grid:
    """The ticks of a calendar in a time zone, numbered from the first at or after an anchor.

    Args:
        calendar: marks on the wall.
        zone_name: of the time zone.
        twice: what to do with times that come twice.
        anchor: the moment from which ticks count; earlier ones have negative numbers.
        holes: moments whose ticks are left out.
    """

    __slots__ = ("_anchor", "_calendar", "_holes", "_holes_before", "_stretches", "_twice", "_zone_name")

    def __init__(
        self, calendar: Calendar, zone_name: str, twice: Twice, anchor: int, holes: tuple[int, ...] = ()
    ) -> None:
        self._calendar, self._zone_name, self._twice, self._anchor = calendar, zone_name, twice, anchor
        decade = decade_of(anchor)
        self._stretches = _Stretches(self, decade, decade)
        self._holes: tuple[int, ...] = ()
        self._holes_before = 0
        numbers = [(self.before(moment), moment) for moment in sorted(set(holes))]
        self._holes = tuple(number for number, moment in numbers if self.at(number) == moment)
        self._holes_before = bisect_left(self._holes, 0)

    def before(self, moment: int) -> int:
        """How many ticks are before a moment: the number of the first one at or after it."""
        number = self._covering(decade_of(moment)).before(moment)
        return number - bisect_left(self._holes, number) + self._holes_before

    def up_to(self, moment: int) -> int:
        """How many ticks are not after a moment."""
        return self.before(moment + 1)

    def at(self, number: int) -> int:
        """The moment of a tick."""
        if self._holes:
            number = self._with_holes(number)
        return self._reaching(number).at(number)

    def _reaching(self, number: int) -> _Stretches:
        """Stretches that reach over a tick, holes counted."""
        stretches, decades = self._stretches, 2
        while number >= stretches.safe_until and stretches.last < _LAST_DECADE:
            stretches = self._covering(min(stretches.last + decades, _LAST_DECADE))
            decades *= 2
        while number < stretches.safe_from and stretches.first > 1:
            stretches = self._covering(max(stretches.first - decades, 1))
            decades *= 2
        return stretches

    def between(self, first: int, end: int) -> Iterator[int]:
        """The moments of the ticks of a range of numbers."""
        return map(self.at, range(first, end))

    def pieces(self, first: int, end: int) -> Iterator[Piece]:
        """The ticks of a range of numbers, in order: as marks of the calendar wherever it alone decides."""
        if first >= end:
            return
        for start, stop in self._around_holes(first, end):
            self._reaching(stop - 1)
            yield from self._reaching(start).pieces(start, stop)

    def _around_holes(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        start, stop = (
            (self._with_holes(first), self._with_holes(end - 1) + 1) if self._holes else (first, end)
        )
        for hole in self._holes[bisect_left(self._holes, start) : bisect_left(self._holes, stop)]:
            if start < hole:
                yield start, hole
            start = hole + 1
        yield start, stop

    def _with_holes(self, number: int) -> int:
        number -= self._holes_before
        low, high = 0, len(self._holes)
        while low < high:
            middle = (low + high) // 2
            if self._holes[middle] - middle <= number:
                low = middle + 1
            else:
                high = middle
        return number + low

    def _covering(self, decade: int) -> _Stretches:
        """Stretches that reach over a decade; those known are replaced by longer ones, never changed."""
        known = self._stretches
        if known.first <= decade <= known.last:
            return known
        found = _Stretches(self, min(known.first, decade), max(known.last, decade))
        self._stretches = found
        return found

    def changes(self, first: int, last: int) -> list[ClockChange]:
        """The changes of the clocks from one decade to another."""
        return [one for decade in range(first, last + 1) for one in clock_changes(self._zone_name, decade)]

    def stretch_parts(self) -> tuple[Calendar, str, Twice, int]:
        """What stretches are made of."""
        return self._calendar, self._zone_name, self._twice, self._anchor


class _Stretches:
    """The time between changes of the clocks, for some decades; frozen once made."""

    __slots__ = (
        "_before", "_calendar", "_high", "_low", "_moved", "_offsets", "_ranks", "_shift", "_starts",
        "first", "last", "safe_from", "safe_until",
    )  # fmt: skip

    def __init__(self, grid: Grid, first: int, last: int) -> None:
        self._calendar, zone_name, twice, anchor = grid.stretch_parts()
        self.first, self.last = first, last
        changes = grid.changes(first, last)
        zone = zone_named(zone_name)
        self._starts = [-_ENDLESS, *(change.at for change in changes)]
        self._offsets = [
            changes[0].before if changes else offset_at(zone, anchor),
            *(change.after for change in changes),
        ]
        edges = [_edges(change, twice) for change in changes]
        self._low = [-_ENDLESS, *(low for _, low in edges)]
        self._high = [*(high for high, _ in edges), _ENDLESS]
        self._moved = [False, *(twice is not Twice.BOTH and self._moves(change) for change in changes)]
        self._ranks = [self._calendar.rank(0 if low == -_ENDLESS else low) for low in self._low]
        self._before = [0]
        for place, high in enumerate(self._high[:-1]):
            # a stretch that ends before its own times begin (both clocks inside a gap) has none
            marks = max(self._calendar.rank(high) - self._ranks[place], 0) if place else self._first(high)
            self._before.append(self._before[-1] + self._moved[place] + marks)
        self._shift = 0
        self._shift = self.before(anchor)
        self.safe_from, self.safe_until = self._safe()

    def _first(self, high: int) -> int:
        return self._calendar.rank(high) - self._ranks[0]

    def _safe(self) -> tuple[int, int]:
        """The numbers between which nothing depends on decades that are not covered."""
        from_, until = (self.first * 10 - 1970) * 31_556_952, (self.last * 10 - 1960) * 31_556_952
        return self.before(from_ + 40 * DAY), self.before(until - 40 * DAY)

    def _moves(self, change: ClockChange) -> bool:
        """Whether skipped times of the date on which the gap ends are moved to its end."""
        gap_end = change.at + change.after
        if change.after < change.before or self._calendar.has(gap_end):
            return False
        gap_start = max(change.at + change.before, gap_end - gap_end % DAY)
        return self._calendar.rank(gap_end) > self._calendar.rank(gap_start)

    def before(self, moment: int) -> int:
        place = bisect_right(self._starts, moment) - 1
        wall = moment + self._offsets[place]
        wall = min(max(wall, self._low[place]), max(self._high[place], self._low[place]))
        marks = self._calendar.rank(wall) - self._ranks[place]
        moved = self._moved[place] and moment > self._starts[place]
        return self._before[place] + moved + marks - self._shift

    def at(self, number: int) -> int:
        number += self._shift
        place = bisect_right(self._before, number, lo=1) - 1
        number -= self._before[place]
        if self._moved[place]:
            if number == 0:
                return self._starts[place]
            number -= 1
        return self._calendar.at(self._ranks[place] + number) - self._offsets[place]

    def pieces(self, first: int, end: int) -> Iterator[Piece]:
        first, end = first + self._shift, end + self._shift
        place = bisect_right(self._before, first, lo=1) - 1
        while first < end:
            after = self._before[place + 1] if place + 1 < len(self._before) else end
            until = min(after, end)
            if first < until:
                yield from self._pieces_of(place, first - self._before[place], until - self._before[place])
            first, place = max(first, until), place + 1

    def _pieces_of(self, place: int, first: int, end: int) -> Iterator[Piece]:
        """The ticks of one stretch; moments for one that was moved, and for those whose wall comes again."""
        if self._moved[place]:
            if first == 0:
                yield self._starts[place]
            first, end = max(first - 1, 0), end - 1
        start, stop = self._ranks[place] + first, self._ranks[place] + end
        if place and self._offsets[place - 1] > self._offsets[place]:
            told = min(self._calendar.rank(self._starts[place] + self._offsets[place - 1]), stop)
            for rank in range(start, told):
                yield self._calendar.at(rank) - self._offsets[place]
            start = max(start, told)
        if start < stop:
            yield self._calendar.days(start, stop)


def _edges(change: ClockChange, twice: Twice) -> tuple[int, int]:
    """The wall time where the stretch before a change ends and the one after it begins."""
    old, new = change.at + change.before, change.at + change.after
    if new >= old or twice is Twice.BOTH:
        return old, new
    return (old, old) if twice is Twice.FIRST else (new, new)
