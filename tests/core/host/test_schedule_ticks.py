"""What ticks of schedules ask for, from contexts as tests build them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from penstock import (
    ConfigurableResource,
    DailyPartitionsDefinition,
    Definitions,
    Instance,
    InvalidInvocationError,
    InvariantViolationError,
    RunConfig,
    RunRequest,
    ScheduleDefinition,
    ScheduleExecutionError,
    SkipReason,
    UnknownPartitionError,
    asset,
    build_schedule_context,
    define_asset_job,
    job,
    resource,
    schedule,
)
from penstock.errors import ResourceRequirementError

DAILY = "0 0 * * *"
NOON = datetime(2024, 1, 5, 12, tzinfo=UTC)
NAMED = "penstock/schedule_name"


@job
def plain(): ...


@job(partitions_def=DailyPartitionsDefinition("2024-01-01"))
def daily(): ...


def tick(made, at=NOON, **given):
    return made.evaluate_tick(build_schedule_context(scheduled_execution_time=at, **given))


def asked(made, **given):
    (request,) = tick(made, **given).run_requests
    return request


def returning(value, **options):
    return schedule(DAILY, name="early", **{"job": plain, **options})(lambda: value)


def test_a_plain_schedule_asks_for_its_config_and_tags():
    config = {"ops": {"n": {"config": {"x": 1}}}}
    made = ScheduleDefinition(job=plain, cron_schedule=DAILY, run_config=config, tags={"team": "red", "n": 1})
    request = asked(made)
    assert (request.run_config, request.run_key) == (config, None)
    assert request.tags == {"team": "red", "n": "1", NAMED: "plain_schedule"}


def test_config_and_tags_may_follow_from_the_context():
    made = ScheduleDefinition(
        job=plain,
        cron_schedule=DAILY,
        run_config_fn=lambda context: {
            "ops": {"n": {"config": {"day": context.scheduled_execution_time.day}}}
        },
        tags_fn=lambda context: {"hour": str(context.scheduled_execution_time.hour)},
    )
    assert asked(made).run_config["ops"]["n"]["config"] == {"day": 5}
    assert asked(made).tags["hour"] == "12"
    without = ScheduleDefinition(job=plain, cron_schedule=DAILY, run_config_fn=lambda: RunConfig(ops={}))
    assert asked(without).run_config == RunConfig(ops={}).to_config_dict()


def test_config_is_not_shared_between_ticks():
    config = {"ops": {"n": {"config": {"x": 1}}}}
    made = ScheduleDefinition(job=plain, cron_schedule=DAILY, run_config=config)
    asked(made).run_config["ops"]["n"]["config"]["x"] = 2
    assert asked(made).run_config["ops"]["n"]["config"]["x"] == 1


@pytest.mark.parametrize("decorated", [True, False])
def test_should_execute_turns_a_tick_into_a_skip(decorated):
    if decorated:
        made = schedule(DAILY, job=plain, name="early", should_execute=lambda context: False)(RunRequest)
    else:
        made = ScheduleDefinition(
            name="early", job=plain, cron_schedule=DAILY, should_execute=lambda _: False
        )
    data = tick(made)
    assert (data.run_requests, data.skip_message) == (
        [],
        "should_execute of the schedule 'early' said no.",
    )


def test_a_dict_is_the_config_of_one_run_with_the_tags_of_the_schedule():
    request = asked(returning({"ops": {}}, tags={"a": "b"}))
    assert (request.run_config, request.tags) == ({"ops": {}}, {"a": "b", NAMED: "early"})
    request = asked(
        returning({"ops": {}}, tags_fn=lambda context: {"day": context.scheduled_execution_time.day})
    )
    assert request.tags == {"day": "5", NAMED: "early"}


def test_a_request_brings_its_own_tags():
    assert asked(returning(RunRequest(tags={"c": "d"}), tags={"a": "b"})).tags == {"c": "d", NAMED: "early"}


@pytest.mark.parametrize("nothing", [None, []])
def test_nothing_is_a_skip(nothing):
    data = tick(returning(nothing))
    assert (data.run_requests, data.skip_message) == ([], "The function asked for no run.")


def test_a_generator_is_asked_to_its_end():
    @schedule(DAILY, job=plain)
    def early(context):
        yield RunRequest(run_key="a")
        yield RunRequest(run_key="b")

    assert [one.run_key for one in tick(early).run_requests] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([RunRequest("a"), RunRequest()], "run_key"),
        ([RunRequest("a"), SkipReason("b")], "not both"),
        ("now", "asks for no run"),
    ],
)
def test_answers_that_cannot_be_are_refused(given, said):
    with pytest.raises(InvariantViolationError, match=f"Schedule 'early'.*{said}"):
        tick(returning(given))


def test_what_a_function_raises_is_told_of_the_schedule():
    def broken():
        raise ValueError("no network")

    for made, what in (
        (schedule(DAILY, job=plain)(broken), "its function"),
        (schedule(DAILY, job=plain, should_execute=broken)(broken), "should_execute"),
        (
            ScheduleDefinition(name="broken", job=plain, cron_schedule=DAILY, run_config_fn=broken),
            "run_config_fn",
        ),
        (ScheduleDefinition(name="broken", job=plain, cron_schedule=DAILY, tags_fn=broken), "tags_fn"),
    ):
        with pytest.raises(
            ScheduleExecutionError, match=f"'broken': {what} raised ValueError: no network"
        ) as caught:
            tick(made)
        assert isinstance(caught.value.__cause__, ValueError)


# ---- when -------------------------------------------------------------------------------------------


def seen(zone, at):
    times = []

    @schedule(DAILY, job=plain, execution_timezone=zone)
    def early(context):
        times.append(context.scheduled_execution_time)

    tick(early, at=at)
    return times[0]


def test_the_time_is_on_the_wall_of_the_schedule():
    found = seen("Asia/Tokyo", NOON)
    assert (found, found.hour, found.tzinfo) == (NOON, 21, ZoneInfo("Asia/Tokyo"))


def test_a_time_without_a_zone_is_meant_in_that_of_the_schedule():
    assert seen("Asia/Tokyo", datetime(2024, 1, 5, 21)) == NOON  # noqa: DTZ001
    assert seen(None, datetime(2024, 1, 5, 12)) == NOON  # noqa: DTZ001


def test_a_context_without_a_time_says_so():
    with pytest.raises(InvariantViolationError, match="scheduled_execution_time="):
        _ = build_schedule_context().scheduled_execution_time


def test_another_context_is_refused():
    with pytest.raises(InvalidInvocationError, match="build_schedule_context"):
        returning(None).evaluate_tick(None)


# ---- what it stands on ------------------------------------------------------------------------------


class Calendar(ConfigurableResource):
    holiday: str


def test_resources_of_the_context_go_before_those_of_the_project():
    @schedule(DAILY, job=plain)
    def early(context, calendar: Calendar):
        return SkipReason(calendar.holiday)

    defs = Definitions(schedules=[early], resources={"calendar": Calendar(holiday="12-25")})
    assert tick(early, definitions=defs).skip_message == "12-25"
    assert tick(early, repository_def=defs.get_repository_def()).skip_message == "12-25"
    given = {"calendar": Calendar(holiday="01-01")}
    assert tick(early, definitions=defs, resources=given).skip_message == "01-01"
    with pytest.raises(ResourceRequirementError, match=r"Schedule 'early' requires .*'calendar'"):
        tick(early)


def test_resources_are_closed_after_the_tick_or_with_the_context():
    seen = []

    @resource
    def client():
        yield 5
        seen.append("closed")

    @schedule(DAILY, job=plain, required_resource_keys={"client"})
    def early(context):
        return SkipReason(str(context.resources.client))

    assert tick(early, resources={"client": client}).skip_message == "5"
    assert seen == ["closed"]
    with build_schedule_context(resources={"client": client}) as context:
        early.evaluate_tick(context)
        early(context)
        assert seen == ["closed"]
    assert seen == ["closed"] * 2


def test_the_instance_and_the_project_are_there_when_they_were_given():
    @schedule(DAILY, job=plain)
    def early(context):
        context.log.info("looking")
        return SkipReason(f"{len(context.instance.get_runs())} {context.repository_def.has_job('plain')}")

    defs = Definitions(schedules=[early])
    with Instance.ephemeral() as instance:
        assert tick(early, instance=instance, definitions=defs).skip_message == "0 True"
    with pytest.raises(InvariantViolationError, match="no instance"):
        tick(early)
    with pytest.raises(InvariantViolationError, match="repository_def="):
        _ = build_schedule_context().repository_def


# ---- partitions and targets -------------------------------------------------------------------------


def test_a_partition_brings_tags_and_must_exist_at_the_tick():
    request = asked(returning(RunRequest(partition_key="2024-01-04"), job=daily))
    assert request.tags == {"penstock/partition": "2024-01-04", NAMED: "early"}
    with pytest.raises(UnknownPartitionError, match="2024-01-05"):
        tick(returning(RunRequest(partition_key="2024-01-05"), job=daily))


def test_a_function_sees_partitions_as_of_its_tick():
    days = DailyPartitionsDefinition("2024-01-01")
    made = schedule(DAILY, job=plain, name="early")(lambda: SkipReason(days.get_last_partition_key()))
    assert tick(made).skip_message == "2024-01-04"


def test_partitions_of_an_asset_job_are_known_to_its_project():
    @asset(partitions_def=DailyPartitionsDefinition("2024-01-01"))
    def rain(): ...

    made = returning(RunRequest(partition_key="2024-01-04"), job=None, target=rain)
    defs = Definitions(schedules=[made])
    assert asked(made, definitions=defs).tags["penstock/partition"] == "2024-01-04"
    with pytest.raises(InvariantViolationError, match="repository_def="):
        tick(made)


def test_targeted_assets_come_into_the_project_with_a_job():
    @asset
    def rain():
        return 1

    defs = Definitions(schedules=[ScheduleDefinition(name="early", target=[rain], cron_schedule=DAILY)])
    name = defs.get_schedule_def("early").job_name
    assert defs.resolve_job_def(name).execute_in_process().output_for_node("rain") == 1


def test_a_request_for_another_job_is_refused():
    with pytest.raises(InvariantViolationError, match="'other', which it does not target"):
        tick(returning(RunRequest(job_name="other")))
    assert asked(returning(RunRequest(job_name="plain"))).job_name == "plain"


def test_a_job_of_the_same_project_is_enough_by_name():
    job_of_assets = define_asset_job("refill")
    made = returning(RunRequest(), job=None, job_name="refill")
    Definitions.validate_loadable(
        Definitions(assets=[asset(name="a")(lambda: 1)], jobs=[job_of_assets], schedules=[made])
    )
    assert asked(made).tags == {NAMED: "early"}
