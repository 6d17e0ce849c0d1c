"""Time zones: what a name stands for, and when its clocks change.

Owns: ``zone_named`` and ``clock_changes``. The standard library tells the offset at a moment but not when
it changes next; the moments are found by looking every three days and halving in between (no zone ever
changed twice within three days). They are kept by zone and decade; from 2100 on, where no zone has more than
rules, they are those of 400 years before, after which the calendar repeats. Knows nothing of partitions.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from penstock.errors import InvalidDefinitionError, suggest

DAY = 86_400
_STRIDE = 3 * DAY
_CYCLE = 40  # decades after which dates and days of the week are the same again
_CYCLE_SECONDS = 146_097 * DAY
_RULES_ALONE = 210  # the decade from which on a zone's clocks follow rules, and no list of changes
_FIRST_DECADE, _LAST_DECADE = 1, 998  # decades of the calendar in which no sum of dates overflows
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ClockChange(NamedTuple):
    """The clocks of a zone are put forward or back.

    Args:
        at: the moment, in seconds since 1970 UTC.
        before, after: seconds east of UTC.
    """

    at: int
    before: int
    after: int


@lru_cache(maxsize=700)
def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name.

    Raises:
        InvalidDefinitionError: when there is none, with names that are near.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as fault:
        near = suggest(str(name), available_timezones())
        raise InvalidDefinitionError(
            f"There is no time zone {name!r}.{near} Give an IANA name such as 'Europe/Berlin'."
        ) from fault


@lru_cache(maxsize=8192)
def clock_changes(zone_name: str, decade: int) -> tuple[ClockChange, ...]:
    """Every change of a zone's clocks within ten years of UTC, in order.

    Args:
        zone_name: an IANA name.
        decade: the year without its last digit; 202 is 2020 to 2029.
    """
    if zone_name == "UTC":
        return ()
    cycles = max(decade - _RULES_ALONE, 0) // _CYCLE
    if cycles:
        past = clock_changes(zone_name, decade - cycles * _CYCLE)
        return tuple(one._replace(at=one.at + cycles * _CYCLE_SECONDS) for one in past)
    return _looked_for(zone_named(zone_name), decade)


def _looked_for(zone: tzinfo, decade: int) -> tuple[ClockChange, ...]:
    moment, end = start_of_decade(decade), start_of_decade(decade + 1)
    found: list[ClockChange] = []
    offset = offset_at(zone, moment - 1)
    while moment < end:
        later = offset_at(zone, moment)
        if later != offset:
            found.append(_change_between(zone, moment - _STRIDE, moment))
            offset = later
        moment += _STRIDE
    if offset_at(zone, end - 1) != offset:
        found.append(_change_between(zone, moment - _STRIDE, end - 1))
    return tuple(found)


def offset_at(zone: tzinfo, moment: int) -> int:
    """Seconds east of UTC at a moment."""
    as_if_utc = (_EPOCH + timedelta(seconds=moment)).replace(tzinfo=zone)
    shift = zone.fromutc(as_if_utc) - as_if_utc
    return shift.days * DAY + shift.seconds


def decade_of(moment: int) -> int:
    """The decade that a moment is in, the nearest one that can be reckoned with."""
    years = 1970 + moment // 31_556_952  # a year of the calendar on average; days off at most
    decade = min(max(years // 10, _FIRST_DECADE), _LAST_DECADE)
    if moment < start_of_decade(decade):
        return max(decade - 1, _FIRST_DECADE)
    return min(decade + 1, _LAST_DECADE) if moment >= start_of_decade(decade + 1) else decade


@lru_cache(maxsize=1024)
def start_of_decade(decade: int) -> int:
    """The first moment of ten years, in UTC."""
    return (datetime(decade * 10, 1, 1, tzinfo=UTC) - _EPOCH).days * DAY


def _change_between(zone: tzinfo, low: int, high: int) -> ClockChange:
    """The one change after ``low`` and not after ``high``."""
    before = offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return ClockChange(high, before, offset_at(zone, high))
