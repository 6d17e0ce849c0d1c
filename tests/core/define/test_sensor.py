"""Sensors as definitions: names, targets, and calls in a test."""

from __future__ import annotations

import pytest

from penstock import (
    AssetSelection,
    ConfigurableResource,
    DefaultSensorStatus,
    Definitions,
    InvalidDefinitionError,
    InvalidInvocationError,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SensorType,
    SkipReason,
    asset,
    build_sensor_context,
    define_asset_job,
    job,
    op,
    sensor,
)
from penstock.errors import ResourceRequirementError
from penstock.metadata import MetadataValue

JOB = define_asset_job("refill")
OTHER = define_asset_job("sweep")


class Inbox(ConfigurableResource):
    size: int


@asset
def stock(): ...


@asset
def prices(): ...


def idle():
    return SkipReason("idle")


def test_a_function_may_move_its_cursor():
    @sensor(job=JOB)
    def watch(context):
        context.update_cursor("2")
        return SkipReason(f"at {context.cursor}")

    context = build_sensor_context(cursor="1")
    assert watch(context) == SkipReason("at 2")
    assert (watch.name, watch.job_name, context.cursor) == ("watch", "refill", "2")


def test_what_nobody_says_has_its_default():
    made = sensor(job=JOB)(idle)
    assert (made.minimum_interval_seconds, made.default_status) == (30, DefaultSensorStatus.STOPPED)
    assert (made.tags, made.metadata, made.owners, made.description) == ({}, {}, (), None)
    assert made.sensor_type is SensorType.STANDARD
    assert made.required_resource_keys == frozenset()


def test_what_is_said_is_kept():
    made = sensor(
        job=JOB,
        name="other",
        description="Looks.",
        minimum_interval_seconds=7,
        tags={"team": "a"},
        metadata={"doc": "x"},
        owners=["team:data"],
        default_status=DefaultSensorStatus.RUNNING,
    )(idle)
    assert (made.name, made.description, made.minimum_interval_seconds) == ("other", "Looks.", 7)
    assert (made.tags, made.owners) == ({"team": "a"}, ("team:data",))
    assert made.metadata == {"doc": MetadataValue.text("x")}
    assert made.default_status is DefaultSensorStatus.RUNNING


def test_the_description_is_that_of_the_function():
    @sensor(job=JOB)
    def watch():
        """Looks for mail."""

    assert watch.description == "Looks for mail."


