"""What an instance knows of work under way, as conditions see it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from penstock import (
    AssetMaterialization,
    AssetSpec,
    AutomationCondition,
    DailyPartitionsDefinition,
    Definitions,
    Instance,
    StaticPartitionsDefinition,
    asset,
    evaluate_automation_conditions,
    materialize,
)
from penstock.automation.targets import Asked
from penstock.host import backfills
from penstock.host.backfill_drive import Driver
from penstock.host.backfills import Request
from penstock.host.code import Code
from penstock.host.user_code import CodeSource

NOW = datetime(2024, 6, 1, tzinfo=UTC)
LETTERS = StaticPartitionsDefinition(["a", "b", "c"])
A = AutomationCondition


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(tmp_path) as made:
        yield made


def asked(instance, defs, key):
    """The partitions of an asset that its condition asks for."""
    return evaluate_automation_conditions(defs, instance, evaluation_time=NOW).get_requested_partitions(key)


def plan(instance, defs, **request):
    code = Code(
        repository=defs.get_repository_def(),
        module=ModuleType("m"),
        source=CodeSource(module="m", file=None, attribute=None, folder=Path.cwd()),
    )
    return backfills.plan(instance, code, Request(selection="*", **request), NOW)


def test_what_a_backfill_has_still_to_make_is_in_progress(instance):
    @asset(partitions_def=LETTERS, automation_condition=A.in_progress())
    def letters(): ...

    @asset(automation_condition=A.backfill_in_progress())
    def plain(letters): ...

    defs = Definitions(assets=[letters, plain])
    assert asked(instance, defs, "letters") == set()
    found = plan(instance, defs, asked=Asked(keys=("a", "c")))
    backfills.store(found)
    assert asked(instance, defs, "letters") == {"a", "c"}
    assert asked(instance, defs, "plain") == {None}
    Driver(found.work).drive()
    assert asked(instance, defs, "letters") == set()
    assert asked(instance, defs, "plain") == set()


def test_a_backfill_of_other_partitions_than_there_are_now_is_none_of_these(instance):
    @asset(partitions_def=LETTERS, automation_condition=A.backfill_in_progress())
    def letters(): ...

    before = Definitions(assets=[letters])
    backfills.store(plan(instance, before, asked=Asked(everything=True)))

    @asset(
        name="letters",
        partitions_def=StaticPartitionsDefinition(["a", "x"]),
        automation_condition=A.backfill_in_progress(),
    )
    def others(): ...

    assert asked(instance, Definitions(assets=[others]), "letters") == set()


@pytest.mark.parametrize("partition", [None, "b"])
def test_what_a_run_is_making_is_in_progress_until_it_is_made(instance, partition):
    seen = []

    @asset(partitions_def=partition and LETTERS, automation_condition=A.run_in_progress())
    def thing(context):
        seen.append(asked(context.instance, defs, "thing"))

    defs = Definitions(assets=[thing])
    materialize([thing], instance=instance, partition_key=partition)
    assert seen == [{partition}]
    assert asked(instance, defs, "thing") == set()


def test_a_failure_counts_until_something_makes_the_asset(instance):
    @asset(automation_condition=A.execution_failed())
    def thing():
        raise ValueError("no")

    defs = Definitions(assets=[thing])
    materialize([thing], instance=instance, raise_on_error=False)
    assert asked(instance, defs, "thing") == {None}
    instance.report_runless_asset_event(AssetMaterialization("thing"))
    assert asked(instance, defs, "thing") == set()


def test_what_is_made_before_it_exists_is_there_when_it_does(instance):
    @asset(partitions_def=DailyPartitionsDefinition("2024-05-30"), automation_condition=A.missing())
    def days(): ...

    defs = Definitions(assets=[days])
    instance.report_runless_asset_event(AssetMaterialization("days", partition="2024-06-01"))
    assert asked(instance, defs, "days") == {"2024-05-30", "2024-05-31"}
    later = evaluate_automation_conditions(defs, instance, evaluation_time=datetime(2024, 6, 3, tzinfo=UTC))
    assert later.get_requested_partitions("days") == {"2024-05-30", "2024-05-31", "2024-06-02"}


def test_what_is_wiped_is_missing_again(instance):
    defs = Definitions(assets=[AssetSpec("outside", automation_condition=A.missing())])
    instance.report_runless_asset_event(AssetMaterialization("outside"))
    assert asked(instance, defs, "outside") == set()
    instance.wipe_assets([defs.resolve_all_asset_keys()[0]])
    assert asked(instance, defs, "outside") == {None}
