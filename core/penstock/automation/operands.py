"""What the operands of conditions mean: each rule says for which partitions one holds.

Owns: ``OPERANDS``. Rules look at facts, and at what is remembered of the evaluation before; they combine
nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from penstock.automation.asking import Ask, Found, Situation
from penstock.automation.condition_facts import Update, Verdict, Work
from penstock.automation.times import Times
from penstock.automation.windows import latest_windows
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.ticks import last_tick
from penstock.plan.freshness import FreshnessState, freshness_state

_TIMED = 100
"""Of more partitions than that, made since the evaluation before, the moment of each is not told."""


# ---- what holds ------------------------------------------------------------------------------------


def _missing(now: Situation, ask: Ask) -> Found:
    if isinstance(ask.entity, AssetCheckKey):
        return Found(ask.candidates - now.scene.existing(ask.entity, _valid_verdicts(now, ask.entity)))
    return Found(ask.candidates - now.facts.made(ask.entity))


def _running(now: Situation, ask: Ask) -> Found:
    if isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    return Found(now.facts.running(ask.entity))


def _backfilling(now: Situation, ask: Ask) -> Found:
    if isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    return Found(now.facts.backfilling(ask.entity))


def _failed(now: Situation, ask: Ask) -> Found:
    if isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    return Found(now.facts.failed(ask.entity))


def _check_passed(now: Situation, ask: Ask) -> Found:
    return _checked(now, ask, wanted=True)


def _check_failed(now: Situation, ask: Ask) -> Found:
    return _checked(now, ask, wanted=False)


def _checked(now: Situation, ask: Ask, *, wanted: bool) -> Found:
    if not isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    valid = _valid_verdicts(now, ask.entity)
    keys = [partition for partition, verdict in valid.items() if verdict.passed is wanted]
    return Found(now.scene.existing(ask.entity, keys))


def _valid_verdicts(now: Situation, check: AssetCheckKey) -> Mapping[str | None, Verdict]:
    """The evaluations of a check that are about what is there now, by partition."""
    found = now.facts.verdicts(check)
    if not found:
        return found
    partitions = [key for key in found if key is not None]
    made = dict(now.facts.latest(check.asset_key, partitions)) if partitions else {}
    if None in found:
        made.update(now.facts.latest(check.asset_key))
    return {key: one for key, one in found.items() if _is_about(one, made.get(key))}


def _is_about(verdict: Verdict, made: Update | None) -> bool:
    """Whether a check was evaluated on what is there now."""
    return made is None or made.id < verdict.id or bool(made.run_id and made.run_id == verdict.run_id)


def _in_latest_window(now: Situation, ask: Ask) -> Found:
    lookback: timedelta | None = ask.condition.arguments[0] if ask.condition.arguments else None
    definition = now.scene.definition(ask.entity)
    found = latest_windows(definition, lookback, now.scene.view)
    return Found(ask.candidates if found is None else found)


def _fresh(now: Situation, ask: Ask) -> Found:
    policy = (
        None if isinstance(ask.entity, AssetCheckKey) else now.scene.graph.spec(ask.entity).freshness_policy
    )
    if policy is None or isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    state = freshness_state(policy, now.facts.updated_at(ask.entity), datetime.fromtimestamp(now.at, UTC))
    holds = state is _STATES[ask.condition.kind]
    return Found(ask.candidates if holds else now.scene.nothing(ask.entity))


_STATES = {
    "freshness_passed": FreshnessState.PASS,
    "freshness_warned": FreshnessState.WARN,
    "freshness_failed": FreshnessState.FAIL,
}


def _with_tags(now: Situation, ask: Ask) -> Found:
    return _by_run(now, ask, lambda work: _has_tags(work, ask))


def _with_root(now: Situation, ask: Ask) -> Found:
    root = ask.root.entity
    if root == ask.entity:  # reads itself: one run makes other partitions of it than it reads
        return Found(now.scene.nothing(ask.entity))
    return _by_run(now, ask, lambda work: root in work.makes or root in work.checks)


def _by_run(now: Situation, ask: Ask, fits: Callable[[Work], bool]) -> Found:
    """The candidates that were made last by a run that fits."""
    if isinstance(ask.entity, AssetCheckKey):
        made = {key: one.run_id for key, one in now.facts.verdicts(ask.entity).items()}
    elif now.scene.is_partitioned(ask.entity):
        latest = now.facts.latest(ask.entity, list(ask.candidates))
        made = {key: one.run_id for key, one in latest.items()}
    else:
        made = {key: one.run_id for key, one in now.facts.latest(ask.entity).items()}
    runs = now.facts.runs({run for run in made.values() if run})
    keys = [key for key, run in made.items() if run in runs and fits(runs[run])]
    return Found(now.scene.existing(ask.entity, keys))


def _has_tags(work: Work, ask: Ask) -> bool:
    keys, values = ask.condition.arguments
    return all(key in work.tags for key in keys or ()) and all(
        work.tags.get(key) == value for key, value in values or ()
    )


# ---- what happened since the evaluation before -----------------------------------------------------


def _initial(now: Situation, ask: Ask) -> Found:
    return Found(ask.candidates if ask.root.before is None else now.scene.nothing(ask.entity))


def _requested_before(now: Situation, ask: Ask) -> Found:
    memory = now.before.get(ask.entity)
    if memory is None or memory.requested.is_empty:
        return Found(now.scene.nothing(ask.entity))
    before = ask.root.before
    return Found(memory.requested, (), () if before is None else ((before.at, memory.requested),))


def _will_be_requested(now: Situation, ask: Ask) -> Found:
    requested = now.requested.get(ask.entity)
    if requested is None or not now.scene.in_one_run(ask.root.entity, ask.entity):
        return Found(now.scene.nothing(ask.entity))
    return Found(requested)


def _updated(now: Situation, ask: Ask) -> Found:
    before = ask.root.before
    if before is None:
        return Found(now.scene.nothing(ask.entity))
    if isinstance(ask.entity, AssetCheckKey):
        keys = [key for key, one in now.facts.verdicts(ask.entity).items() if one.id > before.head]
        return Found(now.scene.existing(ask.entity, keys))
    updates = now.facts.updates(ask.entity, before.head)
    newest = {one.partition if now.scene.is_partitioned(ask.entity) else None: one for one in updates}
    if newest and now.scene.is_observed(ask.entity):
        changed = frozenset(now.facts.changed(ask.entity, before.head))
        newest = {key: one for key, one in newest.items() if key in changed}
    subset = now.scene.existing(ask.entity, newest)
    return Found(subset, (), _moments(now, ask.entity, newest, subset))


def _moments(
    now: Situation, key: AssetKey, newest: Mapping[str | None, Update], subset: PartitionsSubset
) -> Times:
    if subset.is_empty:
        return ()
    if len(subset) > _TIMED:
        return ((now.at, subset),)
    keys: dict[float, list[str | None]] = {}
    for partition, one in newest.items():
        keys.setdefault(one.at, []).append(partition)
    return tuple((at, now.scene.existing(key, some)) for at, some in keys.items())


def _data_changed(now: Situation, ask: Ask) -> Found:
    before = ask.root.before
    if before is None or isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    return Found(now.scene.existing(ask.entity, now.facts.changed(ask.entity, before.head)))


def _code_changed(now: Situation, ask: Ask) -> Found:
    entity = ask.entity
    if isinstance(entity, AssetCheckKey):
        return Found(now.scene.nothing(entity))
    code = ask.root.codes[entity] = now.scene.graph.spec(entity).code_version
    before = None if ask.root.before is None else ask.root.before.codes.get(entity)
    return Found(ask.candidates if before not in (None, code) else now.scene.nothing(entity))


def _ticked(now: Situation, ask: Ask) -> Found:
    schedule, timezone = ask.condition.arguments
    before = ask.root.before
    tick = last_tick(schedule, datetime.fromtimestamp(now.at, UTC), timezone).timestamp()
    if before is None or tick < before.at:
        return Found(now.scene.nothing(ask.entity))
    return Found(ask.candidates, (), ((tick, ask.candidates),))


def _all_tagged(now: Situation, ask: Ask) -> Found:
    return _newly_tagged(now, ask, all)


def _any_tagged(now: Situation, ask: Ask) -> Found:
    return _newly_tagged(now, ask, any)


def _newly_tagged(now: Situation, ask: Ask, enough: Callable[[Collection[bool]], bool]) -> Found:
    before = ask.root.before
    if before is None or isinstance(ask.entity, AssetCheckKey):
        return Found(now.scene.nothing(ask.entity))
    by_partition: dict[str | None, set[str]] = {}
    for one in now.facts.updates(ask.entity, before.head):
        by_partition.setdefault(one.partition, set()).add(one.run_id)
    runs = now.facts.runs({run for some in by_partition.values() for run in some if run})
    fits = {run for run, work in runs.items() if _has_tags(work, ask)}
    keys = [key for key, some in by_partition.items() if enough([run in fits for run in some])]
    return Found(now.scene.existing(ask.entity, keys))


OPERANDS: Mapping[str, Callable[[Situation, Ask], Found]] = {
    "missing": _missing,
    "run_in_progress": _running,
    "backfill_in_progress": _backfilling,
    "execution_failed": _failed,
    "check_passed": _check_passed,
    "check_failed": _check_failed,
    **dict.fromkeys(_STATES, _fresh),
    "in_latest_time_window": _in_latest_window,
    "executed_with_tags": _with_tags,
    "executed_with_root_target": _with_root,
    "initial_evaluation": _initial,
    "newly_requested": _requested_before,
    "will_be_requested": _will_be_requested,
    "newly_updated": _updated,
    "data_version_changed": _data_changed,
    "code_version_changed": _code_changed,
    "cron_tick_passed": _ticked,
    "all_new_updates_have_run_tags": _all_tagged,
    "any_new_update_has_run_tags": _any_tagged,
}
