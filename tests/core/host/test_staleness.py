from __future__ import annotations

import pytest

from penstock import (
    AllPartitionMapping,
    AssetCheckResult,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetOut,
    AssetSpec,
    BackfillPolicy,
    DailyPartitionsDefinition,
    DataVersion,
    DataVersionsByPartition,
    Definitions,
    DynamicPartitionsDefinition,
    Instance,
    LastPartitionMapping,
    MaterializeResult,
    Output,
    PartitionKeyRange,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
    asset_check,
    define_asset_job,
    materialize,
    multi_asset,
    observable_source_asset,
)
from penstock.host.staleness import judged, stale_keys
from penstock.plan.staleness import StaleCauseKind, StaleStatus

DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2013-01-11")
WEEKS = WeeklyPartitionsDefinition("2013-01-01", end_date="2013-01-15", day_offset=2)
BACK = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def verdicts(assets, instance):
    found = judged(Definitions(assets=list(assets)).resolve_asset_graph(), instance)
    return {key.to_user_string(): verdict for key, verdict in found.items()}


def statuses(assets, instance):
    return {name: one.status.name.lower() for name, one in verdicts(assets, instance).items()}


def kinds(assets, instance, name):
    return [cause.kind for cause in verdicts(assets, instance)[name].causes]


def groups(assets, instance, name):
    """Status → the partitions that have it."""
    found: dict[str, list[str]] = {}
    for group in verdicts(assets, instance)[name].groups:
        found.setdefault(group.status.name.lower(), []).extend(group.subset.get_partition_keys())
    return {status: sorted(keys) for status, keys in found.items()}


def one(name, code=None, deps=(), gives=None, **options):
    """An asset that reads others by their names and may say its data version."""

    @asset(name=name, code_version=code, deps=list(deps), **options)
    def made():
        return Output(1, data_version=DataVersion(gives)) if gives else 1

    return made


def watch(source, instance):
    """Look at a source once."""
    defs = Definitions(assets=[source], jobs=[define_asset_job("watch", selection=[source])])
    assert defs.resolve_job_def("watch").execute_in_process(instance=instance).success


# ---- without partitions ----------------------------------------------------------------------------


def test_what_was_never_made_is_missing(instance):
    found = verdicts([one("raw"), one("clean", deps=["raw"])], instance)
    assert [v.status for v in found.values()] == [StaleStatus.MISSING, StaleStatus.MISSING]
    assert [cause.kind for cause in found["clean"].causes] == [StaleCauseKind.NEVER_MADE]


def test_what_was_made_is_fresh(instance):
    assets = [one("raw"), one("clean", deps=["raw"])]
    materialize(assets, instance=instance)
    assert statuses(assets, instance) == {"raw": "fresh", "clean": "fresh"}


def test_a_change_of_code_is_passed_on_with_its_root(instance):
    rest = [one("clean", "1", ["raw"]), one("report", "1", ["clean"])]
    materialize([one("raw", "1"), *rest], instance=instance)
    found = verdicts([one("raw", "2"), *rest], instance)
    (own,) = found["raw"].causes
    assert (own.kind, own.before, own.now) == (StaleCauseKind.CODE_CHANGED, "1", "2")
    (passed,) = found["report"].causes
    assert (passed.kind, passed.dependency) == (StaleCauseKind.UPSTREAM_STALE, AssetKey("clean"))
    assert (passed.root, passed.root_kind) == (AssetKey("raw"), StaleCauseKind.CODE_CHANGED)


def test_an_equal_data_version_makes_nothing_stale(instance):
    assets = [one("raw", "1"), one("clean", "1", ["raw"])]
    materialize(assets, instance=instance)
    materialize(assets, selection=["raw"], instance=instance)
    assert statuses(assets, instance)["clean"] == "fresh"


def test_without_a_code_version_everything_that_is_made_is_new(instance):
    assets = [one("raw"), one("clean", "1", ["raw"])]
    materialize(assets, instance=instance)
    materialize(assets, selection=["raw"], instance=instance)
    (cause,) = verdicts(assets, instance)["clean"].causes
    assert (cause.kind, cause.dependency) == (StaleCauseKind.UPSTREAM_NEWER, AssetKey("raw"))
    assert cause.before != cause.now
    assert cause.at is not None


