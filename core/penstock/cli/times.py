"""Times for people: moments, ages and lengths.

Owns: their wording on the command line. Pure: ``now`` is an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.events.sentences import duration

_STEPS = ((60.0, "s"), (60.0, "min"), (24.0, "h"), (float("inf"), "d"))


def moment(seconds: float | None) -> str:
    """A moment in local time, to the second.

    Args:
        seconds: since 1970, None for never.
    """
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock(seconds: float) -> str:
    """The time of day of a moment, in local time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%H:%M:%S")


def age(seconds: float | None, now: float) -> str:
    """How long ago a moment was: ``"3 min ago"``."""
    if seconds is None:
        return "never"
    past = max(now - seconds, 0.0)
    for factor, unit in _STEPS:
        if past < factor:
            return f"{past:.0f} {unit} ago"
        past /= factor
    return moment(seconds)


def length(seconds: float | None) -> str:
    """A length of time, ``"-"`` when it is not known."""
    return "-" if seconds is None else duration(seconds)
