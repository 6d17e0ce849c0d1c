"""How assets stand by their freshness policies: a policy, the last update and a moment give a state.

Owns: ``FreshnessState``, ``Freshness``, ``Update`` and ``freshness_of``. Must not know stores: who asks
brings the last update along. Whether what is stored is still what the code would give is another question,
that of ``staleness``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from penstock.define.freshness import CronFreshnessPolicy, FreshnessPolicy, TimeWindowFreshnessPolicy
from penstock.errors import InvalidInvocationError
from penstock.metadata import MetadataValue
from penstock.metadata.sets import system_key
from penstock.partitions.ticks import last_tick, next_tick
from penstock.values import frozen

LAST_UPDATED_KEY = system_key("last_updated_timestamp")


class FreshnessState(StrEnum):
    """How an asset stands by its freshness policy.

    Without a policy it is ``NOT_APPLICABLE``, and ``UNKNOWN`` until it is updated for the first time.
    """

    PASS = "PASS"  # noqa: S105  # no password
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@frozen
class Update:
    """An asset was updated: it was made, or somebody looked at it.

    Args:
        at: when its data changed; None when who looked at it did not say.
    """

    at: datetime | None


@frozen
class Freshness:
    """How an asset stands, and how long it does.

    Args:
        state: by its policy.
        until: from when on the state is a worse one unless the asset is updated; None when only an update
            changes it.
    """

    state: FreshnessState
    until: datetime | None = None


def freshness_of(policy: FreshnessPolicy | None, last_updated: datetime | None, now: datetime) -> Freshness:
    """How an asset stands by a policy at a moment.

    Args:
        policy: None when it has none.
        last_updated: when the asset was updated last, with a time zone; None for never.
        now: the moment, with a time zone.

    Raises:
        InvalidInvocationError: when a moment has no time zone.
    """
    if policy is None:
        return Freshness(FreshnessState.NOT_APPLICABLE)
    if last_updated is None:
        return Freshness(FreshnessState.UNKNOWN)
    updated, moment = _in_utc(last_updated), _in_utc(now)
    if isinstance(policy, CronFreshnessPolicy):
        return _by_deadline(policy, updated, moment)
    if isinstance(policy, TimeWindowFreshnessPolicy):
        return _by_age(policy, updated, moment)
    return Freshness(FreshnessState.UNKNOWN)


def freshness_state(
    policy: FreshnessPolicy | None, last_updated: datetime | None, now: datetime
) -> FreshnessState:
    """The state alone; arguments and errors as of ``freshness_of``."""
    return freshness_of(policy, last_updated, now).state


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInvocationError(
            f"The moment {moment.isoformat()} has no time zone. Pass a datetime with tzinfo."
        )
    return moment.astimezone(UTC)


def _by_age(policy: TimeWindowFreshnessPolicy, updated: datetime, now: datetime) -> Freshness:
    age = now - updated
    if age >= policy.fail_window:
        return Freshness(FreshnessState.FAIL)
    if policy.warn_window is None or age >= policy.warn_window:
        state = FreshnessState.PASS if policy.warn_window is None else FreshnessState.WARN
        return Freshness(state, updated + policy.fail_window)
    return Freshness(FreshnessState.PASS, updated + policy.warn_window)


def _by_deadline(policy: CronFreshnessPolicy, updated: datetime, now: datetime) -> Freshness:
    schedule, delta, zone = policy.deadline_cron, policy.lower_bound_delta, policy.timezone
    if updated < earliest_for(last_tick(schedule, now, zone), delta):
        return Freshness(FreshnessState.FAIL)
    return Freshness(FreshnessState.PASS, next_tick(schedule, max(now, updated + delta), zone))


def earliest_for(deadline: datetime, delta: timedelta) -> datetime:
    """The earliest moment at which an update counts for a deadline, in UTC: real hours count, not the wall's.

    Args:
        deadline: with a time zone.
        delta: how long before it.
    """
    return deadline.astimezone(UTC) - delta


def updated_at(metadata: Mapping[str, MetadataValue]) -> datetime | None:
    """When data changed, as the metadata of a fact about it says; None when it says nothing.

    Args:
        metadata: of a materialization or an observation.
    """
    value = metadata.get(LAST_UPDATED_KEY)
    seconds = None if value is None else value.value
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        return datetime.fromtimestamp(seconds, UTC)
    return None
