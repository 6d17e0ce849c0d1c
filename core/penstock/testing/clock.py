"""A clock that tests set: time passes when they say so.

Owns: ``SettableClock``, to be given wherever a ``now`` is taken. Must not know what is timed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2024, 1, 1, tzinfo=UTC)


class SettableClock:
    """Stands still until it is set or moved on; calling it tells the time.

    Args:
        start: where it stands at first: a time with its zone, or seconds since 1970.
    """

    __slots__ = ("_seconds", "slept")

    def __init__(self, start: datetime | float = DEFAULT_START) -> None:
        self._seconds = _seconds(start)
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._seconds

    def now(self) -> float:
        """Seconds since 1970."""
        return self._seconds

    def datetime(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self._seconds, UTC)

    def set(self, moment: datetime | float) -> None:
        """Put it to a moment, also backwards.

        Args:
            moment: a time with its zone, or seconds since 1970.
        """
        self._seconds = _seconds(moment)

    def advance(self, by: timedelta | float) -> None:
        """Move it on.

        Args:
            by: a length of time, or seconds.
        """
        self._seconds += by.total_seconds() if isinstance(by, timedelta) else by

    def sleep(self, seconds: float) -> None:
        """Let time pass at once; ``slept`` remembers how much was asked for."""
        self.slept.append(seconds)
        self._seconds += seconds


def _seconds(moment: datetime | float) -> float:
    if not isinstance(moment, datetime):
        return float(moment)
    if moment.tzinfo is None:
        raise ValueError(f"A moment needs its zone, found {moment!r}. Write datetime(..., tzinfo=UTC).")
    return moment.timestamp()
