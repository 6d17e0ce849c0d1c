from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Annotated

import pytest

from penstock.config import Config
from penstock.define.configurable_resource import ConfigurableResource
from penstock.define.resource import ResourceParam
from penstock.define.signature import BARE, read_shape
from penstock.engine.context import OpExecutionContext
from penstock.errors import InvalidDefinitionError

if TYPE_CHECKING:
    from somewhere_else import Unknown


class Client(ConfigurableResource):
    url: str = ""


class Rows(Config):
    count: int = 1


def test_parameters_are_sorted_by_what_they_are_for():
    def fn(context, config: Rows, a, client: Client, b: int = 2, *, thing: ResourceParam[object]) -> str: ...

    shape = read_shape(fn)
    assert shape.context == "context"
    assert (shape.config, shape.config_class) == ("config", Rows)
    assert list(shape.resources) == ["client", "thing"]
    assert dict(shape.inputs) == {"a": BARE, "b": int}
    assert dict(shape.defaults) == {"b": 2}
    assert shape.returns is str
    assert shape.order == ("config", "a", "client", "b", "thing")


@pytest.mark.parametrize("name", ["context", "_context", "context_", "_"])
def test_a_context_is_known_by_its_name(name):
    shape = read_shape(eval(f"lambda {name}, x: None"))
    assert shape.context == name
    assert list(shape.inputs) == ["x"]


def test_a_context_is_known_by_its_annotation():
    def fn(ctx: OpExecutionContext, x): ...

    assert read_shape(fn).context == "ctx"


def test_only_the_first_parameter_is_a_context():
    assert read_shape(lambda x, context: None).context is None


def test_config_without_annotation_is_an_input():
    shape = read_shape(lambda config: None)
    assert shape.config is None
    assert list(shape.inputs) == ["config"]


def test_annotations_may_name_local_classes():
    class Local(Config):
        n: int = 1

    def fn(config: Local, x: list[Local]): ...

    shape = read_shape(fn)
    assert shape.config_class is Local
    assert shape.inputs["x"] == list[Local]


def test_what_nobody_can_resolve_stays_a_string():
    def fn(x: Unknown, y: dict[str, Unknown]) -> Unknown: ...

    shape = read_shape(fn)
    assert dict(shape.inputs) == {"x": "Unknown", "y": "dict[str, Unknown]"}
    assert shape.returns == "Unknown"


def test_how_a_function_answers_is_seen():
    def generator():
        yield

    async def coroutine(): ...

    async def stream():
        yield

    answers = [(s.is_generator, s.is_async) for s in map(read_shape, (generator, coroutine, stream))]
    assert answers == [(True, False), (False, True), (True, True)]


def test_wrappers_and_partials_are_looked_through():
    def fn(a: int, b: str): ...

    @functools.wraps(fn)
    def wrapper(*args, **kwargs): ...

    assert dict(read_shape(wrapper).inputs) == {"a": int, "b": str}
    assert dict(read_shape(functools.partial(fn, b="x")).inputs) == {"a": int, "b": str}


def test_callable_objects_are_read_without_self():
    class Add:
        def __call__(self, a: int, b): ...

    assert dict(read_shape(Add()).inputs) == {"a": int, "b": BARE}


def test_args_without_names_are_refused():
    with pytest.raises(InvalidDefinitionError, match=r"\*args"):
        read_shape(lambda *args: None)


def test_keywords_are_noted():
    assert read_shape(lambda **kwargs: None).keywords
    assert not read_shape(lambda a: None).keywords


def test_the_place_of_the_function_is_noted():
    def fn(): ...

    assert read_shape(fn).where == f"{__file__}:{inspect.getsourcelines(fn)[1]}"


def test_other_annotated_parameters_are_inputs():
    def fn(x: Annotated[int, "metres"]): ...

    assert list(read_shape(fn).inputs) == ["x"]
