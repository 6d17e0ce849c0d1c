"""Backfills from plan to end, in one process: what is refused, made, failed, resumed and canceled."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from penstock import (
    AssetDep,
    AssetKey,
    AssetMaterialization,
    BackfillPolicy,
    Config,
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    Instance,
    MultiPartitionsDefinition,
    Output,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
    asset_check,
    daily_partitioned_config,
    define_asset_job,
    job,
    op,
)
from penstock.automation.targets import Asked
from penstock.errors import (
    InvalidConfigError,
    InvalidInvocationError,
    RunNotFoundError,
    UnknownPartitionError,
)
from penstock.events.runs import RunsFilter, RunStatus
from penstock.host import backfill_states, backfills
from penstock.host.backfill_drive import Driver
from penstock.host.backfill_step import iterate, run_id_of
from penstock.host.backfill_work import Work
from penstock.host.backfills import Request
from penstock.host.code import Code
from penstock.host.ownership import identity_of
from penstock.host.user_code import CodeSource
from penstock.query.backfills import bad_chunks, summary_of
from penstock.spi.backfills import BackfillStatus, ChunkStatus

NOW = datetime(2024, 6, 1, tzinfo=UTC)
DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-29")
WEEKS = WeeklyPartitionsDefinition("2024-01-07", end_date="2024-01-28")
ALL = Asked(everything=True)
YESTERDAY = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(tmp_path) as made:
        yield made


def code_of(*assets, **more):
    """Definitions as a command would load them."""
    repository = Definitions(assets=list(assets), **more).get_repository_def()
    return Code(
        repository=repository,
        module=ModuleType("m"),
        source=CodeSource(module="m", file=None, attribute=None, folder=Path.cwd()),
    )


def planned(instance, code, **request):
    return backfills.plan(instance, code, Request(**{"selection": "*", "asked": ALL, **request}), NOW)


def launched(instance, code, **request):
    """Plan, store and carry out."""
    plan = planned(instance, code, **request)
    backfills.store(plan)
    return Driver(plan.work).drive(), plan.work


def counts(instance, backfill):
    return {part.name: dict(part.counts) for part in instance.store.backfills.parts(backfill.backfill_id)}


def runs_of(instance, backfill):
    return [
        record.run
        for record in instance.store.runs(backfills.runs_tagged(backfill.backfill_id), ascending=True)
    ]


@asset(partitions_def=DAYS)
def day(context):
    return context.partition_key


@asset(partitions_def=WEEKS)
def week(day):
    return sorted(day)


@asset
def report(week):
    return len(week)


class Size(Config):
    rows: int = 1


@asset(partitions_def=DAYS)
def sized(config: Size):
    return config.rows


# ---- made ----------------------------------------------------------------------------------------


def test_every_partition_is_made_upstream_first(instance):
    done, _ = launched(instance, code_of(day, week, report))
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert counts(instance, done) == {
        "day": {"target": 28, "done": 28},
        "week": {"target": 3, "done": 3},
        "report": {"target": 1, "done": 1},
    }
    assert len(instance.get_materialized_partitions(AssetKey("day"))) == 28
    order = [next(iter(run.asset_selection)).to_user_string() for run in runs_of(instance, done)]
    assert order[-1] == "report"
    assert order.index("week") > order.index("day")


def test_each_run_is_that_of_its_chunk_and_says_so(instance):
    done, _ = launched(
        instance, code_of(day), asked=Asked(first="2024-01-05", last="2024-01-07"), tags={"a": "b"}
    )
    runs = runs_of(instance, done)
    assert [run.run_id for run in runs] == [run_id_of(done.backfill_id, number) for number in (1, 2, 3)]
    assert runs[0].tags["penstock/partition"] == "2024-01-05"
    assert runs[0].tags["a"] == "b"


def test_a_policy_says_how_many_partitions_a_run_takes(instance):
    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.multi_run(10))
    def ten(context):
        return dict.fromkeys(context.partition_keys, 1)

    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def one(context, ten):
        return dict(ten)

    done, _ = launched(instance, code_of(ten, one))
    chunks = instance.store.backfills.chunks(done.backfill_id)
    assert [chunk.count for chunk in chunks] == [10, 10, 8, 28]
    assert len(instance.get_materialized_partitions(AssetKey("one"))) == 28


def test_keys_with_gaps_are_as_many_ranges(instance):
    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def one(context):
        return dict.fromkeys(context.partition_keys, 1) if len(context.partition_keys) > 1 else 1

    keys = ("2024-01-03", "2024-01-04", "2024-01-10", "2024-01-20", "2024-01-21")
    done, _ = launched(instance, code_of(one), asked=Asked(keys=keys))
    found = [(chunk.first, chunk.last) for chunk in instance.store.backfills.chunks(done.backfill_id)]
    assert found == [("2024-01-03", "2024-01-04"), ("2024-01-10", "2024-01-10"), ("2024-01-20", "2024-01-21")]


def test_the_newest_come_first_when_that_is_wanted(instance):
    done, _ = launched(instance, code_of(day), newest_first=True)
    found = [chunk.first for chunk in instance.store.backfills.chunks(done.backfill_id)]
    assert found == sorted(found, reverse=True)


def test_what_reads_itself_is_made_in_order(instance):
    @asset(partitions_def=DAYS, deps=[AssetDep("so_far", partition_mapping=YESTERDAY)])
    def so_far(context):
        seen.append(context.partition_key)

    seen = []
    launched(instance, code_of(so_far), newest_first=True)
    assert seen == DAYS.get_partition_keys()


def test_several_dimensions_and_dynamic_keys_are_partitions_like_others(instance):
    instance.add_dynamic_partitions("files", ["b", "a", "c"])
    files = DynamicPartitionsDefinition(name="files")
    both = MultiPartitionsDefinition({"file": files, "day": DAYS})

    @asset(partitions_def=files)
    def file(): ...

    @asset(partitions_def=both, backfill_policy=BackfillPolicy.multi_run(6))
    def file_by_day(context):
        return dict.fromkeys(context.partition_keys, 1)

    done, _ = launched(instance, code_of(file, file_by_day), selection="file_by_day")
    assert counts(instance, done)["file_by_day"] == {"target": 84, "done": 84}
    done, _ = launched(instance, code_of(file), selection="file")
    assert [c.first for c in instance.store.backfills.chunks(done.backfill_id)] == ["b", "a", "c"]


def test_a_job_runs_for_each_of_its_partitions(instance):
    class Span(Config):
        since: str

    @op
    def load(config: Span):
        seen.append(config.since)

    @daily_partitioned_config(start_date="2024-01-01", end_date="2024-01-04")
    def by_day(start, _end):
        return {"ops": {"load": {"config": {"since": start.date().isoformat()}}}}

    @job(config=by_day)
    def nightly():
        load()

    seen = []
    done, _ = launched(instance, code_of(jobs=[nightly]), selection=None, job="nightly")
    assert seen == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert counts(instance, done) == {"nightly": {"target": 3, "done": 3}}


def test_a_job_of_assets_takes_as_many_partitions_as_its_most_modest_asset(instance):
    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def a(context):
        return dict.fromkeys(context.partition_keys, 1)

    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.multi_run(7), deps=[a])
    def b(context):
        return dict.fromkeys(context.partition_keys, 1)

    code = code_of(a, b, jobs=[define_asset_job("both", "*")])
    done, _ = launched(instance, code, selection=None, job="both")
    assert [chunk.count for chunk in instance.store.backfills.chunks(done.backfill_id)] == [7, 7, 7, 7]


# ---- only some -----------------------------------------------------------------------------------


def test_only_what_is_missing_is_made(instance):
    code = code_of(day, week)
    launched(instance, code, selection="day", asked=Asked(first="2024-01-03", last="2024-01-20"))
    done, _ = launched(instance, code, only="missing")
    assert counts(instance, done) == {
        "day": {"target": 10, "done": 10}, "week": {"target": 3, "done": 3},
    }  # fmt: skip


def test_only_what_failed_is_made(instance):
    bad = {"2024-01-05", "2024-01-09"}

    @asset(partitions_def=DAYS)
    def shaky(context):
        if context.partition_key in bad:
            raise ValueError("no")

    code = code_of(shaky)
    first, _ = launched(instance, code)
    assert first.status is BackfillStatus.COMPLETED_FAILED
    bad.clear()
    done, _ = launched(instance, code, only="failed")
    assert counts(instance, done) == {"shaky": {"target": 2, "done": 2}}


def test_nothing_is_missing_when_all_is_made(instance):
    code = code_of(day)
    launched(instance, code)
    assert planned(instance, code, only="missing").is_empty


# ---- failures and skips --------------------------------------------------------------------------


def failing(bad):
    @asset(partitions_def=DAYS)
    def shaky(context):
        if context.partition_key in bad:
            raise ValueError("no")
        return 1

    @asset(partitions_def=WEEKS)
    def weekly(shaky):
        return sum(shaky.values())

    return code_of(shaky, weekly)


def test_what_reads_a_failed_partition_is_not_made(instance):
    done, _ = launched(instance, failing({"2024-01-09"}))
    assert done.status is BackfillStatus.COMPLETED_FAILED
    assert counts(instance, done) == {
        "shaky": {"target": 28, "done": 27, "failed": 1}, "weekly": {"target": 3, "done": 2, "blocked": 1},
    }  # fmt: skip


def test_resumed_with_failed_only_these_are_tried_again(instance):
    bad = {"2024-01-09"}
    code = failing(bad)
    done, work = launched(instance, code)
    bad.clear()
    backfill_states.resume(work, time.time(), failed=True)
    again = Driver(work).drive()
    assert again.status is BackfillStatus.COMPLETED_SUCCESS
    assert len(runs_of(instance, done)) == 28 + 3 + 1 - 0
    assert [chunk.status for chunk in bad_chunks(instance.store, done.backfill_id)] == [ChunkStatus.FAILED]


def test_what_another_run_made_meanwhile_is_not_made_again(instance):
    bad = {"2024-01-09", "2024-01-10"}
    code = failing(bad)
    done, work = launched(instance, code)
    bad.clear()
    job_def = code.asset_job("shaky")
    assert job_def.execute_in_process(instance=instance, partition_key="2024-01-09").success
    before = len(runs_of(instance, done))
    backfill_states.resume(work, time.time(), failed=True)
    assert Driver(work).drive().status is BackfillStatus.COMPLETED_SUCCESS
    again = [run.tags["penstock/partition"] for run in runs_of(instance, done)[before:]]
    assert again == ["2024-01-10", "2024-01-07"]


def test_what_is_done_cannot_be_resumed(instance):
    _, work = launched(instance, code_of(day), asked=Asked(keys=("2024-01-02",)))
    with pytest.raises(InvalidInvocationError, match="nothing is left"):
        backfill_states.resume(work, time.time())


def test_a_skip_is_a_success(instance):
    @asset(partitions_def=DAYS, output_required=False)
    def sometimes(context):
        if context.partition_key != "2024-01-09":
            yield Output(1)

    @asset(partitions_def=DAYS, deps=[AssetDep("sometimes", partition_mapping=YESTERDAY)])
    def after(): ...

    done, _ = launched(instance, code_of(sometimes, after))
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert counts(instance, done) == {
        "sometimes": {"target": 28, "done": 27, "skipped": 1},
        "after": {"target": 28, "done": 27, "skipped": 1},
    }


def test_what_a_failed_range_run_had_made_counts_as_made(instance):
    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def half(context):
        for key in context.partition_keys[:10]:
            yield AssetMaterialization("half", partition=key)
        raise ValueError("after ten")

    done, _ = launched(instance, code_of(half))
    assert counts(instance, done) == {"half": {"target": 28, "done": 10, "failed": 18}}


def test_what_a_failed_run_made_upstream_is_not_made_again(instance):
    made = []

    @asset(partitions_def=DAYS)
    def above(context):
        made.append("above")
        return 1

    @asset(partitions_def=DAYS)
    def below(above):
        made.append("below")
        if len(made) < 3:
            raise ValueError("once")

    done, work = launched(instance, code_of(above, below), asked=Asked(keys=("2024-01-02",)))
    assert counts(instance, done) == {"above": {"target": 1, "done": 1}, "below": {"target": 1, "failed": 1}}
    backfill_states.resume(work, time.time(), failed=True)
    assert Driver(work).drive().status is BackfillStatus.COMPLETED_SUCCESS
    assert made == ["above", "below", "below"]


def test_a_blocking_check_stands_between_runs_too(instance):
    passes = []

    @asset(partitions_def=DAYS)
    def above():
        return 1

    @asset_check(asset=above, blocking=True)
    def is_fine():
        from penstock import AssetCheckResult

        return AssetCheckResult(passed=bool(passes))

    @asset(partitions_def=DAYS)
    def below(above): ...

    code = code_of(above, below, asset_checks=[is_fine])
    done, work = launched(instance, code, asked=Asked(keys=("2024-01-02",)))
    assert counts(instance, done)["below"] == {"target": 1, "failed": 1}
    backfill_states.resume(work, time.time(), failed=True)
    assert Driver(work).drive().status is BackfillStatus.COMPLETED_FAILED
    passes.append(1)
    backfill_states.resume(work, time.time(), failed=True)
    assert Driver(work).drive().status is BackfillStatus.COMPLETED_SUCCESS


# ---- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({"asked": Asked(keys=("2024-1-3",))}, UnknownPartitionError, "2024-01-03"),
        ({"asked": Asked(first="2024-01-09", last="2024-01-03")}, UnknownPartitionError, "2024-01-09"),
        ({"asked": Asked(first="2025-01-09")}, UnknownPartitionError, "2025-01-09"),
        ({"asked": Asked()}, InvalidInvocationError, "is partitioned"),
        ({"selection": "dy"}, Exception, "day"),
        ({"run_config": {"ops": {"dya": {"config": 1}}}}, InvalidInvocationError, "day"),
        ({"run_config": {"ops": {"sized": {"config": {"rows": "x"}}}}}, InvalidConfigError, "rows"),
        ({"run_config": {"resorces": {}}}, InvalidConfigError, "resources"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_recorded(instance, request_, error, message):
    with pytest.raises(error, match=message):
        planned(instance, code_of(day, week, report, sized), **request_)
    assert instance.store.backfills.find() == []


def test_two_definitions_of_partitions_need_two_backfills(instance):
    @asset(partitions_def=StaticPartitionsDefinition(["x"]))
    def letter(): ...

    with pytest.raises(InvalidInvocationError, match="two definitions"):
        planned(instance, code_of(day, letter), asked=Asked(keys=("x",)))


def test_a_name_of_no_backfill_is_told(instance):
    with pytest.raises(RunNotFoundError, match="backfill list"):
        backfill_states.find(instance, "nope")


# ---- stopped -------------------------------------------------------------------------------------


def stopping(act):
    """Days, the fifth of which does something to its backfill."""

    @asset(partitions_def=DAYS)
    def acting(context):
        if context.partition_key == "2024-01-05":
            act()

    return code_of(acting)


def test_a_paused_backfill_finishes_its_run_and_goes_on_when_resumed(instance):
    def pause():
        (found,) = instance.store.backfills.find()
        if found.status is BackfillStatus.IN_PROGRESS and not paused:
            paused.append(backfill_states.pause(instance, found, time.time()))

    paused = []
    done, work = launched(instance, stopping(pause))
    assert done.status is BackfillStatus.PAUSED
    assert counts(instance, done) == {"acting": {"target": 28, "done": 5}}
    backfill_states.resume(work, time.time())
    assert Driver(work).drive().status is BackfillStatus.COMPLETED_SUCCESS
    assert len(runs_of(instance, done)) == 28


def test_a_canceled_backfill_makes_no_more(instance):
    def cancel():
        (found,) = instance.store.backfills.find()
        backfill_states.cancel(instance, found, time.time())

    done, _ = launched(instance, stopping(cancel))
    assert done.status is BackfillStatus.CANCELED
    assert counts(instance, done) == {"acting": {"target": 28, "done": 5}}


def test_an_interrupt_pauses_and_what_was_under_way_is_made_later(instance):
    def interrupt():
        if not interrupted:
            interrupted.append(1)
            raise KeyboardInterrupt

    interrupted = []
    plan = planned(instance, stopping(interrupt))
    backfills.store(plan)
    with pytest.raises(KeyboardInterrupt):
        Driver(plan.work).drive()
    found = backfill_states.find(instance, plan.backfill.backfill_id)
    assert found.status is BackfillStatus.PAUSED
    assert counts(instance, found) == {"acting": {"target": 28, "done": 4}}
    backfill_states.resume(plan.work, time.time())
    assert Driver(plan.work).drive().status is BackfillStatus.COMPLETED_SUCCESS
    statuses = [run.status for run in runs_of(instance, found)]
    assert statuses.count(RunStatus.CANCELED) == 1
    assert statuses.count(RunStatus.SUCCESS) == 28


def test_a_backfill_that_nobody_works_at_is_canceled_at_once(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)
    assert backfill_states.cancel(instance, plan.backfill, time.time()).status is BackfillStatus.CANCELED


# ---- several processes, lost processes -----------------------------------------------------------


def test_two_owners_never_get_the_same_chunk(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)
    here, there = Work(instance, plan.work.code, plan.backfill), Work(instance, plan.work.code, plan.backfill)
    first = iterate(here, time.time(), room=20, owner=identity_of(os.getpid()))
    second = iterate(there, time.time(), room=20, owner=identity_of(os.getppid()))
    claimed = [chunk.number for chunk in (*first.to_launch, *second.to_launch)]
    assert sorted(claimed) == list(range(1, 29))


def test_what_a_vanished_process_had_claimed_is_begun_by_another(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)
    gone = "another-boot:1:1:1"
    lost = iterate(plan.work, time.time(), room=20, owner=gone)
    assert len(lost.to_launch) == 20
    done = Driver(plan.work).drive()
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert len(runs_of(instance, done)) == 28
    assert {chunk.run_id for chunk in lost.to_launch} <= {run.run_id for run in runs_of(instance, done)}


def test_a_backfill_whose_process_has_vanished_is_abandoned_until_it_is_resumed(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)

    def is_abandoned(later=0.0):
        found = backfill_states.find(instance, plan.backfill.backfill_id)
        return backfill_states.is_abandoned(instance, found, time.time() + later)

    assert not is_abandoned(later=3600)  # nobody has begun
    iterate(plan.work, time.time(), room=20, owner="another-boot:1:1:1")
    assert is_abandoned()
    backfill_states.resume(plan.work, time.time())
    iterate(plan.work, time.time(), room=20, owner=identity_of(os.getpid()))
    assert not is_abandoned(later=3600)
    Driver(plan.work).drive()
    assert not is_abandoned(later=3600)


def test_a_backfill_of_which_nobody_claims_anything_for_a_minute_is_abandoned(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)
    now = time.time()
    found = backfill_states.resume(plan.work, now)
    (found,) = instance.store.backfills.find([found.backfill_id])
    assert not backfill_states.is_abandoned(instance, found, now + 10)
    assert backfill_states.is_abandoned(instance, found, now + 100)


def test_no_more_runs_at_a_time_than_asked_for(instance):
    plan = planned(instance, code_of(day), max_runs=2)
    backfills.store(plan)
    for pid in (os.getpid(), os.getppid()):
        assert iterate(plan.work, time.time(), room=20, owner=identity_of(pid)).under_way == 2


# ---- definitions that change ---------------------------------------------------------------------


def changed(instance, before, after, *, made):
    """A backfill of which so much is made, and then the definitions change."""
    plan = planned(instance, before)
    backfills.store(plan)
    step = iterate(plan.work, time.time(), room=made, owner=Driver(plan.work)._owner)
    driver = Driver(plan.work)
    for chunk in step.to_launch:
        driver._carry_out(chunk)
    work = Work(instance, after, plan.backfill)
    backfill_states.resume(work, time.time())
    return Driver(work).drive()


def daily(start, end="2024-01-29"):
    @asset(name="d", partitions_def=DailyPartitionsDefinition(start, end_date=end))
    def made(): ...

    return made


def test_partitions_that_exist_no_more_are_removed_and_no_failure(instance):
    done = changed(instance, code_of(daily("2024-01-01")), code_of(daily("2024-01-11")), made=3)
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert counts(instance, done) == {"d": {"target": 28, "done": 18, "removed": 10}}


def test_days_after_an_earlier_end_are_removed(instance):
    done = changed(instance, code_of(daily("2024-01-01")), code_of(daily("2024-01-01", "2024-01-11")), made=3)
    assert counts(instance, done) == {"d": {"target": 28, "done": 10, "removed": 18}}


def listed(*keys):
    @asset(name="l", partitions_def=StaticPartitionsDefinition(list(keys)))
    def made(): ...

    return made


def test_keys_that_are_listed_no_more_are_removed_and_others_found_again(instance):
    done = changed(instance, code_of(listed(*"abcdef")), code_of(listed(*"xfedc")), made=1)
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert counts(instance, done)["l"]["target"] == 6
    assert instance.get_materialized_partitions(AssetKey("l")) == set("acdef")


def test_an_asset_that_is_defined_no_more_is_removed(instance):
    done = changed(instance, code_of(day, daily("2024-01-01")), code_of(daily("2024-01-01")), made=0)
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert counts(instance, done) == {"day": {"target": 28, "removed": 28}, "d": {"target": 28, "done": 28}}


def test_definitions_of_something_else_are_refused(instance):
    plan = planned(instance, code_of(day))
    backfills.store(plan)
    with pytest.raises(InvalidInvocationError, match="none of the assets"):
        backfill_states.resume(Work(instance, code_of(report), plan.backfill), time.time())
    assert summary_of(instance.store, plan.backfill).left == 28


def test_a_key_that_is_deleted_when_its_run_is_claimed_is_told_and_removed(instance):
    instance.add_dynamic_partitions("files", ["a", "b"])

    @asset(partitions_def=DynamicPartitionsDefinition(name="files"))
    def file(context):
        if context.partition_key == "a":
            context.instance.delete_dynamic_partition("files", "b")

    done, _ = launched(instance, code_of(file))
    assert counts(instance, done) == {"file": {"target": 2, "done": 1, "removed": 1}}
    assert done.status is BackfillStatus.COMPLETED_SUCCESS
    assert "'b'" in done.message
    assert len(instance.store.runs(RunsFilter())) == 1