def test_a_definition_is_named_after_its_function():
    assert SensorDefinition(evaluation_fn=idle, job=JOB).name == "idle"
    assert sensor("refill")(idle).job_name == "refill"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"job": JOB, "job_name": "refill"}, "job= and job_name="),
        ({"job": JOB, "asset_selection": "*"}, "asset_selection= and a job"),
        ({"target": 3}, "target=3"),
        ({"job": JOB, "name": "two words"}, "two_words"),
        ({"job": JOB, "owners": ["nobody"]}, "cannot own sensor 'idle'"),
        ({"job": JOB, "minimum_interval_seconds": "1"}, "whole number, found '1'"),
        ({"job": JOB, "default_status": "RUNNING"}, "DefaultSensorStatus.RUNNING or .STOPPED"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        sensor(**given)(idle)


def test_a_definition_wants_a_function():
    with pytest.raises(InvalidDefinitionError, match="has no function"):
        SensorDefinition(name="empty", job=JOB)


def test_a_function_is_an_ordinary_one():
    async def watch(): ...

    async def watching():
        yield RunRequest()

    for fn in (watch, watching):
        with pytest.raises(InvalidDefinitionError, match=r"is async. Write an ordinary one"):
            sensor(job=JOB)(fn)


def test_resources_are_named_in_one_place():
    def watch(inbox: Inbox): ...

    assert sensor(job=JOB)(watch).required_resource_keys == {"inbox"}
    with pytest.raises(InvalidDefinitionError, match=r"required_resource_keys \(a\).*parameters \(inbox\)"):
        sensor(job=JOB, required_resource_keys={"a"})(watch)


def test_the_one_job_is_offered():
    made = sensor(job=JOB)(idle)
    assert (made.job, made.jobs, made.has_jobs) == (JOB, [JOB], True)


def test_of_several_jobs_none_is_the_one():
    made = sensor(jobs=[JOB, OTHER])(idle)
    assert made.jobs == [JOB, OTHER]
    with pytest.raises(InvalidDefinitionError, match="several jobs: refill, sweep"):
        _ = made.job_name


def test_a_sensor_without_job_says_so():
    made = sensor()(idle)
    assert not made.has_jobs
    for ask in (lambda: made.job, lambda: made.jobs, lambda: made.job_name):
        with pytest.raises(InvalidDefinitionError, match="has no job"):
            ask()


def test_a_job_known_by_name_alone_is_not_offered():
    with pytest.raises(InvalidDefinitionError, match="by name alone"):
        _ = sensor("refill")(idle).job


def test_a_copy_has_another_job_and_the_rest():
    made = sensor(job=JOB, minimum_interval_seconds=4)(idle).with_updated_job(OTHER)
    assert (made.job_name, made.minimum_interval_seconds, made.name) == ("sweep", 4, "idle")
    assert made.with_attributes(metadata={"a": 1}).metadata == {"a": MetadataValue.int(1)}
    of_assets = sensor(asset_selection="stock")(idle).with_updated_jobs([JOB, OTHER])
    assert (of_assets.asset_selection, len(of_assets.jobs)) == (None, 2)


def test_a_selection_is_read():
    made = sensor(asset_selection=[stock])(idle)
    assert made.asset_selection == AssetSelection.assets(stock)


# ---- calls -----------------------------------------------------------------------------------------


def test_a_sensor_is_called_like_its_function():
    @sensor(job=JOB)
    def watch(context, inbox: Inbox):
        return RunRequest(f"{context.cursor} {inbox.size}")

    lent = build_sensor_context(cursor="c", resources={"inbox": Inbox(size=3)})
    assert watch(lent).run_key == "c 3"
    assert watch(build_sensor_context(cursor="d"), inbox=Inbox(size=4)).run_key == "d 4"
    assert watch(context=build_sensor_context(), inbox=Inbox(size=5)).run_key == "None 5"


def test_a_sensor_without_context_may_be_given_one():
    made = sensor(job=JOB)(idle)
    assert made() == made(build_sensor_context()) == SkipReason("idle")


def test_resources_of_the_project_are_lent():
    @sensor(job=JOB)
    def watch(inbox: Inbox):
        return RunRequest(str(inbox.size))

    project = Definitions(sensors=[watch], resources={"inbox": Inbox(size=8)})
    assert watch(build_sensor_context(definitions=project)).run_key == "8"


def watch_mail(context, inbox: Inbox): ...


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, "called without one"),
        ((3,), {}, "wants a SensorEvaluationContext, found 3, a int"),
        ((Inbox(size=1),), {}, "resources by name alone"),
        ((build_sensor_context(), 3), {}, "2 arguments that are no resources"),
        ((), {"wrong": build_sensor_context()}, "'wrong', which it does not take"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(args, kwargs, said):
    with pytest.raises(InvalidInvocationError, match=said):
        sensor(job=JOB)(watch_mail)(*args, **kwargs)


def test_a_missing_resource_is_named():
    with pytest.raises(ResourceRequirementError, match="'watch_mail' requires the resource 'inbox'"):
        sensor(job=JOB)(watch_mail)(build_sensor_context())


# ---- in a project ----------------------------------------------------------------------------------


def faults_of(**given):
    with pytest.raises(InvalidDefinitionError) as raised:
        Definitions.validate_loadable(Definitions(**given))
    return str(raised.value)


def test_jobs_of_sensors_belong_to_the_project():
    @op
    def look(): ...

    @job
    def looking():
        look()

    made = Definitions(sensors=[sensor(jobs=[looking])(idle)])
    assert made.resolve_job_def("looking").name == "looking"


def test_assets_that_are_targeted_belong_to_the_project():
    made = Definitions(sensors=[sensor(target=[stock, prices])(idle)])
    assert made.resolve_job_def("__anonymous_asset_job_idle").name == "__anonymous_asset_job_idle"


def test_every_fault_of_sensors_is_told_at_once():
    lost = sensor(job_name="refil", name="lost")(idle)
    needy = sensor(job=JOB, name="needy", required_resource_keys={"inbx"})(idle)
    said = faults_of(
        assets=[stock],
        jobs=[JOB],
        sensors=[lost, needy, sensor(name="needy")(idle)],
        resources={"inbox": Inbox(size=1)},
    )
    assert "3 faults" in said
    assert "'lost' is to run the job 'refil', which does not exist. Did you mean 'refill'?" in said
    assert "sensor 'needy' needs the resource 'inbx', which nobody provides. Did you mean 'inbox'?" in said
    assert "The sensor 'needy' is defined twice" in said


def test_a_schedule_and_a_sensor_have_names_of_their_own():
    both = {
        "sensors": [sensor(job=JOB)(idle)],
        "schedules": [ScheduleDefinition(name="idle", cron_schedule="@daily", job=JOB)],
    }
    assert "A schedule and a sensor are both called 'idle'" in faults_of(assets=[stock], **both)


def test_ops_of_targeted_jobs_have_names_of_their_own():
    def job_of(name):
        @op
        def look(): ...

        @job(name=name)
        def looking():
            look()

        return looking

    said = faults_of(sensors=[sensor(jobs=[job_of("one"), job_of("two")])(idle)])
    assert "'look'" in said


def test_a_target_that_names_no_asset_is_told_with_its_sensor():
    said = faults_of(assets=[stock], sensors=[sensor(target="stok")(idle)])
    assert "Did you mean 'stock'?" in said
    assert "sensor 'idle'" in said


def test_a_sensor_without_job_is_no_fault():
    Definitions.validate_loadable(Definitions(sensors=[sensor()(idle)]))