def test_a_data_version_that_the_code_gives_decides(instance):
    clean = one("clean", "1", ["raw"])
    materialize([one("raw", gives="v1"), clean], instance=instance)
    materialize([one("raw", gives="v1")], instance=instance)
    assert statuses([one("raw"), clean], instance)["clean"] == "fresh"
    materialize([one("raw", gives="v2")], instance=instance)
    (cause,) = verdicts([one("raw"), clean], instance)["clean"].causes
    assert (cause.before, cause.now) == ("v1", "v2")


def test_a_version_that_came_back_is_no_change(instance):
    clean = one("clean", "1", ["raw"])
    materialize([one("raw", gives="v1"), clean], instance=instance)
    for version in ("v2", "v1"):
        materialize([one("raw", gives=version)], instance=instance)
    assert statuses([one("raw"), clean], instance)["clean"] == "fresh"


def test_a_dependency_that_was_added_is_told(instance):
    materialize([one("raw"), one("other"), one("clean", "1", ["raw"])], instance=instance)
    now = [one("raw"), one("other"), one("clean", "1", ["raw", "other"])]
    assert kinds(now, instance, "clean") == [StaleCauseKind.DEPENDENCY_ADDED]


def test_a_dependency_that_was_removed_is_told(instance):
    materialize([one("raw"), one("other"), one("clean", "1", ["raw", "other"])], instance=instance)
    now = [one("raw"), one("other"), one("clean", "1", ["raw"])]
    (cause,) = verdicts(now, instance)["clean"].causes
    assert (cause.kind, cause.dependency) == (StaleCauseKind.DEPENDENCY_REMOVED, AssetKey("other"))


def test_a_try_that_failed_is_told_until_one_succeeds(instance):
    broken = [True]

    @asset(code_version="1")
    def raw():
        if broken:
            raise ValueError("no")

    assert not materialize([raw], instance=instance, raise_on_error=False).success
    assert kinds([raw], instance, "raw") == [StaleCauseKind.NEVER_MADE, StaleCauseKind.LAST_TRY_FAILED]
    broken.clear()
    materialize([raw], instance=instance)
    assert statuses([raw], instance) == {"raw": "fresh"}
    broken.append(True)
    materialize([raw], instance=instance, raise_on_error=False)
    assert kinds([raw], instance, "raw") == [StaleCauseKind.LAST_TRY_FAILED]


def test_a_try_that_failed_is_forgotten_when_the_asset_is_reported_as_made(instance):
    @asset(code_version="1")
    def raw():
        raise ValueError("no")

    instance.report_runless_asset_event(AssetMaterialization("raw"))
    materialize([raw], instance=instance, raise_on_error=False)
    assert StaleCauseKind.LAST_TRY_FAILED in kinds([raw], instance, "raw")
    instance.report_runless_asset_event(AssetMaterialization("raw"))
    assert StaleCauseKind.LAST_TRY_FAILED not in kinds([raw], instance, "raw")


def test_an_observed_version_makes_readers_stale(instance):
    versions = ["v1", "v1", "v2"]

    @observable_source_asset
    def feed():
        return DataVersion(versions.pop(0))

    assets = [feed, one("clean", "1", ["feed"])]
    watch(feed, instance)
    materialize(assets, selection=["clean"], instance=instance)
    watch(feed, instance)
    assert statuses(assets, instance) == {"clean": "fresh"}
    watch(feed, instance)
    assert kinds(assets, instance, "clean") == [StaleCauseKind.UPSTREAM_NEWER]


def test_an_external_asset_that_was_reported_makes_readers_stale(instance):
    assets = [AssetSpec("feed"), one("clean", "1", ["feed"])]
    materialize(assets, selection=["clean"], instance=instance)
    assert statuses(assets, instance) == {"clean": "fresh"}
    instance.report_runless_asset_event(AssetMaterialization("feed"))
    assert kinds(assets, instance, "clean") == [StaleCauseKind.UPSTREAM_NEWER]
    materialize(assets, selection=["clean"], instance=instance)
    assert statuses(assets, instance) == {"clean": "fresh"}


