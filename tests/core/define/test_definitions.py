"""``Definitions`` and ``@repository``: what a project holds, and everything that is wrong with it."""

from __future__ import annotations

import re

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.asset_job import define_asset_job
from penstock.define.checks import asset_check
from penstock.define.definitions import Definitions
from penstock.define.faults import faults, loose_deps
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.repository_decorator import repository
from penstock.define.results import AssetCheckResult
from penstock.define.schedule import ScheduleDefinition
from penstock.define.sensor import sensor
from penstock.define.specs import AssetDep, AssetSpec
from penstock.define.with_resources import with_resources
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, InvariantViolationError
from penstock.keys import AssetKey
from penstock.partitions.mapping import SpecificPartitionsPartitionMapping
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.static_mapping import StaticPartitionMapping


def made(name, *deps, **options):
    return asset(name=name, deps=list(deps), **options)(lambda: 1)


def subjects(defs, **options):
    return [fault.subject for fault in faults(defs.get_repository_def(), **options)]


def test_all_faults_are_told_together():
    twins = [made("a"), made("a"), made("b"), made("b")]
    defs = Definitions(assets=twins, jobs=[define_asset_job("j"), define_asset_job("j")])
    with pytest.raises(InvalidDefinitionError, match=r"^The definitions have 3 faults") as caught:
        Definitions.validate_loadable(defs)
    assert all(name in str(caught.value) for name in ("'a'", "'b'", "'j'", "test_definitions.py"))


def test_a_sound_project_has_no_fault():
    defs = Definitions(assets=[made("a"), made("b", "a"), AssetSpec("c")], jobs=[define_asset_job("j")])
    assert subjects(defs) == []
    assert defs.resolve_job_def("j").name == "j"


def test_an_unknown_asset_in_one_job_is_the_fault_of_that_job():
    defs = Definitions(assets=[made("a")], jobs=[define_asset_job("good"), define_asset_job("bad", ["b"])])
    assert subjects(defs) == ["job bad"]


def test_an_undeclared_dep_is_a_fault_only_when_strict():
    assets = [made("orders"), made("report", "order")]
    assert subjects(Definitions(assets=assets)) == []
    (fault,) = loose_deps(Definitions(assets=assets).resolve_asset_graph())
    assert "Did you mean 'orders'" in str(fault)
    assert fault.where.startswith(__file__)
    with pytest.raises(InvalidDefinitionError, match="'order'"):
        Definitions.validate_loadable(Definitions(assets=assets, strict_deps=True))


def test_an_argument_that_nobody_defines_is_a_fault_even_when_not_strict():
    @asset
    def bread(harvest): ...

    assert subjects(Definitions(assets=[bread])) == ["asset bread"]


def test_an_unpartitioned_asset_cannot_depend_on_itself():
    with pytest.raises(InvalidDefinitionError, match="depends on itself"):
        Definitions.validate_loadable(Definitions(assets=[made("a", "a")]))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (StaticPartitionMapping({"q": "a"}), "does not fit.*'q'"),
        (SpecificPartitionsPartitionMapping(["q"]), "does not fit.*'q'"),
        ("yesterday", "is none: 'yesterday'"),
    ],
)
def test_a_mapping_that_cannot_be_is_a_fault_of_its_asset(mapping, said):
    letters = StaticPartitionsDefinition(["a", "b"])
    reader = made("reader", AssetDep("letters", partition_mapping=mapping), partitions_def=letters)
    defs = Definitions(assets=[made("letters", partitions_def=letters), reader])
    (fault,) = faults(defs.get_repository_def())
    assert fault.subject == "asset reader"
    assert re.search(said, str(fault))


def test_a_check_may_be_on_an_asset_that_something_else_makes():
    @asset_check(asset="outside")
    def fine():
        return AssetCheckResult(passed=True)

    defs = Definitions(asset_checks=[fine])
    assert subjects(defs) == []
    assert subjects(defs, strict_deps=True) == ["asset outside"]


