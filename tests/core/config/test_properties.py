"""Properties that hold for any schema and any config."""

from __future__ import annotations

import enum
import re
from typing import Literal

import pydantic
from hypothesis import given
from hypothesis import strategies as st

from penstock.config import (
    Array,
    Config,
    Field,
    Map,
    Noneable,
    Permissive,
    Shape,
    bind,
    bind_class,
    collect,
    config_dict,
    holds_references,
)

NAMES = st.sampled_from(["a", "b", "c", "d e"])
SCALARS = {
    int: st.integers(),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    str: st.text(max_size=4),
}


@st.composite
def schemas_and_values(draw, depth=2):
    """A schema and a value that fits it."""
    kinds = ["scalar"] if depth == 0 else ["scalar", "array", "map", "shape", "noneable", "permissive"]
    kind = draw(st.sampled_from(kinds))
    if kind == "scalar":
        python_type = draw(st.sampled_from(list(SCALARS)))
        return python_type, draw(SCALARS[python_type])
    if kind in ("shape", "permissive"):
        entries = draw(st.dictionaries(NAMES, schemas_and_values(depth=depth - 1), max_size=3))
        schema = {name: inner for name, (inner, _) in entries.items()}
        value = {name: entry for name, (_, entry) in entries.items()}
        return (Shape if kind == "shape" else Permissive)(schema), value
    inner, value = draw(schemas_and_values(depth=depth - 1))
    if kind == "array":
        return Array(inner), [value] * draw(st.integers(0, 2))
    if kind == "map":
        return Map(str, inner), dict.fromkeys(draw(st.sets(NAMES)), value)
    return Noneable(inner), draw(st.sampled_from([None, value]))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES | st.just("env"), inner, max_size=3),
    max_leaves=8,
)


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Point(Config):
    x: int
    label: str | None = None


class Circle(Config):
    kind: Literal["circle"] = "circle"
    radius: float = pydantic.Field(default=1.0, ge=0)


class Square(Config):
    kind: Literal["square"] = "square"
    corners: list[Point] = []


class Drawing(Config):
    shape: Circle | Square = Circle()
    colour: Colour = Colour.RED
    layers: dict[str, list[int]] = {}
    title: str | None = "untitled"


POINTS = st.builds(Point, x=st.integers(), label=st.none() | st.text())
DRAWINGS = st.builds(
    Drawing,
    shape=st.builds(Circle, radius=st.floats(0, 9)) | st.builds(Square, corners=st.lists(POINTS, max_size=2)),
    colour=st.sampled_from(Colour),
    layers=st.dictionaries(st.text(), st.lists(st.integers(), max_size=2), max_size=2),
    title=st.none() | st.text(),
)


@given(schemas_and_values())
def test_a_value_of_the_schema_fits(pair):
    schema, value = pair
    assert bind(schema, value, env={}) == value


@given(schemas_and_values(), ANYTHING)
def test_binding_twice_is_binding_once(pair, value):
    schema, _ = pair
    bound, faults = collect(schema, value, env={})
    if not faults:
        assert bind(schema, bound, env={}) == bound


@given(schemas_and_values(), ANYTHING)
def test_each_fault_stands_below_something_that_was_given(pair, value):
    schema, _ = pair
    for fault in collect(schema, value, env={})[1]:
        here = value
        steps = re.findall(r"\.(\w+)|\['([^']*)'\]|\[(\d+)\]", fault.path)
        for name, quoted, index in steps[:-1]:
            here = here[int(index)] if index else here.get(name or quoted, {})
        assert str(fault).startswith(f"{fault.path}: wanted ")


@given(schemas_and_values())
def test_a_default_fills_in_what_is_left_out(pair):
    schema, value = pair
    with_default = Shape({"entry": Field(schema, default_value=value)})
    assert bind(with_default, {}, env={}) == {"entry": bind(schema, value, env={})}


@given(DRAWINGS)
def test_an_object_comes_back_from_its_dict(drawing):
    assert bind_class(Drawing, config_dict(drawing), env={}) == drawing


@given(ANYTHING)
def test_a_class_takes_anything_or_says_why_not(value):
    bound, faults = collect(Drawing, value, env={"": "x"})
    assert (bound is None) == bool(faults)
    assert bound is None or not holds_references(bound)
