"""Whether an asset was updated in time, as a check says it.

Owns: the verdicts of ``build_last_update_freshness_checks`` and ``build_time_partition_freshness_checks``.
Must not know stores or the clock: who asks brings what is recorded, and the moment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.define.freshness import in_words
from penstock.define.freshness_checks import CHECK_NAME, PARAMS_KEY, Deadline
from penstock.define.results import AssetCheckResult
from penstock.events.sentences import duration
from penstock.keys import AssetKey
from penstock.metadata import JsonMetadataValue, MetadataValue, TimestampMetadataValue
from penstock.metadata.sets import system_key
from penstock.partitions.ticks import last_tick, next_tick
from penstock.plan.freshness import LAST_UPDATED_KEY, Update, earliest_for

LOWER_BOUND_KEY = system_key("freshness_lower_bound_timestamp")
FRESH_UNTIL_KEY = system_key("fresh_until_timestamp")
LATEST_TICK_KEY = system_key("latest_cron_tick_timestamp")

_LONG = timedelta(minutes=1)


def judge_last_update(
    key: AssetKey, deadline: Deadline, update: Update | None, now: datetime
) -> AssetCheckResult:
    """Whether the last update of an asset is late enough.

    Args:
        key: the asset.
        deadline: what the check was told.
        update: the last one, None when there is none.
        now: the moment, with a time zone.
    """
    delta = deadline.lower_bound_delta
    assert delta is not None  # noqa: S101  # this kind of check is always told
    tick = _tick(deadline, now)
    earliest = earliest_for(tick or now, delta)
    at = None if update is None else update.at
    passed = at is not None and at >= earliest
    until = None
    if at is not None and passed:
        until = at + delta if tick is None else _next(deadline, now)
    facts = {LOWER_BOUND_KEY: earliest, LATEST_TICK_KEY: tick, FRESH_UNTIL_KEY: until, LAST_UPDATED_KEY: at}
    return _result(key, deadline, passed, facts, _said_of_update(update, earliest, now))


def _said_of_update(update: Update | None, earliest: datetime, now: datetime) -> str:
    if update is None:
        return "It was never updated: neither made nor observed."
    if update.at is None:
        return f"It was observed, but nothing says when its data changed. Record {LAST_UPDATED_KEY!r}."
    allowed, past = _in_words(now - earliest), _in_words(max(now - update.at, timedelta(0)))
    late = "" if update.at >= earliest else " That is too long ago."
    return f"Its last update was {past} ago; {allowed} are allowed.{late}"


def _in_words(length: timedelta) -> str:
    return in_words(length) if length >= _LONG else duration(length.total_seconds())


def expected_partition(deadline: Deadline, definition: Any, now: datetime) -> str | None:
    """The partition that was due at the last deadline; None when none was yet.

    Args:
        deadline: what the check was told.
        definition: windows of time.
        now: the moment, with a time zone.
    """
    return definition.get_last_partition_key(_tick(deadline, now))


def judge_partition(
    key: AssetKey, deadline: Deadline, expected: str | None, found: tuple[bool, Update | None], now: datetime
) -> AssetCheckResult:
    """Whether the partition that was due is there.

    Args:
        key: the asset.
        deadline: what the check was told.
        expected: the partition that was due, None when none was yet.
        found: whether that partition is there, and the last update of the whole asset.
        now: the moment, with a time zone.
    """
    is_there, update = found
    passed = is_there or expected is None
    facts = {
        LATEST_TICK_KEY: _tick(deadline, now),
        FRESH_UNTIL_KEY: _next(deadline, now) if passed else None,
        LAST_UPDATED_KEY: None if passed or update is None else update.at,
    }
    if expected is None:
        said = "No partition was due yet."
    elif passed:
        said = f"The partition {expected!r}, the last one that was due, is there."
    else:
        nothing = " No other partition is there either." if update is None else ""
        said = f"The partition {expected!r} was due and is not there.{nothing}"
    return _result(key, deadline, passed, facts, said)


def _tick(deadline: Deadline, now: datetime) -> datetime | None:
    schedule = deadline.deadline_cron
    return None if schedule is None else last_tick(schedule, now, deadline.timezone)


def _next(deadline: Deadline, now: datetime) -> datetime | None:
    schedule = deadline.deadline_cron
    return None if schedule is None else next_tick(schedule, now, deadline.timezone)


def _result(
    key: AssetKey, deadline: Deadline, passed: bool, facts: dict[str, datetime | None], said: str
) -> AssetCheckResult:
    metadata: dict[str, MetadataValue] = {PARAMS_KEY: JsonMetadataValue(deadline.params)}
    for name, moment in facts.items():
        if moment is not None:
            metadata[name] = TimestampMetadataValue(moment.astimezone(UTC).timestamp())
    return AssetCheckResult(
        passed=passed,
        asset_key=key,
        check_name=CHECK_NAME,
        severity=deadline.severity,
        description=said,
        metadata=metadata,
    )
