from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    AssetOut,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    Instance,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
    asset,
    materialize,
    multi_asset,
)
from penstock.host.changes import LeftOutBecause, changed_run, runs_for, whole
from penstock.host.planned_ranges import PlannedRange, ranges_in
from penstock.host.staleness import judged
from penstock.partitions.view import View

DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2013-01-05")
WEEKS = WeeklyPartitionsDefinition("2013-01-01", end_date="2013-02-01")


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def one(name, code="1", deps=(), **options):
    return asset(name=name, code_version=code, deps=list(deps), **options)(lambda: None)


def chosen(assets, instance, covered=()):
    graph = Definitions(assets=assets).resolve_asset_graph()
    return changed_run(graph, judged(graph, instance), View(None, instance), covered)


def names(keys):
    return sorted(key.to_user_string() for key in keys)


def left_out(run):
    return {one.key.to_user_string(): one.because for one in run.left_out}


def test_everything_without_partitions_that_changed_fits_one_run(instance):
    materialize([one("a"), one("b", deps=["a"]), one("c")], instance=instance)
    run = chosen([one("a", "2"), one("b", deps=["a"]), one("c")], instance)
    assert names(run.keys) == ["a", "b"]
    assert (run.partitions, run.left_out) == (None, ())


def test_one_partition_fits_a_run(instance):
    assets = [one("a", partitions_def=DAYS), one("b", deps=["a"], partitions_def=DAYS)]
    for day in DAYS.get_partition_keys()[:-1]:
        materialize(assets, partition_key=day, instance=instance)
    run = chosen(assets, instance)
    assert names(run.keys) == ["a", "b"]
    assert run.partitions == PlannedRange("2013-01-04", "2013-01-04", 1)


def test_many_partitions_fit_a_run_when_the_policy_says_so(instance):
    single = BackfillPolicy.single_run()
    run = chosen([one("a", partitions_def=DAYS, backfill_policy=single)], instance)
    assert run.partitions == PlannedRange("2013-01-01", "2013-01-04", 4)
    run = chosen([one("a", partitions_def=DAYS, backfill_policy=BackfillPolicy.multi_run(3))], instance)
    assert (run.keys, left_out(run)) == (frozenset(), {"a": LeftOutBecause.PARTITIONS})


def test_partitions_with_a_gap_are_left_out(instance):
    assets = [one("a", partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())]
    materialize(assets, partition_key="2013-01-02", instance=instance)
    run = chosen(assets, instance)
    (left,) = run.left_out
    assert [span.count for span in left.ranges] == [1, 2]
    assert left.only_missing


def test_what_reads_partitions_that_are_left_out_waits_for_them(instance):
    assets = [one("a", partitions_def=DAYS), one("b", deps=["a"]), one("c", deps=["b"])]
    run = chosen(assets, instance)
    assert left_out(run) == {
        "a": LeftOutBecause.PARTITIONS,
        "b": LeftOutBecause.UPSTREAM,
        "c": LeftOutBecause.UPSTREAM,
    }
    materialize(assets, selection=["b"], instance=instance)
    assert left_out(chosen(assets, instance))["b"] is LeftOutBecause.UPSTREAM


def test_what_has_a_reason_of_its_own_does_not_wait(instance):
    def assets(code):
        return [one("a", partitions_def=DAYS), one("b", code, deps=["a"])]

    materialize(assets("1"), selection=["b"], instance=instance)
    assert names(chosen(assets("2"), instance).keys) == ["b"]


def test_another_definition_of_partitions_is_left_to_another_run(instance):
    single = BackfillPolicy.single_run()
    assets = [
        one("a", partitions_def=DAYS, backfill_policy=single),
        one("b", partitions_def=WEEKS, backfill_policy=single),
    ]
    run = chosen(assets, instance)
    assert names(run.keys) == ["a"]
    assert left_out(run) == {"b": LeftOutBecause.PARTITIONS}


def test_an_asset_of_which_more_is_to_be_made_is_made_in_part(instance):
    policy = BackfillPolicy.single_run()
    assets = [
        one("a", partitions_def=DAYS, backfill_policy=policy),
        one("b", deps=["a"], partitions_def=DAYS),
    ]
    for day in DAYS.get_partition_keys()[:2]:
        materialize(assets, selection=["a"], partition_key=day, instance=instance)
    run = chosen(assets, instance)
    assert names(run.keys) == ["a", "b"]
    assert run.partitions == PlannedRange("2013-01-03", "2013-01-04", 2)
    (left,) = run.left_out
    assert (left.key, [span.count for span in left.ranges]) == (AssetKey("b"), [2])


def test_asked_for_partitions_restrict_the_run(instance):
    assets = [one("a", partitions_def=DAYS), one("b", partitions_def=DAYS)]
    materialize(assets, selection=["a"], partition_key="2013-01-02", instance=instance)
    run = chosen(assets, instance, ["2013-01-02"])
    assert (names(run.keys), run.left_out) == (["b"], ())


def test_functions_that_make_several_assets_make_all_of_them(instance):
    def build(code):
        @multi_asset(outs={"a": AssetOut(code_version=code), "b": AssetOut(code_version="1")})
        def both():
            return 1, 2

        return both

    materialize([build("1")], instance=instance)
    assert names(chosen([build("2")], instance).keys) == ["a", "b"]
    graph = Definitions(assets=[build("1")]).resolve_asset_graph()
    assert names(whole(graph, [AssetKey("a")])) == ["a", "b"]


@pytest.mark.parametrize(("most", "runs"), [(1, 10), (3, 4), (None, 1)])
def test_runs_are_counted_by_the_policy(most, runs):
    graph = Definitions(assets=[one("a", backfill_policy=BackfillPolicy(most))]).resolve_asset_graph()
    assert runs_for(graph, AssetKey("a"), 10) == runs


def test_ranges_of_windows_and_of_listed_keys_are_counted():
    days = DAYS.subset_with_partition_keys(["2013-01-01", "2013-01-02", "2013-01-04"])
    assert [(one.first, one.count) for one in ranges_in(days, View())] == [
        ("2013-01-01", 2),
        ("2013-01-04", 1),
    ]
    letters = StaticPartitionsDefinition(list("abcd")).subset_with_partition_keys("abd")
    assert [(one.last, one.count) for one in ranges_in(letters, View())] == [("b", 2), ("d", 1)]


def test_ranges_of_dynamic_keys_follow_their_order(instance):
    definition = DynamicPartitionsDefinition(name="kinds")
    instance.add_dynamic_partitions("kinds", ["z", "a", "m", "b"])
    subset = definition.subset_with_partition_keys(["z", "a", "b"])
    found = ranges_in(subset, View(None, instance))
    assert [(one.first, one.last, one.count) for one in found] == [("z", "a", 2), ("b", "b", 1)]


def test_ranges_of_several_dimensions_are_boxes():
    definition = MultiPartitionsDefinition(
        {"x": StaticPartitionsDefinition(list("abc")), "y": StaticPartitionsDefinition(list("de"))}
    )
    found = ranges_in(definition.subset_with_all_partitions(), View())
    assert [one.count for one in found] == [6]
