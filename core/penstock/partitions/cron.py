"""Cron schedules as calendars: five fields, the usual names and ``L``, ``#``, ``@daily`` and the like.

Owns: ``CronRule`` and ``calendar_of``. Plain fields are read here; all others are read by cronsim, which is
imported on first use (lazy). A day matches when its day of the month or its day of the week does, if both
are given, as in cron.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import product
from typing import Any

from penstock.errors import InvalidDefinitionError
from penstock.partitions.days import Calendar, Cyclic, Tabled, Times, first_day, month_length
from penstock.values import frozen

Nth = tuple[int, int]
"""A day of the week and which one of the month; -1000 is the last one."""

_LAST, _LAST_WEEKDAY = -1000, -1001
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_SPANS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NUMBERS = {
    **{name: str(number) for number, name in enumerate(_DAYS)},
    **{name: str(number) for number, name in enumerate(_MONTHS, 1)},
}
_ALL_DAYS, _ALL_MONTHS, _WEEK = frozenset(range(1, 32)), frozenset(range(1, 13)), frozenset(range(7))


@frozen(kw_only=True)
class CronRule:
    """A cron schedule that was read.

    Args:
        times: seconds of the day, in order.
        hours: the hours of these times.
        days: days of the month, -1000 the last one, -1001 the last one from Monday to Friday.
        weekdays: 0 is Sunday; pairs are one of the month.
        either: whether a day may match by ``days`` or by ``weekdays`` alone.
    """

    times: Times
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int | Nth]
    either: bool

    @property
    def is_weekly(self) -> bool:
        """Whether the day of the week alone decides."""
        any_day = self.days >= _ALL_DAYS and self.months >= _ALL_MONTHS
        return any_day and not self.either and all(isinstance(one, int) for one in self.weekdays)

    @property
    def is_every_hour(self) -> bool:
        """Whether each hour of a day has marks: then real hours count, also those that come twice."""
        return len(self.hours) == 24

    def days_of(self, year: int) -> list[int]:
        """The matching days of a year, as days since 1970, in order."""
        found: list[int] = []
        for month in sorted(self.months):
            first, length = first_day(year, month), month_length(year, month)
            by_day = self._by_day(first, length)
            by_weekday = self._by_weekday(first, length)
            both = by_day | by_weekday if self.either else by_day & by_weekday
            found.extend(first + day - 1 for day in sorted(both))
        return found

    def _by_day(self, first: int, length: int) -> set[int]:
        found = {day for day in self.days if 0 < day <= length}
        if _LAST in self.days:
            found.add(length)
        if _LAST_WEEKDAY in self.days:
            weekday = (first + length - 1 + 4) % 7
            found.add(length - {0: 2, 6: 1}.get(weekday, 0))
        return found

    def _by_weekday(self, first: int, length: int) -> set[int]:
        if self.weekdays >= _WEEK:
            return set(range(1, length + 1))
        found: set[int] = set()
        for one in self.weekdays:
            weekday, number = one if isinstance(one, tuple) else (one, None)
            days = range(1 + (weekday - first - 4) % 7, length + 1, 7)
            if number is None:
                found.update(days)
            elif number == _LAST:
                found.add(days[-1])
            elif number <= len(days):
                found.add(days[number - 1])
        return found


@lru_cache(maxsize=512)
def read_cron(text: str) -> CronRule:
    """Read a cron schedule.

    Raises:
        InvalidDefinitionError: when it is none, or no day ever matches it.
    """
    parts = _NAMED.get(text.strip().lower(), text).upper().replace("?", "*").split()
    if len(parts) != 5:
        raise _fault(text, f"five fields were wanted, {len(parts)} found")
    plain = [_plain(part, *span) for part, span in zip(parts, _SPANS, strict=True)]
    minutes, hours, days, months, weekdays = plain if all(plain) else _read_odd(text, parts)
    rule = CronRule(
        times=tuple(h * 3600 + m * 60 for h, m in product(sorted(hours), sorted(minutes))),
        hours=frozenset(hours),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(one % 7 if isinstance(one, int) else (one[0] % 7, one[1]) for one in weekdays),
        either=parts[2] != "*" and parts[4] != "*",
    )
    if not rule.either and min(rule.days) > max(month_length(2000, month) for month in rule.months):
        raise _fault(text, "no month has such a day")
    return rule


def calendar_of(rule: CronRule, without: Sequence[CronRule] = ()) -> Calendar:
    """The marks of a cron schedule.

    Args:
        rule: the schedule.
        without: schedules whose marks are left out.

    Raises:
        InvalidDefinitionError: when nothing is left.
    """
    if rule.is_weekly and all(one.is_weekly for one in without):
        week = tuple(
            _left(rule.times if day in rule.weekdays else (), [one for one in without if day in one.weekdays])
            for day in range(7)
        )
        if not any(week):
            raise InvalidDefinitionError("The exclusions leave no partition at all. Remove one.")
        return Cyclic(week)
    return Tabled(lambda year: _marked(rule, without, year))


def _marked(rule: CronRule, without: Sequence[CronRule], year: int) -> list[tuple[int, Times]]:
    leaving_out = [(one, set(one.days_of(year))) for one in without]
    found: list[tuple[int, Times]] = []
    for day in rule.days_of(year):
        times = _left(rule.times, [one for one, days in leaving_out if day in days])
        if times:
            found.append((day, times))
    return found


def _left(times: Times, without: Iterable[CronRule]) -> Times:
    gone = {time for one in without for time in one.times}
    return tuple(time for time in times if time not in gone) if gone else times


def _plain(part: str, low: int, high: int) -> set[Any]:
    """The values of a field that is a star, a number or a list of numbers; empty for all others."""
    if part == "*":
        return set(range(low, high + 1))
    items = part.split(",")
    if all(item.isascii() and item.isdigit() and low <= int(item) <= high for item in items):
        return {int(item) for item in items}
    return set()


def _read_odd(text: str, parts: list[str]) -> tuple[set[Any], ...]:
    cronsim = import_module("cronsim")
    spans = [_unrolled(part, *span) for part, span in zip(parts, _SPANS, strict=True)]
    spans[4] = ",".join(
        f"{one[1:]}L" if one[:1] == "L" and one[1:].isdigit() else one for one in spans[4].split(",")
    )
    try:
        read: Any = cronsim.CronSim(" ".join(spans), import_module("datetime").datetime(2000, 1, 1))
    except cronsim.CronSimError as fault:
        raise _fault(text, str(fault)) from fault
    return read.minutes, read.hours, read.days, read.months, read.weekdays


def _unrolled(part: str, low: int, high: int) -> str:
    """A range that goes over the end, such as 22-2 or FRI-MON, as two."""
    found: list[str] = []
    for item in part.split(","):
        first, dash, last = (_NUMBERS.get(one, one) for one in item.partition("-"))
        if dash and first.isdigit() and last.isdigit() and int(first) > int(last):
            found += [f"{first}-{high}", f"{low}-{last}"]
        else:
            found.append(item)
    return ",".join(found)


def _fault(text: str, why: str) -> InvalidDefinitionError:
    return InvalidDefinitionError(
        f"{text!r} is no cron schedule: {why}. Wanted: minute hour day-of-month month day-of-week."
    )


_USUAL = {"n****": "hourly", "nn***": "daily", "nn**n": "weekly", "nnn**": "monthly"}


def said_of(schedule: str) -> str:
    """A schedule in words where it has a usual name, else as it is written."""
    parts = _NAMED.get(schedule.strip().lower(), schedule).split()
    shape = "".join("n" if part.isdigit() else part for part in parts)
    return _USUAL.get(shape, f"by the schedule {schedule!r}")
