"""The ticks of a schedule with one or several cron lines: the next ones, the last ones, those in between.

Owns: ``ticks_after``, ``ticks_up_to`` and ``ticks_between``. When one line ticks, also where clocks change,
is told by ``partitions.ticks``; several lines tick whenever one of them does, and once where two do. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from penstock.partitions.ticks import last_tick, next_tick

_SECOND = timedelta(seconds=1)  # ticks are on full minutes
_Step = Callable[[str, datetime], datetime]


def ticks_after(
    cron_schedule: str | Sequence[str], moment: datetime, timezone: str | None = None
) -> Iterator[datetime]:
    """The ticks after a moment, in order, without end.

    Args:
        cron_schedule: one cron line or several.
        moment: with its time zone; a tick at this very moment is none of them.
        timezone: IANA name of the zone whose wall the lines speak of; None is UTC.

    Raises:
        InvalidDefinitionError: when there is no such schedule or time zone.
    """
    zone = timezone or "UTC"
    return _merged(cron_schedule, moment, lambda line, at: next_tick(line, at, zone), min)


def ticks_up_to(
    cron_schedule: str | Sequence[str], moment: datetime, timezone: str | None = None
) -> Iterator[datetime]:
    """The ticks that are not after a moment, newest first; arguments as of ``ticks_after``."""
    zone = timezone or "UTC"
    after = moment.astimezone(UTC) + _SECOND
    return _merged(cron_schedule, after, lambda line, at: last_tick(line, _just_before(at), zone), max)


def _just_before(moment: datetime) -> datetime:
    """A second earlier; sums on the wall would go wrong where clocks change."""
    return moment.astimezone(UTC) - _SECOND


def ticks_between(
    cron_schedule: str | Sequence[str], after: datetime, until: datetime, timezone: str | None = None
) -> Iterator[datetime]:
    """The ticks after one moment and not after another, in order.

    Args:
        cron_schedule: one cron line or several.
        after: this moment is left out.
        until: this moment is in.
        timezone: IANA name; None is UTC.
    """
    end = until.timestamp()
    return takewhile(lambda tick: tick.timestamp() <= end, ticks_after(cron_schedule, after, timezone))


def _merged(
    cron_schedule: str | Sequence[str], moment: datetime, step: _Step, nearest: Callable[..., datetime]
) -> Iterator[datetime]:
    """The ticks of all lines from a moment on, each once.

    Moments are compared, not walls: of two walls that read alike the second is later.
    """
    lines = (cron_schedule,) if isinstance(cron_schedule, str) else tuple(cron_schedule)
    waiting = {line: step(line, moment) for line in lines}
    while True:
        tick = nearest(waiting.values(), key=datetime.timestamp)
        yield tick
        for line, at in waiting.items():
            if at.timestamp() == tick.timestamp():
                waiting[line] = step(line, at)
