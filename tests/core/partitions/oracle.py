"""Windows of time found the slow way: every minute is looked at on the wall. Shares no code with Penstock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = 60, 86_400


def wall(moment, zone):
    """A moment, in seconds since 1970 UTC, on the wall of a zone."""
    return datetime.fromtimestamp(moment, zone)


def clock_changes(zone_name, first_year, last_year):
    """The moments between two years at which a zone's offset from UTC changes, minute by minute."""
    zone = ZoneInfo(zone_name)
    moment = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    found = []
    while moment < end:
        before = wall(moment, zone).utcoffset()
        if wall(moment + DAY, zone).utcoffset() != before:
            found.append(_between(moment, zone, before))
        moment += DAY
    return found


def _between(moment, zone, before):
    low, high = moment // MINUTE, (moment + DAY) // MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        if wall(middle * MINUTE, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high * MINUTE


def every_hour(zone_name, start, end, minutes=(0,)):
    """The moments of a span at which the wall shows one of these minutes."""
    zone = ZoneInfo(zone_name)
    first = -(-start // MINUTE) * MINUTE
    return [one for one in range(first, end, MINUTE) if wall(one, zone).minute in minutes]


def once_a_day(zone_name, start, end, times):
    """The moments of a span at which windows begin that begin at these times of each day.

    A time that comes twice is the second one, or the first when it is the only one of the day and within
    its first hour. Times that are skipped are the first moment after the gap, if that is on the same date.
    """
    zone = ZoneInfo(zone_name)
    first_of_two = len(times) == 1 and times[0] < time(1)
    found = set()
    day, last = wall(start, zone).date() - timedelta(days=1), wall(end, zone).date() + timedelta(days=1)
    while day <= last:
        for one in times:
            moment = _moment_of(day, one, zone, first_of_two)
            if moment is not None and start <= moment < end:
                found.add(moment)
        day += timedelta(days=1)
    return sorted(found)


def _moment_of(day: date, one: time, zone, first_of_two):
    wanted = datetime.combine(day, one)
    about = int(wanted.replace(tzinfo=UTC).timestamp())
    matching = []
    for offset in _offsets_around(about, zone):
        moment = about - offset
        if wall(moment, zone).replace(tzinfo=None, fold=0) == wanted:
            matching.append(moment)
    if matching:
        return min(matching) if first_of_two else max(matching)
    after = _first_after(about, wanted, zone)
    return after if wall(after, zone).date() == day else None


def _offsets_around(about, zone):
    return {int(wall(about + shift, zone).utcoffset().total_seconds()) for shift in (-2 * DAY, 2 * DAY)}


def _first_after(about, wanted, zone):
    moment = about - 2 * DAY
    while wall(moment, zone).replace(tzinfo=None, fold=0) < wanted:
        moment += MINUTE
    return moment
