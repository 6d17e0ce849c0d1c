"""Conditions that are ready to use, and the parts of which they are made.

Owns: how ``eager``, ``on_cron``, ``on_missing`` and the named looks at parents are put together. Every
function takes the class ``AutomationCondition``, which stands above. Conditions are values, so each is made
once: ten thousand eager assets share one tree.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def handled(a: Any) -> Any:
    """It was requested or made, or is seen for the first time."""
    return (a.newly_requested() | a.newly_updated() | a.initial_evaluation()).with_label("handled")


@lru_cache(maxsize=1)
def in_progress(a: Any) -> Any:
    """A run or a backfill is to make it."""
    return (a.run_in_progress() | a.backfill_in_progress()).with_label("in_progress")


@lru_cache(maxsize=1)
def newly_missing(a: Any) -> Any:
    """It is missing and was not."""
    return a.missing().newly_true().with_label("newly_missing")


@lru_cache(maxsize=1)
def any_deps_updated(a: Any) -> Any:
    """A parent was updated without it, or is requested."""
    alone = (a.newly_updated() & ~a.executed_with_root_target()).with_label("newly_updated_without_root")
    return a.any_deps_match(alone | a.will_be_requested()).with_label("any_deps_updated")


@lru_cache(maxsize=1)
def any_deps_missing(a: Any) -> Any:
    """A parent is missing and not requested."""
    return a.any_deps_match(a.missing() & ~a.will_be_requested()).with_label("any_deps_missing")


@lru_cache(maxsize=1)
def any_deps_in_progress(a: Any) -> Any:
    """A parent is being made."""
    return a.any_deps_match(a.in_progress()).with_label("any_deps_in_progress")


@lru_cache(maxsize=1)
def blocking_checks_passed(a: Any) -> Any:
    """The blocking checks of all parents passed or are requested."""
    passed = a.all_checks_match(a.check_passed() | a.will_be_requested(), blocking_only=True)
    every = a.all_deps_match(passed.with_label("all_blocking_checks_passed"))
    return every.with_label("all_deps_blocking_checks_passed")


@lru_cache(maxsize=256)
def updated_since_cron(a: Any, schedule: str, timezone: str) -> Any:
    """All parents were updated since a tick, or are requested."""
    updated = a.newly_updated().since(a.cron_tick_passed(schedule, timezone))
    label = f"all_deps_updated_since_cron({schedule}, {timezone})"
    return a.all_deps_match(updated | a.will_be_requested()).with_label(label)


@lru_cache(maxsize=1)
def eager(a: Any) -> Any:
    """A parent was updated, or it has become missing, and nothing is in the way."""
    moved = (a.newly_missing() | a.any_deps_updated()).since_last_handled()
    quiet = ~a.any_deps_missing() & ~a.any_deps_in_progress() & ~a.in_progress()
    return (a.in_latest_time_window() & moved & quiet).with_label("eager")


@lru_cache(maxsize=256)
def on_cron(a: Any, schedule: str, timezone: str) -> Any:
    """A tick passed, and all parents were updated since."""
    ticked = a.cron_tick_passed(schedule, timezone).since_last_handled()
    updated = a.all_deps_updated_since_cron(schedule, timezone)
    return (a.in_latest_time_window() & ticked & updated).with_label(f"on_cron({schedule}, {timezone})")


@lru_cache(maxsize=1)
def on_missing(a: Any) -> Any:
    """It has become missing, and no parent is."""
    gone = a.missing().newly_true().since_last_handled().with_label("missing_since_last_handled")
    return (a.in_latest_time_window() & gone & ~a.any_deps_missing()).with_label("on_missing")
