"""Annotations as types."""

# ruff: noqa: UP045  # each way to write an annotation is the subject

from __future__ import annotations

import collections.abc
import inspect
import typing

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import InvalidDefinitionError
from penstock.types import (
    Any,
    Bool,
    Dict,
    Float,
    Int,
    List,
    Nothing,
    Optional,
    PythonObjectType,
    Set,
    String,
    Tuple,
    Type,
    check_type,
    make_python_type_usable_as_type,
    resolve_type,
    usable_as_type,
)


class Thing:
    """A value of no special kind, shown alike in every process."""

    def __repr__(self) -> str:
        return "Thing()"


T = typing.TypeVar("T")
Id = typing.NewType("Id", int)


class Animal: ...


class Cat(Animal): ...


class Box(typing.Generic[T]): ...


class Shape(typing.Protocol):
    def area(self): ...


@typing.runtime_checkable
class Sized(typing.Protocol):
    def __len__(self): ...


class Row(typing.TypedDict):
    a: int


ACCEPTED = [
    (int, True),
    (float, 1.5),
    (float, np.float64(1)),
    (str, "a"),
    (None, None),
    (type(None), None),
    (list, [Thing()]),
    (list, [1]),
    (list[int], [1, True]),
    (dict[str, list[int]], {"a": [1]}),
    (set[int], {1}),
    (tuple, ()),
    (tuple[int, str], (1, "a")),
    (tuple[int, ...], (1, 2, 3)),
    (typing.Optional[int], None),
    (int | None, 3),
    (int | str, "a"),
    (int | str | None, None),
    (typing.Literal["a", 1], 1),
    (typing.Annotated[int, []], 3),
    (T, Thing()),
    (Id, 3),
    (collections.abc.Callable[[int], int], len),
    (collections.abc.Iterator[int], iter(["a"])),
    (collections.abc.Iterable[int], ["a"]),
    (collections.abc.Sequence[int], range(3)),
    (collections.abc.Mapping[str, int], {"a": 1}),
    (frozenset[int], frozenset({1})),
    (Shape, Thing()),
    (Sized, "abc"),
    (Row, {"a": 1}),
    (Box[int], Box()),
    (Animal, Cat()),
    (object, 3),
    ("int", "anything"),
    (typing.Any, Thing()),
    (inspect.Parameter.empty, Thing()),
    (typing.Self, Thing()),
    (type[int], int),
    (npt.NDArray[np.float64], np.zeros(2)),
    (List, [1]),
    (List[Int], [1]),
    (Dict[str, Float], {"a": 1.5}),
    (Dict, {}),
    (Set[Int], {1}),
    (Tuple[int, str], (1, "a")),
    (Optional[String], None),
    (Any, Thing()),
    (Nothing, None),
    (typing.Optional[List[Int]], [1]),
]
REFUSED = [
    (int, "a", "expected int, found str 'a'"),
    (float, 1, "expected float, found int 1"),
    (Bool, 1, "expected bool, found int 1"),
    (Nothing, 5, "found int 5"),
    (list, (), "expected list, found tuple ()"),
    (list[int], [1, "a"], "item 1: expected int, found str 'a'"),
    (list[int], (1,), "expected list"),
    (dict[str, int], {1: 1}, "key 0: expected str"),
    (dict[str, int], {"a": "b"}, "value at 'a': expected int"),
    (dict[str, list[int]], {"a": [1, None]}, "value at 'a': item 1: expected int, found None"),
    (set[int], [1], "expected set"),
    (tuple[int, str], (1,), "2 items, found 1"),
    (tuple[int, str], (1, 2), "item 1: expected str"),
    (tuple[int, ...], (1, "a"), "item 1: expected int"),
    (typing.Optional[str], 4, "expected str, found int 4"),
    (int | str, 3.5, "expected Int or String, found float 3.5"),
    (int | str | None, 3.5, "expected Int or String"),
    (typing.Literal[1], True, "expected 1, found bool True"),
    (typing.Annotated[int, "m"], "a", "expected int"),
    (Id, "a", "expected int"),
    (collections.abc.Callable[[int], int], 3, "Callable"),
    (collections.abc.Iterator[int], [1], "Iterator"),
    (collections.abc.Sequence[int], ["a"], "item 0: expected int"),
    (collections.abc.Mapping[str, int], {"a": "b"}, "value at 'a'"),
    (frozenset[int], frozenset("a"), "expected int"),
    (Sized, 3, "Sized"),
    (Row, 3, "expected dict"),
    (Box[int], 3, "Box"),
    (Animal, Thing(), "Animal"),
    (npt.NDArray[np.float64], 3, "numpy.ndarray"),
    (List[Int], ["a"], "item 0: expected int"),
    (Optional[String], 3, "expected str"),
    (Tuple[int], (1, "a"), "1 items, found 2"),
    (List[List[Int]], [[1], ["a"]], "item 1: item 0: expected int"),
]


