"""What conditions are made of, and how they are changed."""

from __future__ import annotations

import pickle

import pytest

from penstock import (
    AssetCheckSpec,
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    Definitions,
    InvalidDefinitionError,
    InvalidInvocationError,
    asset,
    map_asset_specs,
)

MISSING, UPDATED = AutomationCondition.missing(), AutomationCondition.newly_updated()


def test_conditions_of_the_same_parts_are_equal():
    assert AutomationCondition.missing() & ~AutomationCondition.newly_updated() == MISSING & ~UPDATED
    assert hash(MISSING | UPDATED) == hash(
        AutomationCondition.missing() | AutomationCondition.newly_updated()
    )
    assert MISSING & UPDATED != UPDATED & MISSING


def test_a_chain_of_the_same_operator_is_one_condition():
    chain = MISSING & UPDATED & AutomationCondition.in_progress()
    assert [one.name for one in chain.children] == ["missing", "newly_updated", "OR"]


def test_a_label_keeps_a_condition_whole():
    chain = (MISSING & UPDATED).with_label("both") & AutomationCondition.execution_failed()
    assert [one.label for one in chain.children] == ["both", None]


def test_a_part_is_replaced_by_its_label_wherever_it_stands():
    eager = AutomationCondition.eager().replace("any_deps_updated", MISSING)
    assert "any_deps_updated" not in _labels(eager)
    assert AutomationCondition.eager().replace("no such thing", MISSING) == AutomationCondition.eager()


def test_a_part_is_replaced_by_its_name_or_itself():
    both = MISSING | ~UPDATED
    assert both.replace("newly_updated", MISSING) == MISSING | ~MISSING
    assert both.replace(UPDATED, MISSING) == MISSING | ~MISSING


def test_an_operand_is_left_out():
    eager = AutomationCondition.eager()
    without = eager.without(AutomationCondition.in_latest_time_window())
    assert "in_latest_time_window" not in {one.name for one in without.children}
    assert without.label == "eager"


def test_what_is_no_operand_cannot_be_left_out():
    with pytest.raises(InvalidInvocationError, match="none of the conditions"):
        AutomationCondition.eager().without(UPDATED)
    with pytest.raises(InvalidInvocationError, match="fewer than two"):
        (MISSING & UPDATED).without(MISSING)


def test_allowed_parents_add_up_and_reach_into_combinations():
    first, second = AssetSelection.keys("a"), AssetSelection.keys("b")
    either = (~AutomationCondition.any_deps_updated() & MISSING).allow(first).allow(second)
    (looking,) = either.children[0].children
    assert looking.allowed == second | first
    assert looking.ignored is None
    assert "allow_selection=" in looking.name


def test_ignored_parents_do_not_reach_what_is_asked_of_parents():
    inner = AutomationCondition.any_deps_match(MISSING)
    outer = AutomationCondition.any_deps_match(inner).ignore(AssetSelection.keys("a"))
    assert outer.ignored == AssetSelection.keys("a")
    assert outer.children == (inner,)


def test_names_say_what_was_given():
    assert AutomationCondition.cron_tick_passed("0 * * * *").name == (
        "cron_tick_passed(cron_schedule=0 * * * *, cron_timezone=UTC)"
    )
    tagged = AutomationCondition.executed_with_tags(tag_keys={"b", "a"}, tag_values={"c": "d"})
    assert tagged.name == "executed_with_tags(tag_keys={a,b}, tag_values={c:d})"
    assert AutomationCondition.asset_matches("raw/orders", MISSING).name == "raw/orders"
    assert AutomationCondition.eager().get_label() == "eager"


def test_a_fingerprint_is_that_of_the_meaning():
    assert MISSING.with_label("gone").fingerprint == MISSING.fingerprint
    looking = AutomationCondition.any_deps_missing()
    assert looking.allow(AssetSelection.keys("a")).fingerprint == looking.fingerprint
    assert MISSING.newly_true().fingerprint != UPDATED.newly_true().fingerprint


@pytest.mark.parametrize("schedule", ["* * * *", "61 * * * *", "often"])
def test_a_schedule_that_is_none_is_refused(schedule):
    with pytest.raises(InvalidDefinitionError, match="cron"):
        AutomationCondition.on_cron(schedule)


def test_what_is_no_condition_is_refused():
    with pytest.raises(InvalidDefinitionError, match="AutomationCondition was wanted"):
        MISSING & "newly_updated"  # type: ignore[operator]


def test_conditions_can_be_pickled():
    eager = AutomationCondition.eager().ignore(AssetSelection.groups("raw"))
    assert pickle.loads(pickle.dumps(eager)) == eager


def test_conditions_are_taken_wherever_assets_and_checks_are_described():
    @asset(automation_condition=MISSING, check_specs=[])
    def made(): ...

    check = AssetCheckSpec("fine", asset="made", automation_condition=UPDATED)
    assert made.automation_conditions_by_key == {made.key: MISSING}
    assert check.automation_condition == UPDATED
    assert AssetSpec("x", automation_condition=MISSING).automation_condition == MISSING


def test_conditions_are_given_to_many_assets_at_once():
    @asset
    def one(): ...

    @asset
    def two(): ...

    def eagerly(spec):
        return spec.replace_attributes(automation_condition=AutomationCondition.eager())

    defs = Definitions(assets=map_asset_specs(eagerly, [one, two]))
    graph = defs.resolve_asset_graph()
    assert {spec.automation_condition for spec in graph.specs} == {AutomationCondition.eager()}


def _labels(condition):
    return {condition.label, *(label for one in condition.children for label in _labels(one))}
