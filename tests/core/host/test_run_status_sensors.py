"""Which runs a run status sensor is told in a tick, and where its cursor goes."""

from __future__ import annotations

import pytest

from penstock import (
    ConfigurableResource,
    Instance,
    InvariantViolationError,
    RunRequest,
    RunStatus,
    SensorResult,
    SkipReason,
    build_sensor_context,
    define_asset_job,
    run_failure_sensor,
    run_status_sensor,
)
from penstock.errors import ResourceRequirementError
from penstock.events.runs import Run
from penstock.host.run_status_sensors import RUNS_A_TICK
from penstock.spi.store import EventQuery
from penstock.store.open import MEMORY_URL, open_store

AFTERWARDS, GOOD, OTHER = (define_asset_job(name) for name in ("afterwards", "good", "other"))


class Inbox(ConfigurableResource):
    size: int


class Story:
    """An instance, a sensor, and the cursor between its ticks."""

    def __init__(self, instance):
        self.instance, self.cursor, self.count = instance, None, 0

    def run(self, job_name="good", status=RunStatus.SUCCESS, **given):
        self.count += 1
        self.instance.add_run(Run(run_id=str(self.count), job_name=job_name, status=status, **given))

    def tick(self, fn, status=RunStatus.SUCCESS, resources=None, **options):
        made = run_status_sensor(status, "watch", **options)(fn)
        context = build_sensor_context(self.instance, self.cursor, resources=resources)
        data = made.evaluate_tick(context)
        self.cursor = data.cursor
        return data


@pytest.fixture
def story():
    with Instance.ephemeral() as instance:
        yield Story(instance)


def nothing(context): ...


def reactions(data):
    return [(one.run.run_id, one.error and one.error.cls_name) for one in data.run_reactions]


def test_it_begins_with_the_runs_after_its_first_tick(story):
    story.run()
    first = story.tick(nothing)
    assert (reactions(first), first.skip_message) == (
        [],
        "Sensor 'watch' looks at runs from here on: its cursor is 4.",
    )
    story.run()
    assert reactions(story.tick(nothing)) == [("2", None)]
    assert reactions(story.tick(nothing)) == []


def test_a_cursor_of_no_place_begins_anew(story):
    story.run()
    story.cursor = "rubbish"
    assert reactions(story.tick(nothing)) == []


def test_several_runs_are_told_in_one_tick_up_to_a_limit(story):
    story.tick(nothing)
    for _ in range(RUNS_A_TICK + 2):
        story.run()
    assert [len(reactions(story.tick(nothing))) for _ in range(3)] == [RUNS_A_TICK, 2, 0]


def test_a_function_that_asks_for_runs_is_told_one_run_a_tick(story):
    def ask(context):
        return RunRequest(context.run.run_id)

    story.tick(ask, request_job=AFTERWARDS)
    story.run()
    story.run()
    asked = [story.tick(ask, request_job=AFTERWARDS).run_requests for _ in range(3)]
    assert [[one.run_key for one in found] for found in asked] == [["1"], ["2"], []]
    assert asked[0][0].tags == {"penstock/sensor_name": "watch"}


def test_only_runs_in_the_status_are_told(story):
    def watch():
        return story.tick(nothing, RunStatus.CANCELED)

    watch()
    for status in RunStatus:
        if status is not RunStatus.NOT_STARTED:
            story.run(status.name, status)
    assert [one.run.job_name for one in watch().run_reactions] == ["CANCELED"]


@pytest.mark.parametrize("status", [one for one in RunStatus if one is not RunStatus.NOT_STARTED])
def test_every_status_of_a_run_can_be_looked_at(story, status):
    story.tick(nothing, status)
    story.run(status=status)
    (seen,) = story.tick(nothing, status).run_reactions
    assert seen.run_status is status


def test_only_runs_of_the_monitored_jobs_are_told(story):
    story.tick(nothing)
    story.run("other")
    story.run("good")
    story.run("other")
    data = story.tick(nothing, monitored_jobs=[GOOD])
    assert reactions(data) == [("2", None)]
    assert reactions(story.tick(nothing)) == []


