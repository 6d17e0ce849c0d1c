"""Functions may answer in many ways; each stands for the same items."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

from penstock import (
    DynamicOut,
    DynamicOutput,
    EventType,
    ExpectationResult,
    Out,
    Output,
    RetryPolicy,
    asset,
    graph,
    job,
    materialize,
    op,
)
from penstock.errors import InvariantViolationError


def outcome(one, name="result"):
    """What an op alone in a job gave."""

    @job
    def alone():
        one()

    return alone.execute_in_process().output_for_node(one.name, name)


def test_a_plain_value_is_the_output():
    @op
    def one():
        return 3

    assert outcome(one) == 3


def test_a_tuple_fills_the_outputs_in_order():
    @op(out={"a": Out(), "b": Out()})
    def two():
        return 1, Output(2, "b")

    assert (outcome(two, "a"), outcome(two, "b")) == (1, 2)


def test_a_tuple_of_another_length_is_refused():
    @op(out={"a": Out(), "b": Out()})
    def three():
        return 1, 2, 3

    with pytest.raises(InvariantViolationError, match="tuple of 2 values"):
        outcome(three)


def test_a_list_is_a_value():
    @op
    def many():
        return [1, 2]

    assert outcome(many) == [1, 2]


def test_a_list_of_outputs_is_several_outputs():
    @op(out={"a": Out(), "b": Out(is_required=False)})
    def partly():
        return Output(1, "a")

    assert outcome(partly, "a") == 1


def test_a_generator_yields_items():
    @op(out={"a": Out(), "b": Out()})
    def two():
        yield Output(1, "a")
        yield Output(2, "b")

    assert (outcome(two, "a"), outcome(two, "b")) == (1, 2)


def test_a_bare_value_cannot_be_yielded():
    @op
    def wrong():
        yield 3

    with pytest.raises(InvariantViolationError, match=r"yielded a int.*yield Output\(value\)"):
        outcome(wrong)


def test_a_generator_object_may_be_returned():
    @op(out={"a": Out(), "b": Out()})
    def two():
        return (Output(value, name) for name, value in (("a", 1), ("b", 2)))

    assert (outcome(two, "a"), outcome(two, "b")) == (1, 2)


def test_an_iterator_that_was_not_declared_is_a_value():
    @op
    def lines():
        return iter([1, 2])

    assert list(outcome(lines)) == [1, 2]


def test_dynamic_outputs_may_be_returned_as_a_list():
    @op(out=DynamicOut())
    def pieces():
        return [DynamicOutput(1, "a"), DynamicOutput(2, "b")]

    assert outcome(pieces) == {"a": 1, "b": 2}


def test_something_else_is_no_dynamic_output():
    @op(out=DynamicOut())
    def pieces():
        return [1, 2]

    with pytest.raises(InvariantViolationError, match="DynamicOutput"):
        outcome(pieces)


def test_a_function_without_outputs_returns_nothing():
    @op(out={})
    def wrong():
        return 3

    with pytest.raises(InvariantViolationError, match="no outputs but returned int 3"):
        outcome(wrong)


def test_outputs_come_as_they_are_yielded():
    seen = []

    @op(out={"a": Out(), "b": Out(is_required=False)})
    def stops():
        yield Output(1, "a")
        seen.append("went on")
        raise ValueError("later")

    @job
    def alone():
        stops()

    result = alone.execute_in_process(raise_on_error=False)
    assert seen == ["went on"]
    assert any(event.event_type.name == "STEP_OUTPUT" for event in result.all_events)


# ---- async -----------------------------------------------------------------------------------------


def coroutine_op():
    @op
    async def waits():
        await asyncio.sleep(0)
        return 3

    return waits


def async_generator_op():
    @op(out={"a": Out(), "b": Out()})
    async def yields():
        yield Output(1, "a")
        await asyncio.sleep(0)
        yield Output(2, "b")

    return yields


def test_a_coroutine_is_awaited():
    assert outcome(coroutine_op()) == 3


def test_an_async_generator_is_gathered():
    assert outcome(async_generator_op(), "b") == 2


@pytest.mark.parametrize(
    ("make", "name", "value"), [(coroutine_op, "result", 3), (async_generator_op, "a", 1)]
)
def test_both_work_inside_a_running_event_loop(make, name, value):
    async def in_a_notebook():
        return outcome(make(), name)

    assert asyncio.run(in_a_notebook()) == value


def test_an_error_in_a_coroutine_fails_the_step():
    @asset
    async def broken():
        await asyncio.sleep(0)
        raise KeyError("x")

    async def in_a_notebook():
        return materialize([broken])

    with pytest.raises(KeyError):
        materialize([broken])
    with pytest.raises(KeyError):
        asyncio.run(in_a_notebook())


def test_an_async_step_is_tried_again():
    attempts = []

    @asset(retry_policy=RetryPolicy(1))
    async def flaky():
        attempts.append(1)
        await asyncio.sleep(0)
        if len(attempts) == 1:
            raise ValueError("first")
        return 1

    assert materialize([flaky]).success


def test_async_and_plain_ops_pass_values_to_each_other():
    waits = coroutine_op()

    @op
    async def doubled(x):
        return x * 2

    @op
    def shifted(x):
        return x + 1

    @graph
    def mixed():
        return doubled(shifted(waits()))

    assert mixed.execute_in_process().output_value() == 8


def test_an_async_op_sees_the_context_variables_of_a_running_loop():
    named: contextvars.ContextVar[str] = contextvars.ContextVar("named", default="")

    @op
    async def reads():
        return named.get()

    @job
    def alone():
        reads()

    async def notebook():
        named.set("by the notebook")
        return alone.execute_in_process().output_for_node("reads")

    assert asyncio.run(notebook()) == "by the notebook"


def test_a_misfitting_answer_that_cannot_show_itself_is_named_by_its_type():
    class Shy:
        def __repr__(self):
            raise RuntimeError

    @op(out={"a": Out(), "b": Out()})
    def two():
        return Shy()

    @job
    def alone():
        two()

    with pytest.raises(InvariantViolationError, match="returned Shy"):
        alone.execute_in_process()


def test_a_returned_output_without_a_name_is_the_only_one():
    @op(out={"rows": Out()})
    def one():
        return Output(3, metadata={"n": 1})

    assert outcome(one, "rows") == 3
    assert one().value == 3


def test_returned_outputs_without_names_are_those_of_their_places():
    @op(out={"low": Out(), "high": Out()})
    def both():
        return Output(1), Output(9)

    assert (outcome(both, "low"), outcome(both, "high")) == (1, 9)


def test_an_expectation_is_recorded_with_its_step():
    @op
    def one(context):
        context.log_event(ExpectationResult(success=True))
        yield ExpectationResult(success=False, label="rows", metadata={"n": 0})
        yield Output(3)

    @job
    def alone():
        one()

    told = alone.execute_in_process().events_of_type(EventType.STEP_EXPECTATION_RESULT)
    results = [event.event_specific_data.expectation_result for event in told]
    assert [(one.success, one.label) for one in results] == [(True, None), (False, "rows")]
    assert results[1].metadata["n"].value == 0
