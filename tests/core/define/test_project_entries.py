"""What stands in a list of ``Definitions`` where it cannot is named with its argument and place."""

from __future__ import annotations

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.definitions import Definitions
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.schedule import ScheduleDefinition
from penstock.define.sensor import sensor
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidDefinitionError


@asset
def bread() -> None: ...


@op
def bake() -> None: ...


@job
def baking() -> None:
    bake()


@sensor(job=baking)
def smells() -> None: ...


NIGHTLY = ScheduleDefinition(job=baking, cron_schedule="@daily")


@pytest.mark.parametrize(
    "argument", ["assets", "asset_checks", "jobs", "schedules", "sensors", "resources", "loggers", "metadata"]
)
@pytest.mark.parametrize("given", [3, "abc"])
def test_what_is_no_list_or_dict_is_refused_by_the_name_of_its_argument(argument, given):
    with pytest.raises(InvalidDefinitionError, match=rf"Definitions\({argument}=…\) wants a .*{given}"):
        Definitions(**{argument: given})


@pytest.mark.parametrize("argument", ["assets", "asset_checks", "jobs", "schedules", "sensors"])
@pytest.mark.parametrize("stranger", [3, None, "bread", bake])
def test_a_stranger_is_named_with_its_place(argument, stranger):
    with pytest.raises(InvalidDefinitionError, match=rf"{argument}\[0\]: wanted what .*, found .*{stranger}"):
        Definitions(**{argument: [stranger]}).get_repository_def()


@pytest.mark.parametrize(
    ("argument", "entry", "home"),
    [
        ("jobs", bread, "assets"),
        ("assets", baking, "jobs"),
        ("sensors", NIGHTLY, "schedules"),
        ("schedules", smells, "sensors"),
    ],
)
def test_what_belongs_into_another_list_is_told_so(argument, entry, home):
    with pytest.raises(InvalidDefinitionError, match=f"It belongs into {home}"):
        Definitions.validate_loadable(Definitions(**{argument: [entry]}))


def test_an_op_among_jobs_is_told_how_it_becomes_one():
    with pytest.raises(InvalidDefinitionError, match="call it in a function with @job"):
        Definitions(jobs=[bake]).get_job_def("bake")


def test_all_strangers_are_named_at_once():
    with pytest.raises(InvalidDefinitionError) as caught:
        Definitions(
            assets=[bread, [AssetSpec("flour"), 4]], jobs=[baking, 5], resources={6: "x"}
        ).get_repository_def()
    for said in ("assets[1]: ", "found 4 (int)", "jobs[1]: ", "resources: wanted text as keys, found 6"):
        assert said in str(caught.value)


def test_a_logger_that_is_none_is_named_by_its_key():
    with pytest.raises(InvalidDefinitionError, match=r"loggers\['loud'\]: wanted what @logger makes"):
        Definitions(loggers={"loud": 3}).get_repository_def()


def test_a_resource_may_be_anything_under_any_text():
    defs = Definitions(resources={"a b": 1})
    Definitions.validate_loadable(defs)
    assert defs.resources == {"a b": 1}


def test_a_whole_project_is_accepted():
    defs = Definitions(assets=[bread], jobs=[baking], schedules=[NIGHTLY], sensors=[smells])
    Definitions.validate_loadable(defs)