def test_runs_of_other_jobs_do_not_use_up_the_tick(story):
    story.tick(nothing)
    for _ in range(150):
        story.run("other")
    story.run("good")
    assert reactions(story.tick(nothing, monitored_jobs=[GOOD])) == [("151", None)]


def test_what_a_function_raises_is_told_of_its_run_and_the_others_go_on(story):
    def picky(context):
        if context.run.run_id == "1":
            raise ZeroDivisionError("by zero")

    story.tick(picky)
    story.run()
    story.run()
    assert reactions(story.tick(picky)) == [("1", "ZeroDivisionError"), ("2", None)]
    assert reactions(story.tick(picky)) == []


def test_reactions_come_before_the_answer_that_ends_the_tick(story):
    def second(context):
        return RunRequest("k") if context.run.run_id == "2" else None

    story.tick(second, request_job=AFTERWARDS)
    for _ in range(3):
        story.run()
    data = story.tick(second, request_job=AFTERWARDS)
    assert (reactions(data), [one.run_key for one in data.run_requests]) == ([("1", None)], ["k"])
    assert reactions(story.tick(second, request_job=AFTERWARDS)) == [("3", None)]


def test_a_result_may_end_a_tick_with_reactions(story):
    def second(context):
        return SensorResult([RunRequest("k")]) if context.run.run_id == "2" else None

    story.tick(second, request_job=AFTERWARDS)
    story.run()
    story.run()
    data = story.tick(second, request_job=AFTERWARDS)
    assert (reactions(data), [one.run_key for one in data.run_requests]) == ([("1", None)], ["k"])


def test_a_reason_after_reactions_is_a_reaction(story):
    def second(context):
        return SkipReason("no") if context.run.run_id == "2" else None

    story.tick(second)
    story.run()
    story.run()
    assert reactions(story.tick(second)) == [("1", None), ("2", None)]
    assert story.tick(second).skip_message == "No run came into the status SUCCESS."


def test_a_reason_alone_is_a_skip(story):
    story.tick(nothing)
    story.run()
    assert story.tick(lambda context: SkipReason("no")).skip_message == "no"


def test_the_cursor_is_not_for_users(story):
    story.tick(nothing)
    story.run()
    with pytest.raises(InvariantViolationError, match="its cursor is moved for it"):
        story.tick(lambda context: SensorResult(cursor="3"))


def test_resources_are_lent_and_missed(story):
    def count(context, inbox: Inbox):
        return SkipReason(str(inbox.size))

    story.tick(nothing)
    story.run()
    with pytest.raises(ResourceRequirementError, match="inbox"):
        story.tick(count)
    assert story.tick(count, resources={"inbox": Inbox(size=3)}).skip_message == "3"


def test_a_failure_sensor_is_told_failures_alone(story):
    seen = []

    @run_failure_sensor
    def alarm(context):
        seen.append((context.run.run_id, context.failure_event.event_type_value))

    first = alarm.evaluate_tick(build_sensor_context(story.instance))
    story.run()
    story.run(status=RunStatus.FAILURE)
    alarm.evaluate_tick(build_sensor_context(story.instance, first.cursor))
    assert seen == [("2", "RUN_FAILURE")]


def test_a_run_that_was_deleted_moves_no_cursor_back(story):
    story.tick(nothing)
    story.run()
    story.tick(nothing)
    before = int(story.cursor)
    story.instance.delete_run("1")
    assert reactions(story.tick(nothing)) == []
    assert int(story.cursor) >= before


class Watched:
    """A store that notes what it is asked."""

    def __init__(self, store):
        self.store, self.asked = store, []

    def __getattr__(self, name):
        return getattr(self.store, name)

    def read(self, query):
        self.asked.append(query)
        return self.store.read(query)


def test_the_cursor_moves_over_what_does_not_matter():
    store = Watched(open_store(MEMORY_URL))
    with Instance(store) as instance:
        story = Story(instance)
        for _ in range(2):
            story.tick(nothing, RunStatus.FAILURE)
            story.run()
        story.tick(nothing, RunStatus.FAILURE)
        end = store.read(EventQuery(ascending=False))[0].id
        store.asked.clear()
        story.tick(nothing, RunStatus.FAILURE)
    assert [(query.after, query.before) for query in store.asked[1:]] == [(end, end + 1)]
