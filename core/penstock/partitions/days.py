"""Calendars of wall-clock times: which times of which days are marked, counted without listing them.

Owns: ``Calendar`` and its two kinds. ``Cyclic`` repeats every week; ``Tabled`` is any rule of days, with a
table per year made when it is first asked for. A wall time is seconds since 1970-01-01 00:00 on the wall.
Knows nothing of time zones and of partitions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import isleap
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

from attrs import field

from penstock.values import frozen

DAY = 86_400
_ORDINAL_OF_1970 = date(1970, 1, 1).toordinal()
Times = tuple[int, ...]
MarkedDay = tuple[int, Times]
"""A day, since 1970, and marked seconds of it in order."""


class Calendar(Protocol):
    """Marks on the wall's time line, numbered in order without a gap from anywhere."""

    def rank(self, wall: int) -> int:
        """The number of the first mark at or after a wall time."""
        ...

    def at(self, rank: int) -> int:
        """The wall time of a mark."""
        ...

    def has(self, wall: int) -> bool:
        """Whether there is a mark at a wall time."""
        ...

    def days(self, first: int, end: int) -> Iterator[MarkedDay]:
        """The marks from one up to but without another, by day."""
        ...


@frozen
class Cyclic:
    """The same marks every week.

    Args:
        week: for each day from Sunday on, the marked seconds of the day in order.
    """

    week: tuple[Times, ...]
    before: tuple[int, ...] = field(init=False, eq=False)
    """How many marks a week has before each of its days, and how many in all."""

    def __attrs_post_init__(self) -> None:
        counts = accumulate((len(times) for times in self.week), initial=0)
        object.__setattr__(self, "before", tuple(counts))

    def rank(self, wall: int) -> int:
        """The number of the first mark at or after a wall time."""
        day, second = divmod(wall, DAY)
        week, weekday = divmod(day + 4, 7)  # 1970-01-01 was a Thursday
        return week * self.before[7] + self.before[weekday] + bisect_left(self.week[weekday], second)

    def at(self, rank: int) -> int:
        """The wall time of a mark."""
        week, place = divmod(rank, self.before[7])
        weekday = bisect_right(self.before, place) - 1
        return (week * 7 + weekday - 4) * DAY + self.week[weekday][place - self.before[weekday]]

    def has(self, wall: int) -> bool:
        """Whether there is a mark at a wall time."""
        day, second = divmod(wall, DAY)
        return second in self.week[(day + 4) % 7]

    def days(self, first: int, end: int) -> Iterator[MarkedDay]:
        """The marks from one up to but without another, by day."""
        week, place = divmod(first, self.before[7])
        weekday = bisect_right(self.before, place) - 1
        day, skipped, left = week * 7 + weekday - 4, place - self.before[weekday], end - first
        while left > 0:
            times = self.week[(day + 4) % 7]
            if skipped or len(times) > left:
                times = times[skipped : skipped + left]
                skipped = 0
            if times:
                left -= len(times)
                yield day, times
            day += 1


DayRule = Callable[[int], list[MarkedDay]]
"""The marked days of a year, as days since 1970 with the marked seconds of each, in order."""


class _Year:
    """The marks of one year."""

    __slots__ = ("before", "days", "times")

    def __init__(self, marked: list[MarkedDay]) -> None:
        self.days = tuple(day for day, _ in marked)
        self.times = tuple(times for _, times in marked)
        self.before = tuple(accumulate((len(times) for times in self.times), initial=0))

    def rank(self, day: int, second: int) -> int:
        place = bisect_left(self.days, day)
        found = self.before[place]
        if place < len(self.days) and self.days[place] == day:
            found += bisect_left(self.times[place], second)
        return found


class Tabled:
    """Marks of any days, looked up in one table per year.

    Args:
        rule: the marked days of a year.
    """

    __slots__ = ("_decade", "_year")

    def __init__(self, rule: DayRule) -> None:
        def table_of(year: int) -> _Year:
            return _Year(rule(year))

        self._year = lru_cache(maxsize=1024)(table_of)
        self._decade = lru_cache(maxsize=1024)(self._count)

    def _count(self, decade: int) -> int:
        years = range(max(decade * 10, 1), decade * 10 + 10)
        return sum(self._year(year).before[-1] for year in years)

    def _before(self, year: int) -> int:
        """Marks from 1970 up to a year; negative for years before."""
        decade = year // 10
        whole = sum(map(self._decade, range(197, decade))) - sum(map(self._decade, range(decade, 197)))
        return whole + sum(self._year(one).before[-1] for one in range(max(decade * 10, 1), year))

    def rank(self, wall: int) -> int:
        """The number of the first mark at or after a wall time."""
        day, second = divmod(wall, DAY)
        year = year_of(day)
        return self._before(year) + self._year(year).rank(day, second)

    def at(self, rank: int) -> int:
        """The wall time of a mark."""
        year, left = self._found(rank)
        table = self._year(year)
        place = bisect_right(table.before, left) - 1
        return table.days[place] * DAY + table.times[place][left - table.before[place]]

    def _found(self, rank: int) -> tuple[int, int]:
        """The year of a mark, and how many marks of it come before."""
        decade, left = 197, rank
        while left < 0:
            decade -= 1
            left += self._decade(decade)
        while left >= self._decade(decade):
            left -= self._decade(decade)
            decade += 1
        year = max(decade * 10, 1)
        while left >= self._year(year).before[-1]:
            left -= self._year(year).before[-1]
            year += 1
        return year, left

    def days(self, first: int, end: int) -> Iterator[MarkedDay]:
        """The marks from one up to but without another, by day."""
        if first >= end:
            return
        year, skipped = self._found(first)
        left = end - first
        while left > 0:
            table = self._year(year)
            for place in range(bisect_right(table.before, skipped) - 1, len(table.days)):
                own = skipped - table.before[place]
                times = table.times[place][own : own + left]
                if times:
                    yield table.days[place], times
                left -= len(times)
                skipped = table.before[place + 1]
                if not left:
                    return
            year, skipped = year + 1, 0

    def has(self, wall: int) -> bool:
        """Whether there is a mark at a wall time."""
        day, second = divmod(wall, DAY)
        table = self._year(year_of(day))
        place = bisect_left(table.days, day)
        return place < len(table.days) and table.days[place] == day and second in table.times[place]


def year_of(day: int) -> int:
    """The year of a day since 1970; days outside the calendar go to its ends."""
    return date.fromordinal(min(max(day + _ORDINAL_OF_1970, 1), date.max.toordinal())).year


def first_day(year: int, month: int = 1) -> int:
    """The first day of a month, as days since 1970."""
    return date(year, month, 1).toordinal() - _ORDINAL_OF_1970


def month_length(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2:
        return 29 if isleap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31
