from __future__ import annotations

import asyncio

import pytest

from penstock.config import Config, EnvVar
from penstock.define.configurable_resource import ConfigurableResource
from penstock.define.inout import DynamicOut, In, Out
from penstock.define.op import op
from penstock.define.output import DynamicOutput, Output
from penstock.engine.direct import build_op_context
from penstock.errors import (
    InvalidConfigError,
    InvalidInvocationError,
    InvariantViolationError,
    TypeCheckDidNotPass,
)
from penstock.types import Nothing

LOG = []


@pytest.fixture(autouse=True)
def _fresh_log():
    LOG.clear()


class Rows(Config):
    count: int = 1


class Door(ConfigurableResource):
    name: str

    def setup_for_execution(self, context):
        LOG.append(f"open {self.name}")

    def teardown_after_execution(self, context):
        LOG.append(f"close {self.name}")


@op
def add(a: int, b: int = 2) -> int:
    return a + b


@op
def tell(context, x=3):
    return x


@op
def count(config: Rows, x):
    return config.count + x


@op
def walk(x, door: Door):
    LOG.append(f"walk {door.name}")
    return x


def test_an_op_is_called_like_its_function():
    assert (add(1), add(1, 5), add(b=1, a=1)) == (3, 6, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (add, "'a'"),
        (lambda: add(1, 2, 3), "too many"),
        (lambda: add(1, c=3), "'c'"),
        (tell, "build_op_context"),
        (lambda: tell(4), "context"),
        (lambda: walk(1), "'door'"),
    ],
)
def test_what_is_missing_or_too_much_is_named(call, message):
    with pytest.raises(InvalidInvocationError, match=message):
        call()


def test_a_context_comes_first_or_by_name():
    context = build_op_context()
    assert (tell(context), tell(context, 4), tell(context=context, x=5), tell(None)) == (3, 4, 5, 3)


def test_a_context_is_accepted_where_none_is_needed():
    assert add(build_op_context(), 1) == 3


def test_config_comes_by_place_name_or_context():
    assert count(Rows(count=2), 3) == 5
    assert count(3, config=Rows(count=4)) == 7
    assert count(config={"count": 5}, x=1) == 6
    assert count(3) == 4
    assert count(build_op_context(op_config={"count": 7}), 3) == 10


def test_config_given_twice_is_refused():
    with pytest.raises(InvalidInvocationError, match="twice"):
        count(build_op_context(op_config={"count": 7}), 3, config=Rows())


def test_config_is_checked():
    @op(config_schema={"n": int})
    def read(context):
        return context.op_config

    with pytest.raises(InvalidConfigError, match="n"):
        count(1, config={"count": "many"})
    with pytest.raises(InvalidConfigError, match="n"):
        read(build_op_context())


def test_environment_variables_in_config_are_looked_up(monkeypatch):
    monkeypatch.setenv("PENSTOCK_TEST_COUNT", "8")
    assert count(1, config=Rows(count=EnvVar.int("PENSTOCK_TEST_COUNT"))) == 9


def test_resources_come_by_name_place_or_context():
    door = Door(name="front")
    assert walk(1, door=door) == walk(1, door) == walk(build_op_context(resources={"door": door}), 1) == 1


def test_resources_are_open_while_the_function_runs():
    walk(1, door=Door(name="back"))
    assert LOG == ["open back", "walk back", "close back"]


def test_resources_of_a_generator_are_open_until_its_end():
    @op
    def stream(door: Door):
        yield Output(1)

    outputs = stream(door=Door(name="side"))
    assert [next(outputs).value, list(LOG)] == [1, ["open side"]]
    assert list(outputs) == []
    assert LOG == ["open side", "close side"]


def test_nothing_inputs_take_no_value():
    @op(ins={"after": In(Nothing)})
    def wait():
        return 1

    assert wait() == 1
    with pytest.raises(InvalidInvocationError, match="Nothing"):
        wait(after=1)


def test_types_are_checked_on_the_way_in_and_out():
    @op
    def wrong() -> int:
        return "x"

    with pytest.raises(TypeCheckDidNotPass, match="'a'"):
        add("x")
    with pytest.raises(TypeCheckDidNotPass, match="'result'"):
        wrong()


def test_outputs_come_back_as_they_are():
    @op
    def one() -> Output[int]:
        return Output(1, metadata={"n": 1})

    @op(out={"a": Out(int), "b": Out()})
    def two():
        return 1, Output(2, "b")

    @op(out=DynamicOut(int))
    def many():
        return [DynamicOutput(1, "a")]

    assert one() == Output(1, metadata={"n": 1})
    assert two() == (1, Output(2, "b"))
    assert many() == [DynamicOutput(1, "a")]


def test_several_outputs_want_as_many_values():
    @op(out={"a": Out(), "b": Out()})
    def one_of_two():
        return 1

    @op(out={"a": Out(), "b": Out()})
    def three_of_two():
        return 1, 2, 3

    for wrong in (one_of_two, three_of_two):
        with pytest.raises(InvariantViolationError, match="2 outputs"):
            wrong()


def test_yielded_outputs_are_checked():
    @op(out={"a": Out(int), "b": Out(), "c": Out(is_required=False)})
    def give(outputs):
        yield from outputs

    assert [o.output_name for o in give([Output(1, "a"), Output(2, "b")])] == ["a", "b"]
    with pytest.raises(InvariantViolationError, match="'b'"):
        list(give([Output(1, "a")]))
    with pytest.raises(InvariantViolationError, match="'d'"):
        list(give([Output(1, "d")]))
    with pytest.raises(TypeCheckDidNotPass, match="'a'"):
        list(give([Output("x", "a")]))


def test_async_functions_give_coroutines_and_streams():
    @op
    async def later(x) -> int:
        await asyncio.sleep(0)
        return x

    @op
    async def stream():
        yield Output(1)

    async def gathered():
        return [item.value async for item in stream()]

    assert asyncio.run(later(5)) == 5
    assert asyncio.run(gathered()) == [1]
    with pytest.raises(TypeCheckDidNotPass):
        asyncio.run(later("x"))
