"""Conditions asked about sets of partitions come to what a slow judge finds for each partition by itself."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import AssetKey, AssetSelection, AutomationCondition
from penstock.automation.condition_facts import Work

sys.path.insert(0, str(Path(__file__).parent))

from condition_worlds import FEW, MANY, Event, Judge, Moment, World, log_of, requests

A = AutomationCondition
HOUR = "0 * * * *"

LEAVES = st.sampled_from(
    [
        A.missing(),
        A.newly_updated(),
        A.newly_requested(),
        A.will_be_requested(),
        A.initial_evaluation(),
        A.newly_missing(),
        A.in_progress(),
        A.execution_failed(),
        A.data_version_changed(),
        A.code_version_changed(),
        A.in_latest_time_window(),
        A.cron_tick_passed(HOUR),
        A.executed_with_root_target(),
        A.executed_with_tags(tag_keys={"x"}),
        A.all_new_updates_have_run_tags(tag_keys={"x"}),
        A.any_new_update_has_run_tags(tag_keys={"x"}),
        A.eager(),
        A.on_missing(),
        A.on_cron(HOUR),
        A.any_deps_updated(),
        A.all_deps_updated_since_cron(HOUR),
    ]
)


def grown(conditions):
    """Conditions made of others."""
    return st.one_of(
        st.tuples(conditions, conditions).map(lambda two: two[0] & two[1]),
        st.tuples(conditions, conditions).map(lambda two: two[0] | two[1]),
        st.tuples(conditions, conditions).map(lambda two: two[0].since(two[1])),
        conditions.map(lambda one: ~one),
        conditions.map(AutomationCondition.newly_true),
        conditions.map(AutomationCondition.since_last_handled),
        conditions.map(A.any_deps_match),
        conditions.map(A.all_deps_match),
    )


CONDITIONS = st.recursive(LEAVES, grown, max_leaves=6)


@st.composite
def worlds(draw):
    """Up to four assets, each reading some of those before it, and up to five moments."""
    count = draw(st.integers(1, 4))
    definitions = tuple(draw(st.sampled_from([None, FEW, FEW, MANY])) for _ in range(count))
    parents = tuple(
        frozenset(draw(st.sets(st.integers(0, place - 1), max_size=3))) if place else frozenset()
        for place in range(count)
    )
    pairs = [
        (f"n{place}", key) for place, one in enumerate(definitions) for key in (one.keys if one else (None,))
    ]
    names = st.sampled_from([f"n{place}" for place in range(count)])
    tags = st.sampled_from([{}, {"x": "1"}])
    runs = {
        run: Work(draw(tags), frozenset(map(AssetKey, draw(st.sets(names, max_size=2)))))
        for run in ("r", "s")
    }
    events = st.builds(
        lambda pair, run, version: Event(*pair, run, version),
        st.sampled_from(pairs),
        st.sampled_from(["", "r", "s", "gone"]),
        st.sampled_from([None, "1", "2"]),
    )
    moments, at = [], 1_700_000_000.0
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.sampled_from([30.0, 600.0, 3600.0]))
        moments.append(
            Moment(
                at=at,
                events=tuple(draw(st.lists(events, max_size=4))),
                running=draw(st.frozensets(st.sampled_from(pairs), max_size=2)),
                failed=draw(st.frozensets(st.sampled_from(pairs), max_size=2)),
                codes=tuple(draw(st.sampled_from("12")) for _ in range(count)),
            )
        )
    conditions = tuple(draw(st.none() | CONDITIONS) for _ in range(count))
    return World(definitions, parents, conditions, runs, tuple(moments))


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_sets_of_partitions_are_asked_as_each_partition_would_be(world):
    assert requests(world) == Judge(world).requests()


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_an_asset_whose_condition_is_asked_of_others_in_vain_changes_nothing(world):
    """What stands beside a condition, and is never true, has no influence."""
    never = A.missing() & ~A.missing()
    beside = World(
        world.definitions,
        world.parents,
        tuple(one and one | never.since(never) for one in world.conditions),
        world.runs,
        world.moments,
    )
    assert requests(beside) == requests(world)


def test_a_change_of_allowed_parents_forgets_nothing():
    """What is remembered does not hang on which parents are looked at."""

    def world(condition):
        moments = (
            Moment(1_700_000_000.0, codes=("1", "1")),
            Moment(1_700_000_060.0, (Event("n0", None, ""),), codes=("1", "1")),
            Moment(1_700_000_120.0, codes=("1", "1")),
        )
        return World((None, None), (frozenset(), frozenset({0})), (None, condition), {}, moments)

    updated = A.any_deps_updated().since(A.newly_updated())
    narrowed = updated.allow(AssetSelection.keys("n0"))
    assert updated.fingerprint == narrowed.fingerprint
    assert requests(world(narrowed)) == [set(), {("n1", None)}, {("n1", None)}]


def test_the_log_of_a_world_grows():
    world = World((None,), (frozenset(),), (None,), {}, (Moment(1.0, (Event("n0", None, ""),)), Moment(2.0)))
    assert len(log_of(world, 0)) == len(log_of(world, 1)) == 1


def test_of_two_that_come_to_hold_at_once_the_later_one_counts():
    """An update between two evaluations counts when the tick between them came before it."""
    hour = 1_700_002_800.0
    condition = A.newly_updated().since(A.cron_tick_passed(HOUR))

    def asked(at):
        moments = (
            Moment(hour - 60, codes=("1",)),
            Moment(at, (Event("n0", None, ""),), codes=("1",)),
        )
        world = World((None,), (frozenset(),), (condition,), {}, moments)
        assert requests(world) == Judge(world).requests()
        return requests(world)[-1]

    assert asked(hour + 60) == {("n0", None)}
    assert asked(hour + 0.25) == set()


def test_the_moments_of_parents_reach_what_reads_them():
    hour = 1_700_002_800.0
    condition = A.any_deps_match(A.newly_updated()).since(A.cron_tick_passed(HOUR))
    moments = (
        Moment(hour - 60, codes=("1", "1")),
        Moment(hour + 60, (Event("n0", "p", ""),), codes=("1", "1")),
    )
    world = World((MANY, FEW), (frozenset(), frozenset({0})), (None, condition), {}, moments)
    assert requests(world) == Judge(world).requests() == [set(), {("n1", "a")}]
