"""Nested graphs lie flat: every op is found once, every wire leads to the op that it starts from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock import graph, job, op
from penstock.define.graph import FanIn, FromGraphInput, FromNode, GraphDefinition, Node
from penstock.define.inout import InputDefinition
from penstock.plan.flatten import OpenInput, OpOutput, Scope, resolve, walk
from penstock.types import resolve_type

DEPTH = 2_000


@op
def one():
    return 1


@op
def add(x, y):
    return x + y


@graph
def inner(a):
    return add(a, one())


@graph
def outer(b):
    return inner(inner(b))


@job
def nested():
    outer(one())


def test_ops_are_found_in_the_order_of_appearance():
    paths = [".".join(place.path) for place in walk(Scope(nested.graph))]
    assert paths == ["one", "outer.inner.one", "outer.inner.add", "outer.inner_2.one", "outer.inner_2.add"]


def test_a_wire_leads_out_of_a_graph():
    place = {place.path: place for place in walk(Scope(nested.graph))}["outer", "inner", "add"]
    assert resolve(place.node.inputs["x"], place.scope) == OpOutput(("one",), "result")


def test_a_wire_leads_into_a_graph():
    place = {place.path: place for place in walk(Scope(nested.graph))}["outer", "inner_2", "add"]
    assert resolve(place.node.inputs["x"], place.scope) == OpOutput(("outer", "inner", "add"), "result")


def test_an_input_of_the_outermost_graph_stays_open():
    place = {place.path: place for place in walk(Scope(inner))}["add",]
    assert resolve(place.node.inputs["x"], place.scope) == OpenInput("a")


def test_an_input_that_a_node_leaves_open_names_the_node():
    unwired = GraphDefinition(name="g", nodes={"inner": Node(name="inner", definition=inner)})
    place = {place.path: place for place in walk(Scope(unwired))}["inner", "add"]
    assert resolve(place.node.inputs["x"], place.scope) == OpenInput("a", "inner")


def deep(depth):
    """One op inside so many graphs."""
    found = GraphDefinition(
        name="g0",
        nodes={"add": Node(name="add", definition=add, inputs={"x": FromGraphInput("a")})},
        ins={"a": InputDefinition(name="a", type=resolve_type(object))},
        outs={"result": FromNode("add", "result")},
    )
    for level in range(depth):
        found = GraphDefinition(
            name=f"g{level + 1}",
            nodes={"g": Node(name="g", definition=found, inputs={"a": FromGraphInput("a")})},
            ins=found.ins,
            outs={"result": FromNode("g", "result")},
        )
    return found


def test_graphs_may_nest_deeper_than_python_calls():
    (place,) = walk(Scope(deep(DEPTH)))
    assert len(place.path) == DEPTH + 1
    assert resolve(place.node.inputs["x"], place.scope) == OpenInput("a")


def test_an_output_is_followed_deeper_than_python_calls():
    around = GraphDefinition(name="job", nodes={"g": Node(name="g", definition=deep(DEPTH))})
    found = resolve(FromNode("g", "result"), Scope(around))
    assert isinstance(found, OpOutput)
    assert found.path[-1] == "add"


def test_collecting_the_output_of_a_graph_collects_that_of_its_op():
    around = GraphDefinition(name="job", nodes={"g": Node(name="g", definition=deep(3))})
    found = resolve(FromNode("g", "result", "collected"), Scope(around))
    assert isinstance(found, OpOutput)
    assert found.collected


def test_a_list_inside_a_list_lies_flat_in_order():
    inside = GraphDefinition(
        name="inside",
        nodes={
            "one": Node(name="one", definition=one),
            "add": Node(
                name="add",
                definition=add,
                inputs={"x": FanIn((FromNode("one"), FromGraphInput("many"), FromNode("one")))},
            ),
        },
        ins={"many": InputDefinition(name="many", type=resolve_type(object))},
    )
    around = GraphDefinition(
        name="job",
        nodes={
            "first": Node(name="first", definition=one),
            "second": Node(name="second", definition=one),
            "g": Node(
                name="g", definition=inside, inputs={"many": FanIn((FromNode("second"), FromNode("first")))}
            ),
        },
    )
    place = {place.path: place for place in walk(Scope(around))}["g", "add"]
    found = resolve(place.node.inputs["x"], place.scope)
    assert [end.path for end in found] == [("g", "one"), ("second",), ("first",), ("g", "one")]


@given(st.recursive(st.just("op"), lambda inside: st.lists(inside, min_size=1, max_size=4), max_leaves=30))
def test_every_op_is_found_once(shape):
    def build(part, name):
        if part == "op":
            return one
        nodes = {
            f"n{place}": Node(name=f"n{place}", definition=build(inside, f"n{place}"))
            for place, inside in enumerate(part)
        }
        return GraphDefinition(name=name, nodes=nodes)

    def leaves(part, path):
        if part == "op":
            return [path]
        return [leaf for place, inside in enumerate(part) for leaf in leaves(inside, (*path, f"n{place}"))]

    top = shape if shape != "op" else ["op"]
    assert [place.path for place in walk(Scope(build(top, "top")))] == leaves(top, ())
