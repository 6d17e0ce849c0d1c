from __future__ import annotations

import contextlib

import pytest

from penstock.config import bind
from penstock.define.configurable_resource import ConfigurableResource
from penstock.define.resource import (
    ResourceDefinition,
    as_resource_definition,
    as_resource_definitions,
    make_values_resource,
    resource,
)
from penstock.engine.direct import build_init_resource_context
from penstock.errors import InvalidConfigError, InvalidDefinitionError, InvalidInvocationError


class Context:
    def __init__(self, config=None):
        self.resource_config = config


def test_a_function_with_or_without_context_makes_a_resource():
    @resource
    def plain():
        """Plain."""
        return 1

    @resource(config_schema={"n": int}, required_resource_keys={"base"}, description="d", version="1")
    def asked(init_context):
        return init_context.resource_config["n"]

    with plain.open(Context()) as value:
        assert value == 1
    with asked.open(Context({"n": 2})) as value:
        assert value == 2
    assert (plain.description, asked.description, asked.required_resource_keys) == ("Plain.", "d", {"base"})


def test_a_schema_may_stand_first():
    @resource({"n": int})
    def one(init_context): ...

    @resource(str)
    def other(init_context): ...

    assert bind(one.config, {"n": 1}, env={}) == {"n": 1}
    assert bind(other.config, "a", env={}) == "a"


def test_more_than_a_context_is_refused():
    with pytest.raises(InvalidDefinitionError, match="at most one"):

        @resource
        def wrong(init_context, other): ...


@pytest.mark.parametrize("fails", [False, True])
def test_a_generator_is_closed_whatever_happens(fails):
    log = []

    @resource
    def door(_init_context):
        try:
            yield "door"
        finally:
            log.append("closed")

    expected = pytest.raises(ValueError, match="inside") if fails else contextlib.nullcontext()
    with expected, door.open(Context()) as value:
        assert value == "door"
        if fails:
            raise ValueError("inside")
    assert log == ["closed"]


def test_a_context_manager_function_is_entered():
    log = []

    @resource
    @contextlib.contextmanager
    def door():
        yield "door"
        log.append("closed")

    with door.open(Context()) as value:
        assert value == "door"
    assert log == ["closed"]


@pytest.mark.parametrize("count", [0, 2])
def test_a_generator_yields_once(count):
    @resource
    def door(_init_context):
        yield from range(count)

    with pytest.raises(InvalidDefinitionError, match="yield"), door.open(Context()):
        pass


def test_ready_made_definitions():
    made = [
        ResourceDefinition.hardcoded_resource([1]),
        ResourceDefinition.none_resource(),
        ResourceDefinition.string_resource(),
        make_values_resource(a=int),
    ]
    values = []
    for definition, config in zip(made, [None, None, "text", {"a": 1}], strict=True):
        with definition.open(Context(config)) as value:
            values.append(value)
    assert values[:3] == [[1], None, "text"]
    assert values[3].a == 1
    with ResourceDefinition.mock_resource().open(Context()) as mock:
        assert mock.anything(1) is mock.anything(2)


def test_configured_settles_config():
    @resource(config_schema={"url": str, "n": int})
    def client(init_context):
        return init_context.resource_config

    fixed = client.configured({"url": "u", "n": 1})
    half = client.configured(lambda url: {"url": url, "n": 2}, config_schema=str)
    assert bind(fixed.config, env={}) == {"url": "u", "n": 1}
    assert bind(half.config, "v", env={}) == {"url": "v", "n": 2}


def test_a_direct_call_checks_config():
    @resource(config_schema={"n": int})
    def number(init_context):
        return init_context.resource_config["n"]

    @resource
    def plain():
        return 1

    assert number(build_init_resource_context(config={"n": 5})) == 5
    assert plain() == 1
    with pytest.raises(InvalidConfigError, match="n"):
        number(build_init_resource_context(config={"n": "x"}))
    with pytest.raises(InvalidInvocationError, match="build_init_resource_context"):
        number()


def test_anything_is_a_resource():
    @resource
    def plain():
        return 1

    thing = object()
    assert as_resource_definition(plain) is plain
    with as_resource_definition(thing).open(Context()) as value:
        assert value is thing
    assert list(as_resource_definitions({"a": 1, "b": plain})) == ["a", "b"]


def test_a_resource_class_is_not_an_object_of_it():
    class Client(ConfigurableResource): ...

    with pytest.raises(InvalidDefinitionError, match="configure_at_launch"):
        as_resource_definition(Client)


def test_entries_of_a_values_resource_are_those_of_a_dict():
    values = make_values_resource(a=int)(build_init_resource_context(config={"a": 1}))
    assert (values["a"], values.a, dict(values)) == (1, 1, {"a": 1})
    assert not hasattr(values, "b")


def test_none_stands_for_an_empty_init_context():
    @resource
    def client(context):
        return context.run_id

    assert client(None) is None