def test_what_was_reported_without_versions_goes_by_time(instance):
    assets = [one("raw", "1"), one("clean", deps=["raw"])]
    materialize(assets, selection=["raw"], instance=instance)
    instance.report_runless_asset_event(AssetMaterialization("clean"))
    assert statuses(assets, instance)["clean"] == "fresh"
    materialize(assets, selection=["raw"], instance=instance)
    assert kinds(assets, instance, "clean") == [StaleCauseKind.UPSTREAM_NEWER]


def test_assets_of_one_step_that_read_each_other_are_fresh(instance):
    @multi_asset(specs=[AssetSpec("b", deps=["a"]), AssetSpec("a")], can_subset=True)
    def both(context: AssetExecutionContext):
        for key in sorted(context.selected_asset_keys):
            yield MaterializeResult(asset_key=key)

    materialize([both], instance=instance)
    assert statuses([both], instance) == {"a": "fresh", "b": "fresh"}
    materialize([both], selection=["a"], instance=instance)
    assert kinds([both], instance, "b") == [StaleCauseKind.UPSTREAM_NEWER]
    materialize([both], selection=["b"], instance=instance)
    assert statuses([both], instance) == {"a": "fresh", "b": "fresh"}


def test_what_was_only_observed_is_missing(instance):
    instance.report_runless_asset_event(AssetObservation("raw"))
    assert statuses([one("raw")], instance) == {"raw": "missing"}


def test_checks_make_nothing_stale(instance):
    raw = one("raw", "1")

    @asset_check(asset=raw)
    def fine():
        return AssetCheckResult(passed=True)

    materialize([raw, fine], instance=instance)
    assert statuses([raw, fine], instance) == {"raw": "fresh"}


def test_the_stale_set_is_what_is_stale_or_missing(instance):
    assets = [one("raw", "1"), one("clean", "1", ["raw"]), one("other", "1")]
    graph = Definitions(assets=assets).resolve_asset_graph()
    assert stale_keys(graph, instance) == {AssetKey("raw"), AssetKey("clean"), AssetKey("other")}
    materialize(assets[:2], instance=instance)
    assert stale_keys(graph, instance) == {AssetKey("other")}
    assert stale_keys(graph, instance, statuses=[StaleStatus.STALE]) == frozenset()
    assert stale_keys(graph, instance, [AssetKey("raw")]) == frozenset()


# ---- with partitions -------------------------------------------------------------------------------


def test_partitions_that_were_not_made_are_missing(instance):
    assets = [one("raw", "1", partitions_def=DAYS)]
    materialize(assets, partition_key="2013-01-02", instance=instance)
    found = groups(assets, instance, "raw")
    assert found["fresh"] == ["2013-01-02"]
    assert len(found["missing"]) == 9


def test_only_partitions_of_another_code_version_are_stale(instance):
    for code, day in (("1", "2013-01-01"), ("2", "2013-01-02"), ("1", "2013-01-03")):
        materialize([one("raw", code, partitions_def=DAYS)], partition_key=day, instance=instance)
    found = groups([one("raw", "2", partitions_def=DAYS)], instance, "raw")
    assert found["stale"] == ["2013-01-01", "2013-01-03"]
    assert found["fresh"] == ["2013-01-02"]


def test_a_partition_reads_the_version_of_its_own_upstream_partition(instance):
    def assets(gives="a"):
        return [
            one("raw", gives=gives, partitions_def=DAYS),
            one("clean", "1", ["raw"], partitions_def=DAYS),
        ]

    for day, gives in (("2013-01-01", "a"), ("2013-01-02", "b")):
        materialize(assets(gives), partition_key=day, instance=instance, selection=["raw"])
    for day in ("2013-01-01", "2013-01-02"):
        materialize(assets(), partition_key=day, instance=instance, selection=["clean"])
    assert groups(assets(), instance, "clean")["fresh"] == ["2013-01-01", "2013-01-02"]
    materialize(assets("b"), partition_key="2013-01-02", instance=instance, selection=["raw"])
    assert "stale" not in groups(assets(), instance, "clean")
    materialize(assets("c"), partition_key="2013-01-01", instance=instance, selection=["raw"])
    assert groups(assets(), instance, "clean")["stale"] == ["2013-01-01"]


