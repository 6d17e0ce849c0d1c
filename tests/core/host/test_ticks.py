"""Functions of schedules and sensors are called with what they ask for, and resources close afterwards."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from penstock import ConfigurableResource, InvalidInvocationError, ResourceParam, resource
from penstock.define.tick_ground import TickGround
from penstock.errors import ResourceRequirementError
from penstock.host.ticks import evaluate, tick


class Calendar(ConfigurableResource):
    holiday: str


def context(**given):
    return SimpleNamespace(ground=TickGround(**given))


def test_a_function_is_called_with_as_much_as_it_takes():
    held = context(resources={"calendar": Calendar(holiday="12-25"), "client": 7})

    def everything(context, event, calendar: Calendar, client: ResourceParam[int]):
        return context is held, event, calendar.holiday, client

    assert evaluate(everything, held, "event") == (True, "event", "12-25", 7)
    assert evaluate(lambda event: event, held, "event") == "event"
    assert evaluate(lambda whatever: whatever is held, held) is True
    assert evaluate(lambda: 3, held, "event") == 3


def test_a_generator_is_drained_with_what_it_returns():
    def giving(context):
        yield 1
        yield 2
        return 3

    assert evaluate(giving, context()) == [1, 2, 3]


def test_what_a_tick_does_not_have_is_named():
    with pytest.raises(InvalidInvocationError, match=r"wants calendar.*Annotate"):
        evaluate(lambda context, calendar: None, context())


def test_resources_are_opened_once_and_closed_after_the_tick():
    seen = []

    @resource
    def client():
        seen.append("open")
        yield 5
        seen.append("close")

    ground = TickGround(resources={"client": client})
    with tick(ground, "Sensor 'watch'", frozenset({"client"})):
        assert (ground.resources.client, ground.resources.client, seen) == (5, 5, ["open"])
    assert seen == ["open", "close"]


def test_a_context_that_is_entered_keeps_its_resources_open():
    seen = []

    @resource
    def client():
        yield 5
        seen.append("close")

    ground = TickGround(resources={"client": client})
    ground.is_entered = True
    with tick(ground, "Sensor 'watch'", frozenset()):
        assert ground.resources.client == 5
    assert seen == []
    ground.close()
    assert seen == ["close"]


def test_resources_of_the_project_are_opened_when_they_are_wanted():
    project = SimpleNamespace(resources={"wanted": 1, "other": 2})
    ground = TickGround(repository_def=project)
    with tick(ground, "Sensor 'watch'", frozenset({"wanted"})):
        assert dict(ground.resources._asdict()) == {"wanted": 1}


def test_a_resource_that_nobody_provides_is_named():
    ground = TickGround(resources={"clients": 1})
    with (
        pytest.raises(ResourceRequirementError, match=r"Sensor 'watch' requires .*'client'"),
        tick(ground, "Sensor 'watch'", frozenset({"client"})),
    ):
        _ = ground.resources
