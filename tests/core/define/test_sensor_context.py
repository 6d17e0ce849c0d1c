"""The context of a sensor: cursor, what was before, and resources that close."""

from __future__ import annotations

import pytest

from penstock import (
    Definitions,
    Instance,
    InvalidInvocationError,
    InvariantViolationError,
    build_sensor_context,
    resource,
)
from penstock.define.sensor_context import SensorEvaluationContext


def test_nothing_is_known_of_what_nobody_told():
    context = build_sensor_context()
    assert (context.cursor, context.repository_def, context.repository_name) == (None, None, None)
    assert (context.last_run_key, context.last_completion_time) == (None, None)
    assert (context.last_tick_completion_time, context.last_sensor_start_time) == (None, None)
    assert (context.is_first_tick_since_sensor_start, context.cursor_updated) == (True, False)
    with pytest.raises(InvariantViolationError, match="instance="):
        _ = context.instance
    with pytest.raises(InvariantViolationError, match="sensor_name="):
        _ = context.sensor_name


def test_what_was_given_is_told():
    project = Definitions()
    with Instance.ephemeral() as instance:
        context = build_sensor_context(
            instance, "c", repository_name="r", sensor_name="s", definitions=project
        )
        assert context.instance is instance
    assert (context.cursor, context.repository_name, context.sensor_name) == ("c", "r", "s")
    assert context.repository_def is project.get_repository_def()


def test_a_project_is_given_once():
    project = Definitions()
    with pytest.raises(InvalidInvocationError, match="not both"):
        build_sensor_context(definitions=project, repository_def=project.get_repository_def())


def test_a_cursor_is_text():
    context = build_sensor_context()
    for put in (lambda: build_sensor_context(cursor=3), lambda: context.update_cursor(3)):
        with pytest.raises(InvariantViolationError, match=r"text, found 3 \(int\)"):
            put()
    assert not context.cursor_updated


def test_a_cursor_may_be_forgotten():
    context = build_sensor_context(cursor="c")
    context.update_cursor(None)
    assert (context.cursor, context.cursor_updated) == (None, True)


@pytest.mark.parametrize(("began", "last", "first"), [(5.0, None, True), (5.0, 4.0, True), (5.0, 6.0, False)])
def test_the_first_tick_is_the_first_since_the_start(began, last, first):
    context = SensorEvaluationContext(last_sensor_start_time=began, last_tick_completion_time=last)
    assert context.is_first_tick_since_sensor_start is first


def test_resources_close_with_the_context():
    seen = []

    @resource
    def client():
        seen.append("open")
        yield 3
        seen.append("close")

    with build_sensor_context(resources={"client": client}) as context:
        assert (context.resources.client, context.resource_defs["client"]) == (3, client)
        assert seen == ["open"]
    assert seen == ["open", "close"]


def test_more_resources_make_another_context():
    first = build_sensor_context(cursor="c", resources={"a": 1})
    second = first.merge_resources({"b": 2})
    assert (second.cursor, second.resources.a, second.resources.b) == ("c", 1, 2)
    assert list(first.resources) == ["a"]


def test_a_logger_is_offered():
    assert build_sensor_context().log.name.startswith("penstock")
