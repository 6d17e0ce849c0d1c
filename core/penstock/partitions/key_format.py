"""How the moment at which a window begins is written as a key, and read again.

Owns: ``KeyFormat``. An hour that comes twice gets the offset from UTC behind the second of its keys
(``2024-11-03-01:00-0500``), unless the format has the offset anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from penstock.partitions.days import MarkedDay, Times
from penstock.partitions.zones import DAY, zone_named
from penstock.values import frozen

DAY_FORMAT = "%Y-%m-%d"
HOUR_FORMAT = "%Y-%m-%d-%H:%M"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDINAL_OF_1970 = date(1970, 1, 1).toordinal()
_DIRECTIVE = re.compile("%(.)", re.DOTALL)
_YEARS = frozenset("YyGcx")
_OF_DAY, _OF_TIME = frozenset("YymdjbBaAuwUWGV"), frozenset("HIMSpf")


@frozen
class KeyFormat:
    """Keys as ``strftime`` writes the beginning of a window on the wall.

    Args:
        fmt: of ``strftime``.
        zone_name: of the wall.
        tells_twice: whether the second of two equal wall times is marked.
    """

    fmt: str
    zone_name: str
    tells_twice: bool = False

    def write(self, moment: int) -> str:
        """The key of a moment."""
        local = local_time(moment, zone_named(self.zone_name))
        if self.fmt == DAY_FORMAT and local.year >= 1000:
            written = local.date().isoformat()
        else:
            written = local.strftime(self.fmt)
        return f"{written}{local:%z}" if self.tells_twice and local.fold and "%z" not in self.fmt else written

    @property
    def is_of_wall(self) -> bool:
        """Whether a key is the day and then the time on the wall, and nothing else."""
        return _halves(self.fmt) is not None

    @property
    def is_sortable(self) -> bool:
        """Whether sorted keys are in the order of time, save for times that come twice."""
        directives = "".join(_DIRECTIVE.findall(self.fmt))
        return bool(directives) and "YmdHMS".startswith(directives)

    def write_days(self, days: Iterable[MarkedDay]) -> Iterator[str]:
        """The keys of times on the wall that come once, of a format that ``is_of_wall``."""
        halves = _halves(self.fmt)
        assert halves is not None  # noqa: S101  # nobody asks for other formats
        of_day, of_time = halves
        ends: dict[Times, tuple[str, ...]] = {}
        is_usual = of_day == DAY_FORMAT
        for day, times in days:
            one = date.fromordinal(day + _ORDINAL_OF_1970)
            start = one.isoformat() if is_usual else one.strftime(of_day)
            if times not in ends:
                ends[times] = _written_times(times, of_time)
            for end in ends[times]:
                yield start + end

    def read(self, key: str) -> tuple[int, ...]:
        """The moments that a key may name, one or two in order; none when it is not so written."""
        try:
            time = _parsed(key, self.fmt)
            if time.tzinfo is not None:
                return (seconds(time),)
            zoned = time.replace(tzinfo=zone_named(self.zone_name))
            first, second = seconds(zoned), seconds(zoned.replace(fold=1))
        except (TypeError, ValueError, OverflowError):
            return self._read_told(key)
        return (first,) if first == second else (first, second)

    def _read_told(self, key: str) -> tuple[int, ...]:
        """The moment of a key with an offset behind it."""
        try:
            return (seconds(datetime.strptime(key, f"{self.fmt}%z")),) if self.tells_twice else ()
        except (TypeError, ValueError, OverflowError):
            return ()


@lru_cache(maxsize=512)
def _halves(fmt: str) -> tuple[str, str] | None:
    """The part of a format that is about the day and the one about the time of day; None when it is mixed."""
    found = [(one.group(1), one.start()) for one in _DIRECTIVE.finditer(fmt)]
    if any(name not in _OF_DAY and name not in _OF_TIME for name, _ in found):
        return None
    of_time = [at for name, at in found if name in _OF_TIME]
    cut = min(of_time, default=len(fmt))
    if any(at > cut for name, at in found if name in _OF_DAY):
        return None
    return fmt[:cut], fmt[cut:]


def _written_times(times: Times, fmt: str) -> tuple[str, ...]:
    if not fmt:
        return ("",) * len(times)
    return tuple(time(one // 3600, one // 60 % 60, one % 60).strftime(fmt) for one in times)


def _parsed(key: str, fmt: str) -> datetime:
    """What ``strptime`` reads, the usual formats ten times as fast; too much may be read, never otherwise."""
    if fmt == DAY_FORMAT and len(key) == 10:
        return datetime.fromisoformat(key)
    if fmt == HOUR_FORMAT and len(key) == 16:
        return datetime.fromisoformat(f"{key[:10]}T{key[11:]}")
    return read_time(key, fmt)


def read_time(text: str, fmt: str) -> datetime:
    """What ``strptime`` reads; without a year that is 1900, which newer Pythons want to be said.

    Raises:
        ValueError: when it is not so written.
        TypeError: when it is no text.
    """
    if isinstance(text, str) and not _YEARS.intersection(_DIRECTIVE.findall(fmt)):
        text, fmt = f"{text} 1900", f"{fmt} %Y"
    return datetime.strptime(text, fmt)  # noqa: DTZ007 - the wall's zone is put in by the caller


def in_zone(time: datetime, zone: tzinfo) -> datetime:
    """A time with a zone: its own, or this one."""
    return time if time.tzinfo is not None else time.replace(tzinfo=zone)


def seconds(time: datetime) -> int:
    """Whole seconds since 1970 UTC, rounded up."""
    return -((_EPOCH - time) // timedelta(seconds=1))


def local_time(moment: int, zone: tzinfo) -> datetime:
    """A moment on the wall of a zone."""
    days, rest = divmod(moment, DAY)
    utc = _EPOCH + timedelta(days, rest)
    return utc if zone is UTC else zone.fromutc(utc.replace(tzinfo=zone))
