"""How old an asset may become: freshness policies, as users write them.

Owns: ``FreshnessPolicy`` and its two kinds. How an asset stands by its policy is judged in
``plan.freshness``. Must not know specs, which stand above it. Lazy: the arithmetic of cron schedules is
imported with the first policy that has one.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from attrs import field

from penstock.errors import InvalidDefinitionError
from penstock.values import frozen

_SHORTEST = timedelta(minutes=1)


class FreshnessPolicy:
    """How old an asset may become: ``FreshnessPolicy.time_window(...)`` or ``FreshnessPolicy.cron(...)``."""

    __slots__ = ()

    @staticmethod
    def time_window(
        fail_window: timedelta, warn_window: timedelta | None = None
    ) -> TimeWindowFreshnessPolicy:
        """An asset is to be updated again before this time has passed, whatever the hour.

        Args:
            fail_window: from this age on it fails; a minute or more.
            warn_window: from this age on it warns; shorter than ``fail_window``.

        Raises:
            InvalidDefinitionError: when a window is no length of time, too short, or the two do not fit.
        """
        return TimeWindowFreshnessPolicy(fail_window, warn_window)

    @staticmethod
    def cron(deadline_cron: str, lower_bound_delta: timedelta, timezone: str = "UTC") -> CronFreshnessPolicy:
        """An asset is to be updated for each deadline, and not too long before it.

        What came late is fresh again until the next deadline.

        Args:
            deadline_cron: the deadlines, as a cron schedule.
            lower_bound_delta: how long before a deadline an update counts for it; a minute or more, and at
                most the time between two deadlines.
            timezone: IANA name of the zone that the schedule speaks of.

        Raises:
            InvalidDefinitionError: when there is no such schedule or time zone, or the time before a deadline
                is too short or too long.
        """
        return CronFreshnessPolicy(deadline_cron, lower_bound_delta, timezone)


def as_length(given: Any, name: str) -> timedelta:
    """A length of time of a minute or more.

    Args:
        given: what a user wrote.
        name: of the argument, for the message.

    Raises:
        InvalidDefinitionError: when it is something else, or shorter.
    """
    if not isinstance(given, timedelta):
        raise InvalidDefinitionError(
            f"{name} wants a length of time such as timedelta(hours=12), found {given!r}."
        )
    if given < _SHORTEST:
        raise InvalidDefinitionError(f"{name} is a minute or more, found {given}. Give a longer time.")
    return given


@frozen
class TimeWindowFreshnessPolicy(FreshnessPolicy):
    """See ``FreshnessPolicy.time_window``."""

    fail_window: timedelta
    warn_window: timedelta | None = None

    def __attrs_post_init__(self) -> None:
        as_length(self.fail_window, "fail_window")
        if self.warn_window is not None and as_length(self.warn_window, "warn_window") >= self.fail_window:
            raise InvalidDefinitionError(
                f"warn_window ({self.warn_window}) is to be shorter than fail_window ({self.fail_window}):"
                " an asset warns before it fails."
            )

    def __str__(self) -> str:
        """In words: ``at most 1 d old, warned of from 12 h on``."""
        warned = "" if self.warn_window is None else f", warned of from {in_words(self.warn_window)} on"
        return f"at most {in_words(self.fail_window)} old{warned}"


@frozen
class CronFreshnessPolicy(FreshnessPolicy):
    """See ``FreshnessPolicy.cron``."""

    deadline_cron: str
    lower_bound_delta: timedelta = field()
    timezone: str = "UTC"

    def __attrs_post_init__(self) -> None:
        check_timezone(self.timezone)
        gap = check_deadlines(self.deadline_cron)
        if as_length(self.lower_bound_delta, "lower_bound_delta") > gap:
            raise InvalidDefinitionError(
                f"lower_bound_delta ({self.lower_bound_delta}) is longer than the time between two deadlines"
                f" of {self.deadline_cron!r} ({gap}): one update would count for both. Give {gap} or less."
            )

    def __str__(self) -> str:
        """In words: ``updated for each '0 10 * * *' (UTC), from 1 h before on``."""
        before = in_words(self.lower_bound_delta)
        return f"updated for each {self.deadline_cron!r} ({self.timezone}), from {before} before on"


def in_words(length: timedelta) -> str:
    """A length of time: ``1 d 12 h``."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((length.days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def check_timezone(given: Any) -> None:
    """Refuse as a time zone what is none.

    Args:
        given: what a user wrote as an IANA name.

    Raises:
        InvalidDefinitionError: when there is no such time zone.
    """
    import_module("penstock.partitions.zones").zone_named(_text(given, "timezone"))


def check_deadlines(given: Any) -> timedelta:
    """Look whether there are such deadlines, and give the shortest time between two of them.

    Args:
        given: what a user wrote as a cron schedule.

    Raises:
        InvalidDefinitionError: when there is no such schedule.
    """
    return import_module("penstock.partitions.ticks").shortest_gap(_text(given, "deadline_cron"))


def _text(given: Any, name: str) -> str:
    if isinstance(given, str):
        return given
    raise InvalidDefinitionError(f"{name} wants a text, found {given!r} ({type(given).__name__}).")


def check_policy(given: Any, owner: str) -> None:
    """Refuse as a freshness policy what is none.

    Args:
        given: what a user wrote.
        owner: whose it is, for the message.

    Raises:
        InvalidDefinitionError: when it is neither a policy nor None.
    """
    if given is not None and not isinstance(given, FreshnessPolicy):
        raise InvalidDefinitionError(
            f"freshness_policy of {owner} wants FreshnessPolicy.time_window(...) or .cron(...),"
            f" found {given!r} ({type(given).__name__})."
        )
