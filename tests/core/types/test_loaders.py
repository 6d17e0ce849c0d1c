"""Values of types, made from run config."""

# ruff: noqa: UP045  # each way to write an annotation is the subject

from __future__ import annotations

import typing

import pytest

from penstock.errors import InvalidDefinitionError
from penstock.types import (
    List,
    Nothing,
    Optional,
    PythonObjectType,
    TypeLoader,
    TypeLoaderContext,
    check_type,
    loader_schema,
    resolve_type,
    type_loader,
)


class Animal:
    def __init__(self, legs):
        self.legs = legs


def loaded(annotation, raw):
    loader = resolve_type(annotation).loader
    return loader.construct_from_config_value(TypeLoaderContext(), loader.unwrap(raw))


@pytest.mark.parametrize(
    ("annotation", "raw", "value"),
    [
        (int, 5, 5),
        (int, {"value": 5}, 5),
        (float, 1, 1.0),
        (typing.Any, {"a": 5}, {"a": 5}),
        (typing.Any, {"value": {"value": 5}}, {"value": 5}),
        (dict, {"value": {"a": 1}}, {"value": {"a": 1}}),
        (list, [1], [1]),
        (list[int], [1, {"value": 2}], [1, 2]),
        (list[int], {"value": [1]}, [1]),
        (list[dict], [{"value": 1}], [{"value": 1}]),
        (list[float], [1], [1.0]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (set[int], [1, 1], {1}),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, str], [1, "a", 3], (1, "a", 3)),
        (tuple[int], [1], (1,)),
        (tuple[int, ...], [1, 2], (1, 2)),
        (typing.Optional[int], None, None),
        (typing.Optional[int], {"value": 3}, 3),
        (int | str, "a", "a"),
        (typing.Literal["a"], {"value": "a"}, "a"),
        (list[list[int]], [[1]], [[1]]),
    ],
)
def test_simple_types_are_loaded_bare_or_wrapped(annotation, raw, value):
    found = loaded(annotation, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, int),
        (typing.Any, typing.Any),
        (dict, dict),
        (list[int], list[int]),
        (set[int], list[int]),
        (dict[str, int], dict[str, int]),
        (typing.Optional[int], typing.Optional[int]),
        (int | str, int | str),
        (Animal, None),
        (list[Animal], None),
        (dict[str, Animal], None),
        (Animal | int, None),
        (set, None),
        (Nothing, None),
        (bytes, None),
    ],
)
def test_the_schema_says_what_config_can_give(annotation, schema):
    assert loader_schema(resolve_type(annotation)) == schema


def test_a_function_is_a_loader():
    @type_loader({"legs": int}, required_resource_keys={"zoo"})
    def load(context, config):
        return Animal(config["legs"])

    made = PythonObjectType(Animal, loader=load)
    assert isinstance(load, TypeLoader)
    assert load.schema_type == {"legs": int}
    assert load.required_resource_keys() == {"zoo"}
    assert loaded(made, {"legs": 4}).legs == 4
    assert [animal.legs for animal in loaded(List[made], [{"legs": 4}, {"legs": 2}])] == [4, 2]
    assert loader_schema(List[made]) == [{"legs": int}]
    assert List[made].loader.required_resource_keys() == {"zoo"}
    assert loaded(Optional[made], None) is None
    assert loaded(Optional[made], {"legs": 4}).legs == 4
    assert loader_schema(Optional[made]) == {"legs": int}


def test_a_loader_function_takes_context_and_config():
    with pytest.raises(InvalidDefinitionError, match="config_value"):
        type_loader(int)(lambda context: 3)


def test_a_subclass_of_type_loader_is_a_loader():
    class Load(TypeLoader):
        @property
        def schema_type(self):
            return int

        def construct_from_config_value(self, context, config_value):
            return Animal(config_value)

    assert loaded(PythonObjectType(Animal, loader=Load()), 6).legs == 6


def test_too_many_items_for_a_tuple_are_left_to_the_type_check():
    assert not check_type(tuple[int, str], loaded(tuple[int, str], [1, "a", 2])).success