def test_a_range_in_one_run_is_judged_partition_by_partition(instance):
    days = PartitionKeyRange("2013-01-01", "2013-01-04")
    tags = {
        "penstock/asset_partition_range_start": days.start,
        "penstock/asset_partition_range_end": days.end,
    }

    def assets(gives="a"):
        @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
        def raw(context: AssetExecutionContext):
            context.set_data_version(AssetKey("raw"), DataVersion(gives))
            return dict.fromkeys(context.partition_keys, 1)

        @asset(partitions_def=DAYS, deps=["raw"], backfill_policy=BackfillPolicy.single_run())
        def clean(context: AssetExecutionContext):
            return dict.fromkeys(context.partition_keys, 1)

        return [raw, clean]

    materialize(assets(), selection=["raw"], tags=tags, instance=instance)
    materialize(assets(), selection=["clean"], tags=tags, instance=instance)
    assert len(groups(assets(), instance, "clean")["fresh"]) == 4
    materialize(assets(), selection=["raw"], partition_key="2013-01-02", instance=instance)
    assert "stale" not in groups(assets(), instance, "clean")
    materialize(assets("b"), selection=["raw"], partition_key="2013-01-03", instance=instance)
    assert groups(assets(), instance, "clean")["stale"] == ["2013-01-03"]
    materialize(assets("b"), tags=tags, instance=instance)
    assert len(groups(assets(), instance, "clean")["fresh"]) == 4


def test_a_mapping_decides_which_partitions_are_stale(instance):
    dep = AssetDep("raw", partition_mapping=BACK)
    assets = [one("raw", partitions_def=DAYS), one("late", "1", [dep], partitions_def=DAYS)]
    for day in ("2013-01-01", "2013-01-02", "2013-01-03"):
        materialize(assets[:1], partition_key=day, instance=instance)
    for day in ("2013-01-02", "2013-01-03"):
        materialize(assets, selection=["late"], partition_key=day, instance=instance)
    assert "stale" not in groups(assets, instance, "late")
    materialize(assets[:1], partition_key="2013-01-02", instance=instance)
    assert groups(assets, instance, "late")["stale"] == ["2013-01-03"]


def test_what_a_run_makes_and_reads_of_other_partitions_is_not_confused(instance):
    dep = AssetDep("raw", partition_mapping=BACK)
    assets = [one("raw", partitions_def=DAYS), one("late", "1", [dep], partitions_def=DAYS)]
    materialize(assets[:1], partition_key="2013-01-01", instance=instance)
    materialize(assets, partition_key="2013-01-02", instance=instance)
    assert groups(assets, instance, "late")["fresh"] == ["2013-01-02"]


def test_weeks_are_stale_when_one_of_their_days_is(instance):
    def assets(code):
        return [
            one("raw", code, partitions_def=DAYS),
            one("weekly", "1", ["raw"], partitions_def=WEEKS),
        ]

    for day in DAYS.get_partition_keys():
        materialize(assets("1")[:1], partition_key=day, instance=instance)
    week = WEEKS.get_partition_keys()[0]
    materialize(assets("1"), selection=["weekly"], partition_key=week, instance=instance)
    assert groups(assets("1"), instance, "weekly")["fresh"] == [week]
    assert groups(assets("2"), instance, "weekly")["stale"] == [week]
    materialize(assets("2")[:1], partition_key=DAYS.get_last_partition_key(), instance=instance)
    materialize(assets("1")[:1], partition_key=DAYS.get_last_partition_key(), instance=instance)
    assert groups(assets("1"), instance, "weekly")["fresh"] == [week]


def test_the_newest_partition_is_another_one_when_there_is_a_newer(instance):
    kinds_of = DynamicPartitionsDefinition(name="kinds")
    dep = AssetDep("raw", partition_mapping=LastPartitionMapping())
    assets = [one("raw", "1", partitions_def=kinds_of), one("newest", "1", [dep])]
    for key in ("a", "b"):
        instance.add_dynamic_partitions("kinds", [key])
        materialize(assets[:1], partition_key=key, instance=instance)
        if key == "a":
            materialize(assets, selection=["newest"], instance=instance)
            assert statuses(assets, instance)["newest"] == "fresh"
    assert kinds(assets, instance, "newest") == [StaleCauseKind.UPSTREAM_NEWER]