def test_a_schedule_of_an_unknown_job_is_a_fault():
    schedule = ScheduleDefinition(name="nightly", job_name="refil", cron_schedule="0 0 * * *")
    (fault,) = faults(
        Definitions(
            assets=[made("a")], jobs=[define_asset_job("refill")], schedules=[schedule]
        ).get_repository_def()
    )
    assert "Did you mean 'refill'" in str(fault)


def test_jobs_of_schedules_and_sensors_belong_to_the_project():
    watched = define_asset_job("watched")

    @sensor(job=watched)
    def watcher(): ...

    nightly = ScheduleDefinition(job=define_asset_job("nightly"), cron_schedule="0 0 * * *")
    defs = Definitions(assets=[made("a")], schedules=[nightly], sensors=[watcher])
    assert {"watched", "nightly"} <= {one.name for one in defs.resolve_all_job_defs()}
    assert defs.get_schedule_def("nightly_schedule").job_name == "nightly"


def test_an_op_job_gets_resources_and_executor_of_the_project():
    @op(required_resource_keys={"r"})
    def work(): ...

    @job
    def op_job():
        work()

    executor = object()
    found = Definitions(jobs=[op_job], resources={"r": 1}, executor=executor).get_job_def("op_job")
    assert found.resource_defs["r"] == 1
    assert found.executor_def is executor


def test_an_unknown_job_is_named_with_what_is_near():
    with pytest.raises(InvariantViolationError, match=r"'nigtly'.*'nightly'"):
        Definitions(assets=[made("a")], jobs=[define_asset_job("nightly")]).get_job_def("nigtly")


def test_merged_definitions_must_agree_on_resources_and_executor():
    one, two = Definitions(resources={"r": 1}), Definitions(resources={"r": 2})
    with pytest.raises(InvariantViolationError, match="'r'"):
        Definitions.merge(one, two)
    with pytest.raises(InvariantViolationError, match="executors"):
        Definitions.merge(Definitions(executor="one"), Definitions(executor="two"))
    assert Definitions.merge(one, Definitions(resources={"r": 1, "s": 3})).resources == {"r": 1, "s": 3}


def test_specs_are_mapped_for_a_selection():
    defs = Definitions(assets=[made("a"), made("b")])
    changed = defs.map_asset_specs(func=lambda spec: spec.merge_attributes(tags={"x": ""}), selection=["a"])
    assert [bool(spec.tags) for spec in changed.resolve_all_asset_specs()] == [True, False]


def test_a_resource_of_an_asset_and_another_of_the_project_under_one_key_are_refused():
    (bound,) = with_resources([made("a", required_resource_keys={"r"})], {"r": 1})
    with pytest.raises(InvalidInvocationError, match="'r'"):
        Definitions.validate_loadable(Definitions(assets=[bound], resources={"r": 2}))


def test_with_resources_refuses_missing_and_double_keys():
    needy = made("a", required_resource_keys={"warehouse"})
    with pytest.raises(InvalidDefinitionError, match=r"'warehouse'.*'warehous'"):
        with_resources([needy], {"warehous": 1})
    with pytest.raises(InvalidInvocationError, match="already"):
        with_resources(with_resources([needy], {"warehouse": 1}), {"warehouse": 2})


def test_a_repository_is_made_of_a_list_or_a_dict():
    @repository
    def listed():
        return [made("a"), [made("b"), AssetSpec("c")], define_asset_job("j")]

    @repository(name="other", description="Said.")
    def mapped():
        return {"assets": [made("a")], "jobs": {"j": lambda: define_asset_job("j")}}

    assert listed.name == "listed"
    assert listed.has_job("j")
    assert AssetKey("c") in listed.assets_defs_by_key
    assert (mapped.name, mapped.description, mapped.get_job("j").name) == ("other", "Said.", "j")


def test_a_repository_with_faults_is_refused_at_once():
    with pytest.raises(InvalidDefinitionError, match="twice"):
        repository(name="r")(lambda: [made("a"), made("a")])
    with pytest.raises(InvalidDefinitionError, match="found 5"):
        repository(name="r")(lambda: [5])
