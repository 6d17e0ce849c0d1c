from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.config import Config
from penstock.define.configurable_resource import ConfigurableResource
from penstock.define.hook import success_hook
from penstock.define.op import NO_VALUE, DynamicOut, In, Out, op
from penstock.define.output import DynamicOutput, Output
from penstock.define.retry import RetryPolicy
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.keys import AssetKey
from penstock.types import Nothing


def types_of(slots):
    return {name: slot.type.display_name for name, slot in slots.items()}


def test_a_function_becomes_an_op():
    @op
    def add(a: int, b: str = "x") -> float:
        """Adds.

        More.
        """

    assert add.name == add.__name__ == "add"
    assert add.description == "Adds.\n\nMore."
    assert types_of(add.ins) == {"a": "Int", "b": "String"}
    assert add.ins["a"].default is NO_VALUE
    assert add.ins["b"].default_value == "x"
    assert types_of(add.outs) == {"result": "Float"}


def test_arguments_of_the_decorator_say_more():
    policy = RetryPolicy(max_retries=3)

    @success_hook
    def cheer(context): ...

    @op(
        name="other",
        description="d",
        ins={"a": In(int, "the a", 4, {"k": 1}, asset_key="up", input_manager_key="im")},
        out=Out(str, "o", is_required=False, io_manager_key="om", metadata={"p": 1}, code_version="7"),
        required_resource_keys={"db"},
        tags={"n": 1},
        retry_policy=policy,
        code_version="1",
        pool="slots",
        timeout=2.5,
        hooks={cheer},
    )
    def made(a): ...

    one, result = made.ins["a"], made.outs["result"]
    assert (made.name, made.description, made.tags, made.pool, made.timeout) == (
        "other",
        "d",
        {"n": "1"},
        "slots",
        2.5,
    )
    assert (one.description, one.default, one.metadata, one.asset_key) == (
        "the a",
        4,
        {"k": 1},
        AssetKey("up"),
    )
    assert one.input_manager_key == "im"
    assert (result.description, result.is_required, result.io_manager_key) == ("o", False, "om")
    assert (result.code_version, made.code_version) == ("7", "1")
    assert made.required_resource_keys == {"db"}
    assert made.retry_policy is policy
    assert made.hooks == {cheer}


def test_resource_and_config_parameters_are_no_inputs():
    class Scale(ConfigurableResource):
        factor: int = 1

    class Rows(Config):
        n: int

    @op
    def use(config: Rows, scale: Scale, x): ...

    assert list(use.ins) == ["x"]
    assert use.required_resource_keys == {"scale"}
    assert use.config is not None


def test_config_is_said_once():
    with pytest.raises(InvalidDefinitionError, match="config_schema"):

        @op(config_schema={"a": int})
        def both(config: dict): ...


def test_a_config_annotation_must_be_known():
    with pytest.raises(InvalidDefinitionError, match="Unheard"):

        @op
        def use(config: Unheard): ...  # noqa: F821


def test_nothing_inputs_have_no_parameter():
    @op(ins={"after": In(Nothing)})
    def wait(x): ...

    assert list(wait.ins) == ["x", "after"]
    with pytest.raises(InvalidDefinitionError, match="after"):

        @op(ins={"after": In(Nothing)})
        def wrong(after): ...


def test_an_in_without_parameter_is_refused_unless_keywords_take_it():
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'rows'"):

        @op(ins={"row": In(int)})
        def wrong(rows): ...

    @op(ins={"row": In(int)})
    def right(**kwargs): ...

    assert types_of(right.ins) == {"row": "Int"}


def test_no_return_annotation_is_anything_and_none_is_nothing():
    @op
    def bare(): ...

    @op
    def silent() -> None: ...

    @op
    def any_value() -> Any: ...

    assert bare.outs["result"].type.is_any
    assert silent.outs["result"].type.is_nothing
    assert any_value.outs["result"].type.is_any


def test_output_annotations_are_looked_into():
    @op
    def one() -> Output[int]: ...

    @op
    def bare() -> Output: ...

    @op
    def stream() -> Iterator[Output[str]]:
        yield Output("a")

    @op
    def other_stream() -> Iterator[int]:
        yield Output("a")

    assert [types_of(one.outs)["result"], types_of(bare.outs)["result"]] == ["Int", "Any"]
    assert [types_of(stream.outs)["result"], types_of(other_stream.outs)["result"]] == ["String", "Any"]


def test_dynamic_outputs_are_declared_or_annotated():
    @op(out=DynamicOut(int))
    def declared(): ...

    @op
    def listed() -> list[DynamicOutput[int]]: ...

    @op
    def streamed() -> Iterator[DynamicOutput[int]]:
        yield DynamicOutput(1, "a")

    for made in (declared, listed, streamed):
        assert made.outs["result"].is_dynamic
        assert types_of(made.outs) == {"result": "Int"}


def test_several_outputs_share_a_tuple_annotation():
    @op(out={"a": Out(), "b": Out(), "c": Out(float)})
    def three() -> tuple[int, Output[str], Any]: ...

    assert types_of(three.outs) == {"a": "Int", "b": "String", "c": "Float"}


@pytest.mark.parametrize("annotation", [int, tuple[int], tuple[int, int, int]])
def test_a_return_annotation_for_other_outputs_is_refused(annotation):
    def two(): ...

    two.__annotations__["return"] = annotation
    with pytest.raises(InvariantViolationError, match="2 outputs"):
        op(out={"a": Out(), "b": Out()})(two)


def test_output_names_are_checked():
    with pytest.raises(InvalidDefinitionError, match="a-b"):

        @op(out={"a-b": Out()})
        def wrong(): ...


def test_configured_makes_a_new_op():
    @op(config_schema={"n": int, "m": int})
    def emit(context): ...

    @op
    def plain(): ...

    def half(config):
        return {"n": config, "m": 2}

    assert emit.configured({"n": 1, "m": 2}, name="fixed").name == "fixed"
    assert emit.configured(half, config_schema=int).name == "half"
    with pytest.raises(InvalidDefinitionError, match="plain"):
        plain.configured({}, name="other")


def test_partials_and_callable_objects_become_ops():
    def add(a, b):
        """Adds."""
        return a + b

    class Twice:
        def __call__(self, x):
            return 2 * x

    made = op(functools.partial(add, b=1))
    assert (made.name, made.description, made(2)) == ("add", "Adds.", 3)
    assert op(Twice())(4) == 8


def test_a_use_of_an_op_does_not_change_the_op():
    @op(tags={"a": "1"})
    def emit(): ...

    used = emit.alias("first").tag({"b": 2}).with_retry_policy(RetryPolicy())
    assert (used.name, used.use.tags) == ("first", {"b": "2"})
    assert emit.tags == {"a": "1"}


def test_hooks_must_be_hooks():
    @op
    def emit(): ...

    with pytest.raises(InvalidDefinitionError, match="success_hook"):
        emit.with_hooks({print})