def test_what_reads_very_many_partitions_goes_by_the_log_and_by_versions(instance):
    days = DailyPartitionsDefinition("2013-01-01", end_date="2013-06-01")

    def assets(gives="a"):
        dep = AssetDep("raw", partition_mapping=AllPartitionMapping())
        return [one("raw", gives=gives, partitions_def=days), one("report", "1", [dep])]

    tags = {
        "penstock/asset_partition_range_start": "2013-01-01",
        "penstock/asset_partition_range_end": "2013-05-31",
    }

    @asset(name="raw", partitions_def=days, backfill_policy=BackfillPolicy.single_run())
    def in_one_run(context: AssetExecutionContext):
        return Output(dict.fromkeys(context.partition_keys, 1), data_version=DataVersion("a"))

    materialize([in_one_run], tags=tags, instance=instance)
    materialize(assets(), selection=["report"], instance=instance)
    assert statuses(assets(), instance)["report"] == "fresh"
    materialize(assets(), selection=["raw"], partition_key="2013-03-01", instance=instance)
    assert statuses(assets(), instance)["report"] == "fresh"
    materialize(assets("b"), selection=["raw"], partition_key="2013-03-02", instance=instance)
    assert statuses(assets(), instance)["report"] == "stale"


def test_observed_partitions_make_their_readers_stale(instance):
    seen = [{"2013-01-01": "a", "2013-01-02": "a"}, {"2013-01-02": "b"}]

    @observable_source_asset(partitions_def=DAYS)
    def feed():
        return DataVersionsByPartition(seen.pop(0))

    assets = [feed, one("clean", "1", ["feed"], partitions_def=DAYS)]
    watch(feed, instance)
    for day in ("2013-01-01", "2013-01-02"):
        materialize(assets, selection=["clean"], partition_key=day, instance=instance)
    assert groups(assets, instance, "clean")["fresh"] == ["2013-01-01", "2013-01-02"]
    watch(feed, instance)
    assert groups(assets, instance, "clean")["stale"] == ["2013-01-02"]


def test_an_asset_that_reads_its_own_past_does_not_wait_for_itself(instance):
    dep = AssetDep("sums", partition_mapping=BACK)
    assets = [one("sums", "1", [dep], partitions_def=DAYS)]
    for day in ("2013-01-01", "2013-01-02", "2013-01-01"):
        materialize(assets, partition_key=day, instance=instance)
    assert groups(assets, instance, "sums")["fresh"] == ["2013-01-01", "2013-01-02"]


def test_a_partition_whose_last_try_failed_is_stale(instance):
    broken: list[bool] = []

    @asset(partitions_def=DAYS, code_version="1")
    def raw():
        if broken:
            raise ValueError("no")

    materialize([raw], partition_key="2013-01-01", instance=instance)
    broken.append(True)
    for day in ("2013-01-01", "2013-01-02"):
        materialize([raw], partition_key=day, instance=instance, raise_on_error=False)
    found = verdicts([raw], instance)["raw"]
    told = {
        (group.status.name, *group.subset): [cause.kind for cause in group.causes]
        for group in found.groups
        if len(group.subset) == 1
    }
    assert told == {
        ("MISSING", "2013-01-02"): [StaleCauseKind.NEVER_MADE, StaleCauseKind.LAST_TRY_FAILED],
        ("STALE", "2013-01-01"): [StaleCauseKind.LAST_TRY_FAILED],
    }


def test_partitions_that_exist_no_longer_are_not_judged(instance):
    materialize([one("raw", "1", partitions_def=DAYS)], partition_key="2013-01-01", instance=instance)
    later = DailyPartitionsDefinition("2013-01-05", end_date="2013-01-07")
    found = groups([one("raw", "2", partitions_def=later)], instance, "raw")
    assert found == {"missing": ["2013-01-05", "2013-01-06"]}


def test_several_outputs_are_judged_one_by_one(instance):
    def build(second):
        @multi_asset(outs={"a": AssetOut(code_version="1"), "b": AssetOut(code_version=second)})
        def both():
            return 1, 2

        return [both]

    materialize(build("1"), instance=instance)
    assert statuses(build("2"), instance) == {"a": "fresh", "b": "stale"}
