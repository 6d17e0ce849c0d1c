"""Sensors that look at runs, as definitions and with built contexts."""

from __future__ import annotations

import pytest

from penstock import (
    CodeLocationSelector,
    ConfigurableResource,
    Definitions,
    Instance,
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
    JobSelector,
    RepositorySelector,
    RunFailureSensorContext,
    RunStatus,
    RunStatusSensorContext,
    RunStatusSensorDefinition,
    SensorType,
    StaticPartitionsDefinition,
    build_run_status_sensor_context,
    build_sensor_context,
    job,
    op,
    run_failure_sensor,
    run_status_sensor,
)
from penstock.events.runs import Run


class Inbox(ConfigurableResource):
    size: int


@op
def work(): ...


@op
def fail():
    raise ValueError("told to")


@job(partitions_def=StaticPartitionsDefinition(["a"]))
def good():
    work()


@job
def bad():
    fail()


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def told(instance, what=good, **given):
    partition = {"partition_key": "a"} if what is good else {}
    result = what.execute_in_process(instance=instance, raise_on_error=False, **partition)
    event = result.get_run_success_event() if result.success else result.get_run_failure_event()
    run = instance.get_run_by_id(result.run_id)
    return build_run_status_sensor_context("watch", event, instance, run, **given)


# ---- definitions -------------------------------------------------------------------------------------


def test_it_is_a_sensor_with_all_that_sensors_have():
    @run_status_sensor(RunStatus.SUCCESS, request_job=good, minimum_interval_seconds=4, tags={"a": "b"})
    def watch(context):
        """Looks."""

    assert (watch.name, watch.description, watch.job_name) == ("watch", "Looks.", "good")
    assert (watch.run_status, watch.sensor_type) == (RunStatus.SUCCESS, SensorType.RUN_STATUS)
    assert (watch.minimum_interval_seconds, watch.tags) == (4, {"a": "b"})
    assert watch.with_updated_job(bad).job_name == "bad"
    assert Definitions(sensors=[watch]).resolve_job_def("good").name == "good"


def test_it_needs_no_job():
    Definitions.validate_loadable(Definitions(sensors=[run_failure_sensor("alarm")(lambda: None)]))


def test_failure_sensors_are_named_in_three_ways():
    @run_failure_sensor
    def bare(context): ...

    @run_failure_sensor()
    def called(context): ...

    @run_failure_sensor("given")
    def named(context): ...

    assert [one.name for one in (bare, called, named)] == ["bare", "called", "given"]
    assert {one.run_status for one in (bare, called, named)} == {RunStatus.FAILURE}
    assert isinstance(bare, RunStatusSensorDefinition)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"run_status": "SUCCESS"}, "found 'SUCCESS'"),
        ({"run_status": RunStatus.NOT_STARTED}, "NOT_STARTED"),
        ({"monitored_jobs": ["good"]}, "wants jobs, a JobSelector"),
        ({"monitored_jobs": [good], "monitor_all_code_locations": True}, "Give one of them"),
        ({"request_job": good, "request_jobs": [bad]}, "job= and jobs="),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        run_status_sensor(**({"run_status": RunStatus.SUCCESS, "name": "watch"} | given))(lambda: None)


def test_it_looks_at_the_runs_of_its_jobs():
    def looks_at(monitored, **given):
        made = run_status_sensor(RunStatus.SUCCESS, "watch", monitored_jobs=monitored)(lambda: None)
        return made.looks_at(Run(run_id="1", **given))

    assert looks_at(None, job_name="good")
    assert looks_at([good], job_name="good")
    assert not looks_at([good], job_name="bad")
    there = {"job_name": "good", "code_location": "etl"}
    assert looks_at([JobSelector(location_name="etl", job_name="good")], **there)
    assert not looks_at([JobSelector(location_name="etl", job_name="bad")], **there)
    assert looks_at([CodeLocationSelector(location_name="etl")], **there)
    assert not looks_at([RepositorySelector(location_name="other", repository_name="r")], **there)


def test_older_names_are_understood():
    made = run_status_sensor(RunStatus.SUCCESS, "watch", job_selection=[good])(lambda: None)
    assert made.monitored_jobs == (good,)
    made = run_status_sensor(RunStatus.SUCCESS, "watch", monitor_all_repositories=True)(lambda: None)
    assert made.monitor_all_code_locations


# ---- built contexts ------------------------------------------------------------------------------------


def test_a_sensor_is_called_with_a_built_context(instance):
    @run_status_sensor(RunStatus.SUCCESS)
    def watch(context: RunStatusSensorContext):
        return context.run.job_name, context.event.event_type_value, context.partition_key

    assert watch(told(instance)) == ("good", "RUN_SUCCESS", "a")
    assert watch(context=told(instance, partition_key="b")) == ("good", "RUN_SUCCESS", "b")


def test_a_failure_sensor_is_told_the_failures_of_the_steps(instance):
    @run_failure_sensor
    def alarm(context: RunFailureSensorContext):
        steps = [event.step_key for event in context.get_step_failure_events()]
        return context.failure_event.event_type_value, steps

    assert alarm(told(instance, bad)) == ("RUN_FAILURE", ["fail"])
    assert alarm(told(instance, bad).for_run_failure()) == ("RUN_FAILURE", ["fail"])


def test_resources_come_from_the_context_or_the_call(instance):
    @run_failure_sensor
    def alarm(context, inbox: Inbox):
        return inbox.size

    lent = told(instance, bad, resources={"inbox": Inbox(size=3)})
    assert (alarm(lent), alarm(lent.for_run_failure())) == (3, 3)
    assert alarm(told(instance, bad), inbox=Inbox(size=4)) == 4
    around = build_sensor_context(resources={"inbox": Inbox(size=5)})
    assert alarm(told(instance, bad, context=around)) == 5


def test_a_function_may_take_no_context():
    assert run_status_sensor(RunStatus.SUCCESS, "watch")(lambda: 3)() == 3


def test_another_context_is_refused():
    made = run_status_sensor(RunStatus.SUCCESS, "watch")(lambda context: 3)
    with pytest.raises(InvalidInvocationError, match="build_run_status_sensor_context"):
        made(build_sensor_context())
    with pytest.raises(InvalidInvocationError, match="called without one"):
        made()


def test_a_context_wants_a_run_and_an_event(instance):
    with pytest.raises(InvariantViolationError, match=r"run=….*found None"):
        build_run_status_sensor_context("watch", None, instance, None)


def test_resources_close_with_the_context(instance):
    with told(instance, resources={"inbox": Inbox(size=3)}) as context:
        assert (context.resources.inbox.size, context.sensor_name) == (3, "watch")
