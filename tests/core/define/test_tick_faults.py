"""What is wrong with the schedules and sensors of a project, told together with everything else."""

from __future__ import annotations

import pytest

from penstock import (
    AutomationConditionSensorDefinition,
    ConfigurableResource,
    Definitions,
    InvalidDefinitionError,
    ScheduleDefinition,
    SensorDefinition,
    asset,
    build_schedule_from_partitioned_job,
    define_asset_job,
    job,
    schedule,
    sensor,
)
from penstock.define.faults import faults

DAILY = "0 0 * * *"


@job
def nightly(): ...


@asset
def rain(): ...


def told(**given):
    return {fault.subject: fault.message for fault in faults(Definitions(**given).get_repository_def())}


def named(name, **options):
    return ScheduleDefinition(name=name, cron_schedule=DAILY, **({"job": nightly} | options))


def test_a_job_that_is_not_there_is_named_with_what_is_near():
    found = told(jobs=[nightly], schedules=[named("early", job=None, job_name="nigthly")])
    assert set(found) == {"schedule early"}
    assert "'nigthly', which does not exist. Did you mean 'nightly'" in found["schedule early"]


def test_a_resource_that_nobody_provides_is_named_with_who_needs_it():
    class Calendar(ConfigurableResource):
        holiday: str

    @schedule(DAILY, job=nightly)
    def early(context, calendar: Calendar): ...

    found = told(schedules=[early], resources={"calender": 1})
    assert "schedule 'early' needs the resource 'calendar'" in found["resource calendar"]
    assert "Did you mean 'calender'" in found["resource calendar"]
    assert told(schedules=[early], resources={"calendar": Calendar(holiday="12-25")}) == {}


def test_names_that_stand_twice_are_told():
    @sensor(job=nightly)
    def early(): ...

    assert "is defined twice" in told(schedules=[named("early"), named("early")])["schedule early"]
    assert (
        "schedule and a sensor are both called"
        in told(schedules=[named("early")], sensors=[early])["schedule early"]
    )


def test_all_faults_are_told_together():
    lost = [named("one", job=None, job_name="a"), named("two", job=None, job_name="b")]
    unfollowed = build_schedule_from_partitioned_job(define_asset_job("refill"))
    with pytest.raises(InvalidDefinitionError, match="have 3 faults"):
        Definitions.validate_loadable(Definitions(assets=[rain], schedules=[*lost, unfollowed]))


def test_an_asset_that_is_targeted_must_exist():
    found = told(assets=[rain], schedules=[named("early", job=None, target="rein")])
    assert any("rein" in message and "rain" in message for message in found.values())


@pytest.mark.parametrize(
    "choosing",
    [
        AutomationConditionSensorDefinition("early", target="rein"),
        SensorDefinition(name="early", asset_selection="rein", evaluation_fn=lambda context: None),
    ],
)
def test_what_a_sensor_chooses_must_exist(choosing):
    message = told(assets=[rain], sensors=[choosing])["sensor early"]
    assert "sensor 'early'" in message
    assert "rein" in message
    assert "rain" in message


def test_an_asset_that_is_listed_and_targeted_is_one():
    assert told(assets=[rain], schedules=[named("early", job=None, target=[rain])]) == {}


def test_a_targeted_asset_that_claims_the_key_of_another_is_a_fault():
    other = asset(name="rain")(lambda: 2)
    found = told(assets=[rain], schedules=[named("early", job=None, target=other)])
    assert "defined twice" in found["asset rain"]


def test_a_listed_copy_of_a_targeted_asset_takes_its_place():
    changed = [rain.map_asset_specs(lambda spec: spec.replace_attributes(group_name="sky"))]
    assert told(assets=changed, schedules=[named("early", job=None, target=rain)]) == {}
