"""The time line of windows: which window has which place, and where it begins and ends.

Owns: ``WindowRules`` and ``Timeline``. Keys, windows and counts are reckoned on two grids and never listed:
``raw`` has every tick of the schedule and says where a window ends, ``kept`` is what the exclusions leave and
says which windows there are. A window is known by its place, its number on the kept grid from the start on,
which never changes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions.cron import calendar_of, read_cron
from penstock.partitions.grid import Grid
from penstock.partitions.key_format import KeyFormat, local_time
from penstock.partitions.ticks import twice_of
from penstock.partitions.time_window import TimeWindow
from penstock.partitions.view import View
from penstock.partitions.zones import DAY, start_of_decade, zone_named
from penstock.values import frozen

_TRIED = (0, 1, 2, 13, 40)
_FEW, _BLOCK, _SPARSE = 8, 1024, 16
_OVER_A_YEAR = 370 * DAY
_NO_LATER = start_of_decade(999)  # so that the end of a window is still within the calendar


@frozen(kw_only=True)
class WindowRules:
    """What windows there are and how their keys are written: equal rules make equal partitions.

    Args:
        start, end: seconds since 1970 UTC; no ``end`` goes on for ever.
        timezone: IANA name.
        fmt: of ``strftime``.
        end_offset: windows that exist before they are over.
        cron_schedule: each tick begins a window.
        excluded: schedules whose ticks begin no window.
        holes: moments, in seconds since 1970 UTC, at which no window begins.
    """

    start: int
    end: int | None
    timezone: str
    fmt: str
    end_offset: int
    cron_schedule: str
    excluded: tuple[str, ...] = ()
    holes: tuple[int, ...] = ()


class Timeline:
    """Windows of time by their places.

    Args:
        rules: what windows there are.

    Raises:
        InvalidDefinitionError: when a schedule is none, or the format does not tell windows apart.
    """

    __slots__ = ("kept", "keys", "raw", "rules")

    def __init__(self, rules: WindowRules) -> None:
        rule = read_cron(rules.cron_schedule)
        excluded = [read_cron(one) for one in rules.excluded]
        ticks = rules.timezone, twice_of(rule), rules.start
        bare = not (excluded or rules.holes)
        self.rules = rules
        self.raw = Grid(calendar_of(rule), *ticks)
        self.kept = self.raw if bare else Grid(calendar_of(rule, excluded), *ticks, rules.holes)
        self.keys = KeyFormat(rules.fmt, rules.timezone, rule.is_every_hour)

    @property
    def has_holes(self) -> bool:
        """Whether there is time between windows."""
        return self.kept is not self.raw

    def try_format(self) -> None:
        """Refuse a format that does not tell windows apart.

        Raises:
            InvalidDefinitionError: with a key that is read as another window than it was written for.
        """
        for place in (*_TRIED, self.kept.before(self.rules.start + _OVER_A_YEAR)):
            key = self.key_at(place)
            if self._place_of(key) != place:
                raise InvalidDefinitionError(
                    f"Keys written as {self.rules.fmt!r} do not tell the windows of"
                    f" {self.rules.cron_schedule!r} apart: {key!r} is read as another moment."
                    " Give a fmt that has all the parts of a window's beginning."
                )

    @property
    def last_key(self) -> str | None:
        """The key of the last window that there will ever be; None when they go on or there is none."""
        count = 0 if self.rules.end is None else self.count_over(self.rules.end)
        return self.key_at(count - 1) if count > 0 else None

    def time_at(self, moment: int) -> datetime:
        """A moment on the wall of the time zone."""
        return local_time(moment, zone_named(self.rules.timezone))

    def end_at(self, place: int) -> int:
        """The moment at which a window ends."""
        return self.raw.at(self.raw.up_to(self.kept.at(place)))

    def window_at(self, place: int) -> TimeWindow:
        """The window of a place, whether or not it is a partition."""
        return TimeWindow(self.time_at(self.kept.at(place)), self.time_at(self.end_at(place)))

    def key_at(self, place: int) -> str:
        """The key of a place, whether or not it is a partition."""
        return self.keys.write(self.kept.at(place))

    def _place_of(self, key: str, before: int = _NO_LATER) -> int | None:
        for moment in self.keys.read(key):
            place = self.kept.before(moment) if moment < before else -1
            if place >= 0 and self.key_at(place) == key:
                return place
        return None

    def place_of(self, key: str) -> int | None:
        """The place of a key within start and end, now or some day; None for any other text."""
        place, end = self._place_of(key), self.rules.end
        return place if place is None or end is None or self.end_at(place) <= end else None

    def keys_between(self, first: int, end: int) -> list[str]:
        """The keys of the places from one up to but without another: many at once where they can be."""
        if end - first < _FEW or not self.keys.is_of_wall:
            return list(map(self.keys.write, self.kept.between(first, end)))
        found: list[str] = []
        for piece in self.kept.pieces(first, end):
            if isinstance(piece, int):
                found.append(self.keys.write(piece))
            else:
                found.extend(self.keys.write_days(piece))
        return found

    def places_of(self, keys: Collection[str]) -> list[int | None]:
        """The places of keys, as ``place_of`` says of each.

        Keys near each other are not read one by one: all keys between two of them are written and compared.
        """
        if len(keys) < _FEW or not (self.keys.is_of_wall and self.keys.is_sortable):
            return list(map(self.place_of, keys))
        ordered = sorted(set(keys))
        found: dict[str, int | None] = {}
        for at in range(0, len(ordered), _BLOCK):
            self._place_block(ordered[at : at + _BLOCK], found)
        return [found[key] for key in keys]

    def _place_block(self, keys: Sequence[str], found: dict[str, int | None]) -> None:
        """Find the places of keys in order, by those of the first and the last that have one."""
        first, last = self._end_of_block(keys, found), self._end_of_block(keys[::-1], found)
        if first is None or last is None or not 0 <= last - first < _SPARSE * len(keys):
            found.update((key, self.place_of(key)) for key in keys if key not in found)
            return
        places, texts = range(first, last + 1), self.keys_between(first, last + 1)
        written = dict(zip(texts, places, strict=True))
        is_exact = len(written) == len(places)
        for key in keys:
            place = written.get(key) if is_exact else None
            found[key] = self.place_of(key) if place is None and key not in found else found.get(key, place)

    def _end_of_block(self, keys: Sequence[str], found: dict[str, int | None]) -> int | None:
        for key in keys:
            place = found[key] = found[key] if key in found else self.place_of(key)
            if place is not None:
                return place
        return None

    def place_among(self, key: str, count: int) -> int | None:
        """The place of a key among the first so many windows, None for any other text."""
        return self._place_of(key, self.kept.at(count - 1) + 1) if count else None

    def overlapping(self, start: int, end: int) -> tuple[int, int]:
        """The places of the windows that overlap a span of time, from one up to but without another."""
        return self.kept.before(self.raw.at(self.raw.up_to(start) - 1)), self.kept.before(end)

    def count_over(self, moment: int) -> int:
        """How many windows are over at a moment; negative when it is so many before the start."""
        last = self.raw.up_to(moment) - 1
        return self.kept.before(self.raw.at(last)) if self.has_holes else last

    def count(self, view: View) -> int:
        """How many partitions there are."""
        count = max(self.count_over(view.moment()) + self.rules.end_offset, 0)
        end = self.rules.end
        if end is not None and count and self.end_at(count - 1) > end:
            return max(self.count_over(end), 0)
        return count

    def unknown(self, key: str, view: View | None) -> UnknownPartitionError:
        """What to say about a key that is none: how keys are written, and from where to where they go.

        Args:
            key: the text that is none.
            view: from where it was looked for; None when any time would have done.
        """
        moments, first = self.keys.read(key), self.key_at(0)
        if not moments:
            return UnknownPartitionError(
                f"There is no partition {key!r}: keys are written as {self.rules.fmt!r}, such as {first!r}."
            )
        count = self._known_count(view)
        if count == 0:
            return UnknownPartitionError(
                f"There is no partition {key!r} yet: the first one, {first!r}, is there from"
                f" {self.window_at(0).end.isoformat()} on."
            )
        until = "on" if count is None else f"to {self.key_at(count - 1)!r}"
        latest = _NO_LATER if count is None else self.kept.at(count - 1)
        near = self.key_at(max(self.kept.up_to(min(moments[0], latest)) - 1, 0))
        return UnknownPartitionError(
            f"There is no partition {key!r}: the partitions go from {first!r} {until}."
            f" The nearest is {near!r}."
        )

    def _known_count(self, view: View | None) -> int | None:
        if view is not None:
            return self.count(view)
        return None if self.rules.end is None else max(self.count_over(self.rules.end), 0)


@lru_cache(maxsize=512)
def timeline_of(rules: WindowRules) -> Timeline:
    """The windows of some rules, tried; the same for equal rules.

    Raises:
        InvalidDefinitionError: when a schedule is none, or the format does not tell windows apart.
    """
    found = Timeline(rules)
    found.try_format()
    return found