def shown_alike(part):
    """A case's name without addresses of memory, so that every process gives the same."""
    return repr(part).split(" object at 0x")[0][:40]


@pytest.mark.parametrize(("annotation", "value"), ACCEPTED, ids=shown_alike)
def test_a_value_of_the_annotation_is_accepted(annotation, value):
    check = check_type(annotation, value)
    assert check.success, check.description


@pytest.mark.parametrize(("annotation", "value", "reason"), REFUSED, ids=shown_alike)
def test_another_value_is_refused_with_the_reason(annotation, value, reason):
    check = check_type(annotation, value)
    assert not check.success
    assert reason in check.description


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (int, "Int"),
        (list[int], "[Int]"),
        (list, "[Any]"),
        (typing.Optional[int], "Int?"),
        (dict[str, int], "Dict[String,Int]"),
        (dict, "dict"),
        (set[int], "Set[Int]"),
        (tuple[int, str], "Tuple[Int,String]"),
        (Animal, "Animal"),
        (typing.Any, "Any"),
        (Nothing, "Nothing"),
    ],
)
def test_types_have_readable_names(annotation, name):
    assert resolve_type(annotation).display_name == name


@pytest.mark.parametrize(
    "annotation", [int, list[int], dict[str, int], tuple[int, ...], int | None, Box[int], Row]
)
def test_a_type_keeps_its_annotation(annotation):
    assert resolve_type(annotation).typing_type == annotation


def test_a_type_stands_for_itself():
    made = Type(name="T", type_check_fn=lambda _c, _v: True)
    assert resolve_type(made) is made
    assert resolve_type(List[made]).inner_types == (made,)


def test_an_annotation_is_resolved_once():
    assert resolve_type(dict[str, list[int]]) is resolve_type(dict[str, list[int]])


def test_what_is_no_annotation_is_refused():
    with pytest.raises(InvalidDefinitionError, match="found 3"):
        resolve_type(3)
    with pytest.raises(InvalidDefinitionError, match="takes 2 types, found 1"):
        Dict[int]


def test_any_is_known_to_accept_anything():
    assert resolve_type(typing.Any).accepts_anything
    assert resolve_type(object).accepts_anything
    assert resolve_type(typing.Optional[typing.Any]).accepts_anything
    assert not resolve_type(int).accepts_anything


def test_nothing_and_any_and_lists_are_told_apart():
    assert resolve_type(None).is_nothing
    assert resolve_type(typing.Any).is_any
    assert resolve_type(list[int]).fan_in_type is resolve_type(int)
    assert resolve_type(list[int]).supports_fan_in
    assert not resolve_type(int).supports_fan_in


def test_a_failing_nested_check_keeps_its_metadata():
    from penstock.types import TypeCheck

    made = Type(name="T", type_check_fn=lambda _c, _v: TypeCheck(success=False, metadata={"n": 1}))
    assert check_type(List[made], [0]).metadata["n"].value == 1


def test_a_decorated_class_is_a_type_of_its_own():
    @usable_as_type(name="Coin", description="a piece of money")
    class Coin: ...

    found = resolve_type(Coin)
    assert (found.display_name, found.description) == ("Coin", "a piece of money")
    assert resolve_type(list[Coin]).display_name == "[Coin]"
    assert check_type(Coin, Coin()).success
    assert not check_type(Coin, "paper").success


def test_a_class_is_decorated_without_arguments():
    @usable_as_type
    class Token: ...

    assert isinstance(Token, type)
    assert resolve_type(Token).display_name == "Token"


def test_a_class_stands_for_one_type_only():
    class Coin: ...

    assert resolve_type(list[Coin]).display_name == "[Coin]"
    make_python_type_usable_as_type(Coin, PythonObjectType(Coin, name="Money"))
    assert resolve_type(Coin).display_name == "Money"
    assert resolve_type(list[Coin]).display_name == "[Money]"
    with pytest.raises(InvalidDefinitionError, match="already stands for the type 'Money'"):
        make_python_type_usable_as_type(Coin, PythonObjectType(Coin, name="Other"))
    with pytest.raises(InvalidDefinitionError, match="already stands for the type 'Int'"):
        make_python_type_usable_as_type(int, PythonObjectType(int, name="Other"))


def test_long_lists_are_checked_to_the_end():
    assert check_type(list[int], [1] * 100_000).success
    assert "item 100000" in check_type(list[int], [1] * 100_000 + ["a"]).description


@given(st.recursive(st.integers() | st.text() | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_a_list_type_accepts_what_its_items_accept(value):
    wanted = isinstance(value, list) and all(isinstance(item, int) for item in value)
    assert check_type(list[int], value).success is wanted
