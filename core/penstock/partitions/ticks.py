"""The ticks of a cron schedule, seen from a moment: the last one, the next one, and the two closest.

Owns: ``last_tick``, ``next_tick``, ``shortest_gap`` and ``twice_of``. Where clocks change, the table in
``grid`` holds. Knows nothing of partitions and of schedules that run something.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from penstock.partitions.cron import CronRule, calendar_of, read_cron
from penstock.partitions.days import DAY
from penstock.partitions.grid import Grid, Twice
from penstock.partitions.key_format import local_time
from penstock.partitions.zones import start_of_decade, zone_named

_ANCHOR = start_of_decade(202)  # near to what is asked; any other would do
_WHOLE_CYCLE = range(2001, 2030)  # 28 years: after them, days of months fall on the same days of the week


def last_tick(schedule: str, moment: datetime, timezone: str = "UTC") -> datetime:
    """The latest tick that is not after a moment, on the wall of the time zone.

    Args:
        schedule: as of cron.
        moment: with its zone.
        timezone: IANA name of the zone whose wall the schedule speaks of.

    Raises:
        InvalidDefinitionError: when there is no such schedule or time zone.
    """
    return _tick(schedule, moment, timezone, -1)


def next_tick(schedule: str, moment: datetime, timezone: str = "UTC") -> datetime:
    """The first tick after a moment; arguments as of ``last_tick``."""
    return _tick(schedule, moment, timezone, 0)


def _tick(schedule: str, moment: datetime, timezone: str, offset: int) -> datetime:
    grid = _grid(schedule, timezone)
    passed = grid.up_to(int(moment.timestamp() // 1))
    return local_time(grid.at(passed + offset), zone_named(timezone))


@lru_cache(maxsize=256)
def _grid(schedule: str, timezone: str) -> Grid:
    rule = read_cron(schedule)
    return Grid(calendar_of(rule), timezone, twice_of(rule), _ANCHOR)


def twice_of(rule: CronRule) -> Twice:
    """Which of two moments of the same wall time is a tick."""
    if rule.is_every_hour:
        return Twice.BOTH
    return Twice.FIRST if len(rule.times) == 1 and rule.times[0] < 3600 else Twice.SECOND


@lru_cache(maxsize=256)
def shortest_gap(schedule: str) -> timedelta:
    """The least time from one tick to the next, where no clock is changed.

    Raises:
        InvalidDefinitionError: when there is no such schedule.
    """
    rule = read_cron(schedule)
    within = [later - earlier for earlier, later in pairwise(rule.times)]
    days = [day for year in _WHOLE_CYCLE for day in rule.days_of(year)]
    apart = min((later - earlier for earlier, later in pairwise(days)), default=len(_WHOLE_CYCLE) * 366)
    over_night = apart * DAY - (rule.times[-1] - rule.times[0])
    return timedelta(seconds=min([*within, over_night]))
