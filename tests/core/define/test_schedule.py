"""Schedules as definitions: names, targets, what is refused, and calls in a test."""

from __future__ import annotations

import pytest

from penstock import ConfigurableResource, RunConfig, asset, job
from penstock.define.asset_job import define_asset_job
from penstock.define.run_requests import RunRequest
from penstock.define.schedule import DefaultScheduleStatus, ScheduleDefinition, schedule
from penstock.define.schedule_context import build_schedule_context
from penstock.errors import InvalidDefinitionError, InvalidInvocationError

JOB = define_asset_job("refill")
DAILY = "0 0 * * *"


@asset
def rain(): ...


def nothing():
    return None


def test_a_schedule_is_named_after_its_job():
    assert ScheduleDefinition(job=JOB, cron_schedule=DAILY).name == "refill_schedule"
    assert ScheduleDefinition(job_name="later", cron_schedule=DAILY).name == "later_schedule"


def test_a_schedule_without_job_or_cron_line_is_refused():
    with pytest.raises(InvalidDefinitionError, match="no job"):
        ScheduleDefinition(name="n", cron_schedule=DAILY)
    with pytest.raises(InvalidDefinitionError, match="no job"):
        ScheduleDefinition(name="n", cron_schedule=DAILY, target=[])
    with pytest.raises(InvalidDefinitionError, match="cron_schedule"):
        ScheduleDefinition(job=JOB)


@pytest.mark.parametrize(
    "line",
    [
        "not a cron",
        "* * * *",
        "0 0 * * * *",
        "61 * * * *",
        "0 25 * * *",
        "0 0 31 2 *",
        "0 0 31 4,6 *",
        "H 0 * * *",
        "@reboot",
        [],
        [""],
        [DAILY, "bad"],
        [DAILY, 3],
        5,
    ],
)
def test_what_never_ticks_is_refused(line):
    with pytest.raises(InvalidDefinitionError, match="'refresh'"):
        ScheduleDefinition(name="refresh", job=JOB, cron_schedule=line)


@pytest.mark.parametrize(
    "line",
    ["@daily", "0 0 L * *", "0 0 * * 5L", "0 9 * * MON-FRI", "0 0 13 * 5", [DAILY, "@hourly"], "0 0 * * 7"],
)
def test_what_cron_understands_is_taken_as_it_is_written(line):
    assert ScheduleDefinition(job=JOB, cron_schedule=line).cron_schedule == line


def test_a_step_that_is_longer_than_its_round_is_warned_of():
    with pytest.warns(UserWarning, match=r"'\*/90' in '\*/90 \* \* \* \*'"):
        ScheduleDefinition(job=JOB, cron_schedule="*/90 * * * *")


