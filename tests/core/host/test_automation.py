"""Conditions of a project, asked against an instance that remembers what was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs.exceptions import FrozenInstanceError

from penstock import (
    AssetCheckResult,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    AutomationResult,
    DailyPartitionsDefinition,
    DataVersion,
    Definitions,
    DynamicPartitionsDefinition,
    FreshnessPolicy,
    Instance,
    InvalidDefinitionError,
    InvalidInvocationError,
    StaticPartitionsDefinition,
    asset,
    asset_check,
    evaluate_automation_conditions,
    materialize,
    multi_asset,
    observable_source_asset,
)

EAGER = AutomationCondition.eager()
A = AutomationCondition


class World:
    """A project and an instance, evaluated step by step."""

    def __init__(self, *assets, checks=(), start=datetime(2024, 1, 10, 0, 30, tzinfo=UTC)):
        self.defs = Definitions(assets=list(assets), asset_checks=list(checks))
        self.instance = Instance.ephemeral()
        self.now, self.cursor, self.result = start, None, None

    def tick(self, after=timedelta(minutes=1), defs=None):
        self.now += after
        self.result = evaluate_automation_conditions(
            defs or self.defs, self.instance, evaluation_time=self.now, cursor=self.cursor
        )
        self.cursor = self.result.cursor
        return {
            (entity.to_user_string(), partition)
            for entity in self.result.requested
            for partition in self.result.get_requested_partitions(entity)
        }

    def report(self, name, partition=None, version=None):
        tags = {"penstock/data_version": version} if version else None
        self.instance.report_runless_asset_event(AssetMaterialization(name, partition=partition, tags=tags))


@pytest.fixture
def worlds():
    made = []

    def make(*assets, **options):
        made.append(World(*assets, **options))
        return made[-1]

    yield make
    for world in made:
        world.instance.close()


def made(name, *, deps=(), condition=None, partitions=None, code_version=None):
    @asset(
        name=name,
        deps=list(deps),
        automation_condition=condition,
        partitions_def=partitions,
        code_version=code_version,
    )
    def made_by(): ...

    return made_by


def test_an_eager_root_that_is_missing_from_the_start_is_left_alone(worlds):
    world = worlds(made("root", condition=EAGER))
    assert world.tick() == set()
    assert world.tick() == set()


def test_an_eager_asset_follows_what_a_run_made_and_not_what_the_run_makes_with_it(worlds):
    parent, child = made("parent"), made("child", deps=["parent"], condition=EAGER)
    world = worlds(parent, child)
    world.tick()
    materialize([parent, child], instance=world.instance)
    assert world.tick() == set()
    materialize([parent], instance=world.instance)
    assert world.tick() == {("child", None)}


def test_a_request_of_one_is_a_request_of_all_that_are_made_with_it(worlds):
    @multi_asset(specs=[AssetSpec("one", deps=["source"], automation_condition=EAGER), AssetSpec("two")])
    def both(): ...

    world = worlds(made("source"), both)
    world.tick()
    world.report("source")
    assert world.tick() == {("one", None), ("two", None)}
    assert world.result.total_requested == 1


def test_a_dynamic_partition_that_is_added_is_newly_missing(worlds):
    keys = DynamicPartitionsDefinition(name="customers")
    world = worlds(made("orders", partitions=keys, condition=A.on_missing()))
    world.instance.add_dynamic_partitions("customers", ["a"])
    assert world.tick() == set()
    world.instance.add_dynamic_partitions("customers", ["b"])
    assert world.tick() == {("orders", "b")}
    assert world.tick() == set()


def test_a_listed_partition_that_is_added_is_newly_missing(worlds):
    before = made("orders", partitions=StaticPartitionsDefinition(["a", "c"]), condition=A.on_missing())
    after = made("orders", partitions=StaticPartitionsDefinition(["a", "b", "c"]), condition=A.on_missing())
    world = worlds(before)
    world.tick()
    assert world.tick(defs=Definitions(assets=[after])) == {("orders", "b")}


def test_the_newest_days_can_be_several(worlds):
    days = DailyPartitionsDefinition("2024-01-01")
    world = worlds(made("days", partitions=days, condition=A.in_latest_time_window(timedelta(days=3))))
    assert world.tick() == {("days", f"2024-01-0{day}") for day in (7, 8, 9)}


def test_a_change_of_code_is_seen_once(worlds):
    world = worlds(made("thing", code_version="1", condition=A.code_version_changed()))
    assert world.tick() == set()
    changed = Definitions(assets=[made("thing", code_version="2", condition=A.code_version_changed())])
    assert world.tick(defs=changed) == {("thing", None)}
    assert world.tick(defs=changed) == set()


@pytest.mark.parametrize("partition", [None, "a"])
@pytest.mark.parametrize(
    ("versions", "wanted"),
    [
        ([None, None], [False, False]),
        (["1", "1", "2"], [True, False, True]),
        ([None, "1", "1"], [False, True, False]),
    ],
)
def test_a_data_version_has_changed_when_it_is_another_one(worlds, partition, versions, wanted):
    partitions = None if partition is None else StaticPartitionsDefinition(["a", "b"])
    world = worlds(made("thing", partitions=partitions, condition=A.data_version_changed()))
    world.tick()
    for version, changed in zip(versions, wanted, strict=True):
        world.report("thing", partition, version)
        assert world.tick() == ({("thing", partition)} if changed else set())
    assert world.tick() == set()


def test_a_partition_keeps_the_version_that_was_said_last(worlds):
    partitions = StaticPartitionsDefinition(["a", "b"])
    world = worlds(made("thing", partitions=partitions, condition=A.data_version_changed()))
    world.tick()
    for version, changed in (("1", True), (None, False), ("1", False), ("2", True)):
        world.report("thing", "a", version)
        assert bool(world.tick()) is changed


def test_what_is_observed_is_updated_when_its_version_changes(worlds):
    @observable_source_asset
    def source():
        return DataVersion("1")

    world = worlds(source, made("child", deps=["source"], condition=A.any_deps_updated()))
    world.tick()
    for version, changed in (("1", True), ("1", False), ("2", True)):
        observation = AssetObservation("source", tags={"penstock/data_version": version})
        world.instance.report_runless_asset_event(observation)
        assert bool(world.tick()) is changed


def test_ignored_parents_do_not_count(worlds):
    eager = EAGER.ignore(AssetSelection.keys("other"))
    world = worlds(made("parent"), made("other"), made("child", deps=["parent", "other"], condition=eager))
    world.tick()
    world.report("other")
    assert world.tick() == set()
    world.report("parent")
    assert world.tick() == {("child", None)}


def test_a_parent_is_asked_for_when_something_downstream_would_be(worlds):
    world = worlds(
        made("root"),
        made("middle", deps=["root"], condition=A.any_downstream_conditions()),
        made("leaf", deps=["middle"], condition=EAGER),
    )
    world.tick()
    world.report("root")
    assert world.tick() == {("middle", None), ("leaf", None)}


def test_a_failed_check_is_seen(worlds):
    @asset(automation_condition=A.any_checks_match(A.check_failed()))
    def thing(): ...

    @asset_check(asset=thing)
    def fine():
        return AssetCheckResult(passed=False)

    world = worlds(thing, checks=[fine])
    assert world.tick() == set()
    materialize([thing, fine], instance=world.instance)
    assert world.tick() == {("thing", None)}
    world.report("thing")
    assert world.tick() == set()


def test_what_is_requested_of_a_check_is_told():
    @asset
    def thing(): ...

    @asset_check(asset=thing, automation_condition=A.missing())
    def fine(): ...

    with Instance.ephemeral() as instance:
        result = evaluate_automation_conditions(Definitions(assets=[thing], asset_checks=[fine]), instance)
    assert result.get_requested_partitions(fine.check_key) == {None}
    assert (result.get_num_requested(fine.check_key), result.total_requested) == (1, 1)


def test_a_failed_run_is_seen_until_a_run_makes_it(worlds):
    fails = [True]

    @asset(automation_condition=A.execution_failed())
    def thing():
        if fails:
            raise ValueError(fails.pop())

    world = worlds(thing)
    assert world.tick() == set()
    materialize([thing], instance=world.instance, raise_on_error=False)
    assert world.tick() == {("thing", None)}
    materialize([thing], instance=world.instance)
    assert world.tick() == set()


def test_the_tags_of_runs_are_seen(worlds):
    thing = made("thing", condition=A.executed_with_tags(tag_values={"team": "a"}))
    world = worlds(thing)
    materialize([thing], instance=world.instance, tags={"team": "b"})
    assert world.tick() == set()
    materialize([thing], instance=world.instance, tags={"team": "a"})
    assert world.tick() == {("thing", None)}


def test_only_selected_conditions_are_asked_and_others_remembered(worlds):
    world = worlds(made("one", condition=A.newly_updated()), made("two", condition=A.newly_updated()))
    world.tick()
    world.report("one")
    world.report("two")
    some = evaluate_automation_conditions(
        world.defs, world.instance, AssetSelection.keys("one"), world.now, world.cursor
    )
    assert some.get_num_requested("one") == 1
    assert some.get_num_requested("two") == 0
    world.cursor = some.cursor
    assert world.tick() == {("two", None)}


def test_freshness_is_asked_at_the_moment_of_the_evaluation(worlds):
    @asset(
        freshness_policy=FreshnessPolicy.time_window(timedelta(hours=2), timedelta(hours=1)),
        automation_condition=A.freshness_warned() | A.freshness_failed(),
    )
    def thing(): ...

    world = worlds(thing, start=datetime.now(UTC))
    assert world.tick() == set()
    world.report("thing")
    assert world.tick() == set()
    assert world.tick(timedelta(minutes=70)) == {("thing", None)}
    assert world.result.results[0].child_results[0].true_subset
    assert world.tick(timedelta(hours=3)) == {("thing", None)}
    assert not world.result.results[0].child_results[0].true_subset


def test_results_say_what_held(worlds):
    world = worlds(made("thing", condition=A.missing() & ~A.newly_updated()))
    world.tick()
    (result,) = world.result.results
    assert result.key == AssetKey("thing")
    assert [len(one.true_subset) for one in result.child_results] == [1, 1]


def test_what_is_no_cursor_is_refused(worlds):
    world = worlds(made("thing", condition=EAGER))
    for text in ("", "{}", '{"v":99,"of":{},"forms":[]}', '{"v":1,"of":{"[1]":3},"forms":[]}'):
        with pytest.raises(InvalidInvocationError, match="no cursor"):
            evaluate_automation_conditions(world.defs, world.instance, cursor=text)


# ---- conditions of one's own -------------------------------------------------------------------


class EvenDays(AutomationCondition):
    """Holds on even days; keeps how often it was asked."""

    def __init__(self, odd=False):
        self.odd = odd

    def evaluate(self, context):
        count = int(context.cursor or 0) + 1
        holds = (context.evaluation_time.day % 2 == 1) is self.odd
        subset = context.candidate_subset if holds else context.get_empty_subset()
        return AutomationResult(context, subset, cursor=str(count))


class Changed(AutomationCondition):
    """Holds where another condition holds now and did not before."""

    def evaluate(self, context):
        inner = context.evaluate_child(A.missing())
        before = context.previous_true_subset or context.get_empty_subset()
        assert context.instance is not None
        return AutomationResult(context, inner.true_subset - before, child_results=[inner])


def test_a_condition_of_ones_own_is_asked(worlds):
    world = worlds(made("thing", condition=EvenDays() & A.missing()))
    assert world.tick() == {("thing", None)}
    assert world.tick(timedelta(days=1)) == set()
    assert world.tick(timedelta(days=1)) == {("thing", None)}
    assert '"3"' in world.cursor


def test_a_condition_of_ones_own_may_ask_others_and_remember(worlds):
    partitions = StaticPartitionsDefinition(["a", "b"])
    world = worlds(made("thing", partitions=partitions, condition=Changed()))
    assert world.tick() == {("thing", "a"), ("thing", "b")}
    assert world.tick() == set()
    (result,) = world.result.results
    assert [one.condition.name for one in result.child_results] == ["missing"]
    assert result.condition.name == "Changed"


def test_conditions_of_ones_own_differ_by_what_they_keep():
    assert EvenDays(odd=True) != EvenDays(odd=False)
    assert EvenDays() == EvenDays()
    assert len({EvenDays(), EvenDays(), EvenDays(odd=True)}) == 2
    labelled = EvenDays(odd=True).with_label("odd")
    assert (labelled.label, labelled.odd) == ("odd", True)
    assert (EvenDays() | A.missing()).replace("EvenDays", A.missing()) == A.missing() | A.missing()


def test_a_condition_that_is_given_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        A.missing().label = "other"


def test_what_is_no_result_is_refused(worlds):
    class Odd(AutomationCondition):
        def evaluate(self, context):
            return True

    world = worlds(made("thing", condition=Odd()))
    with pytest.raises(InvalidDefinitionError, match="AutomationResult"):
        world.tick()