def test_a_time_zone_that_does_not_exist_is_refused():
    with pytest.raises(InvalidDefinitionError, match=r"'late'.*Did you mean 'Europe/Berlin'"):
        ScheduleDefinition(name="late", job=JOB, cron_schedule=DAILY, execution_timezone="Europe/Berlim")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"run_config": {"ops": {}}, "run_config_fn": nothing}, "run_config= and run_config_fn="),
        ({"tags": {"a": "b"}, "tags_fn": nothing}, "tags= and tags_fn="),
        ({"execution_fn": nothing, "run_config": {"ops": {}}}, "execution_fn= and run_config="),
        ({"execution_fn": nothing, "run_config_fn": nothing}, "execution_fn= and run_config_fn="),
        ({"execution_fn": nothing, "tags_fn": nothing}, "execution_fn= and tags_fn="),
        ({"execution_fn": nothing, "should_execute": nothing}, "execution_fn= and should_execute="),
        ({"target": rain}, "job= and target="),
        ({"job_name": "other"}, "job= and job_name="),
        ({"owners": ["nobody"]}, "'nobody' cannot own schedule 'early'"),
        ({"default_status": "RUNNING"}, "default_status='RUNNING'"),
        ({"tags": {"a": object()}}, "Tag 'a' of 'early'"),
        ({"name": "so early"}, "'so early'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(given, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        ScheduleDefinition(**{"name": "early", "job": JOB, "cron_schedule": DAILY, **given})


def test_everything_that_is_said_can_be_asked_for():
    made = ScheduleDefinition(
        name="early",
        job=JOB,
        cron_schedule=DAILY,
        execution_timezone="Asia/Tokyo",
        tags={"team": "red", "size": 3},
        metadata={"rows": 3},
        owners=["team:sun"],
        environment_vars={"A": "b"},
        description="Every night.",
        default_status=DefaultScheduleStatus.RUNNING,
    )
    assert (made.job, made.has_job, made.job_name, made.has_anonymous_job) == (JOB, True, "refill", False)
    assert (made.tags, made.owners) == ({"team": "red", "size": "3"}, ("team:sun",))
    assert (made.metadata["rows"].value, made.environment_vars) == (3, {"A": "b"})
    assert (made.execution_timezone, made.description) == ("Asia/Tokyo", "Every night.")
    assert made.default_status is DefaultScheduleStatus.RUNNING


def test_a_job_that_is_known_by_name_alone_cannot_be_had():
    made = ScheduleDefinition(job_name="later", cron_schedule=DAILY)
    assert not made.has_job
    with pytest.raises(InvalidDefinitionError, match="only by name"):
        _ = made.job


def test_assets_are_targeted_directly():
    made = ScheduleDefinition(name="early", target=[rain], cron_schedule=DAILY)
    assert (made.has_anonymous_job, made.job_name) == (True, "__anonymous_asset_job_early")


def test_a_copy_may_run_another_job():
    @job
    def other(): ...

    made = ScheduleDefinition(name="early", target=rain, cron_schedule=DAILY, tags={"a": "b"})
    copy = made.with_updated_job(other)
    assert (copy.name, copy.job_name, copy.tags) == ("early", "other", {"a": "b"})
    assert made.with_attributes(metadata={"rows": 3}).metadata["rows"].value == 3


def test_a_function_gives_its_name_and_its_docstring():
    @schedule(DAILY, job=JOB)
    def nightly():
        """Every night."""

    assert (nightly.name, nightly.description, nightly.job_name) == ("nightly", "Every night.", "refill")


def test_a_decorator_takes_no_run_config():
    with pytest.raises(InvalidDefinitionError, match="takes no run_config="):
        schedule(DAILY, job=JOB, run_config=RunConfig())


def test_a_decorator_names_the_argument_that_was_perhaps_meant():
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'execution_timezone'"):
        schedule(DAILY, job=JOB, execution_timezon="UTC")
    with pytest.raises(InvalidDefinitionError, match="needs its times"):

        @schedule
        def bare(): ...


def test_resources_are_named_in_one_way():
    class Calendar(ConfigurableResource):
        holiday: str

    @schedule(DAILY, job=JOB)
    def one(context, calendar: Calendar): ...

    assert one.required_resource_keys == {"calendar"}
    with pytest.raises(InvalidDefinitionError, match="one of the two"):

        @schedule(DAILY, job=JOB, required_resource_keys={"client"})
        def two(context, calendar: Calendar): ...


def test_a_function_is_called_with_or_without_a_context():
    @schedule(DAILY, job=JOB)
    def nightly():
        return RunRequest(run_key="a")

    assert nightly(build_schedule_context()).run_key == "a"
    assert nightly().run_key == "a"


def test_a_call_gives_resources_by_name():
    class Calendar(ConfigurableResource):
        holiday: str

    @schedule(DAILY, job=JOB)
    def nightly(context, calendar: Calendar):
        return {"day": calendar.holiday}

    assert nightly(build_schedule_context(), calendar=Calendar(holiday="12-25")) == {"day": "12-25"}
    built = build_schedule_context(resources={"calendar": Calendar(holiday="01-01")})
    assert nightly(built) == nightly(context=built) == {"day": "01-01"}


@pytest.mark.parametrize("given", [((), {}), ((1,), {}), ((), {"day": 1})])
def test_a_call_with_anything_else_is_refused(given):
    @schedule(DAILY, job=JOB)
    def nightly(context): ...

    args, kwargs = given
    with pytest.raises(InvalidInvocationError, match="Schedule 'nightly'"):
        nightly(*args, **kwargs)


def test_a_call_without_the_context_is_told_how_to_make_one():
    @schedule(cron_schedule="@daily", job_name="made")
    def nightly(context): ...

    with pytest.raises(InvalidInvocationError, match="Make one with build_schedule_context"):
        nightly()


def test_a_schedule_without_a_function_cannot_be_called():
    with pytest.raises(InvalidInvocationError, match="no function to call"):
        ScheduleDefinition(job=JOB, cron_schedule=DAILY)()
