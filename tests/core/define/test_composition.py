from __future__ import annotations

import pytest

from penstock.define.graph import FanIn, FromGraphInput, FromNode
from penstock.define.graph_decorator import graph
from penstock.define.hook import success_hook
from penstock.define.inout import DynamicOut, GraphIn, GraphOut, In, Out
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.output import DynamicOutput
from penstock.define.retry import RetryPolicy
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, InvariantViolationError


@op
def one():
    return 1


@op
def add(a, b=2):
    return a + b


@op(out={"low": Out(), "high": Out()})
def bounds():
    return 1, 9


@op(out=DynamicOut())
def letters():
    yield DynamicOutput("a", "a")


@op
def shout(letter):
    return letter.upper()


@op
def join(parts):
    return parts


def wires(made):
    return {name: dict(node.inputs) for name, node in made.nodes.items()}


def composed(body):
    return graph(name="made")(body)


def refused(body, message, error=InvalidDefinitionError):
    with pytest.raises(error, match=message):
        composed(body)


def test_calls_are_wired_by_place_and_name():
    made = composed(lambda: add(one(), b=one()))
    assert wires(made) == {"one": {}, "one_2": {}, "add": {"a": FromNode("one"), "b": FromNode("one_2")}}
    assert made.outs == {"result": FromNode("add")}


def test_an_alias_names_a_use():
    made = composed(lambda: add.alias("sum")(one.alias("first")(), one()))
    assert list(made.nodes) == ["first", "one", "sum"]
    refused(lambda: (one.alias("x")(), one.alias("x")())[1], "'x'")


def test_a_use_keeps_tags_hooks_and_retries_to_itself():
    @success_hook
    def cheer(context): ...

    policy = RetryPolicy()

    @graph
    def made():
        one.tag({"a": 1}).with_hooks({cheer}).with_retry_policy(policy).tag({"b": "2"})()

    node = made.nodes["one"]
    assert (node.tags, node.hooks, node.retry_policy) == ({"a": "1", "b": "2"}, {cheer}, policy)


def test_a_list_is_a_fan_in():
    made = composed(lambda: join([one(), bounds().high]))
    assert wires(made)["join"] == {"parts": FanIn((FromNode("one"), FromNode("bounds", "high")))}


def test_several_outputs_are_unpacked_indexed_and_named():
    def body():
        low, high = bounds()
        again = bounds()
        add(low, high)
        add(again[0], again.high)

    made = composed(body)
    assert wires(made)["add"] == {"a": FromNode("bounds", "low"), "b": FromNode("bounds", "high")}
    assert wires(made)["add_2"] == {"a": FromNode("bounds_2", "low"), "b": FromNode("bounds_2", "high")}
    refused(lambda: bounds().midle, "'midle'", AttributeError)


def test_graph_inputs_reach_every_input_they_are_passed_to():
    @graph
    def made(x, unused_default: int = 5):
        return add(x, join([x, unused_default]))

    assert wires(made) == {
        "join": {"parts": FanIn((FromGraphInput("x"), FromGraphInput("unused_default")))},
        "add": {"a": FromGraphInput("x"), "b": FromNode("join")},
    }
    assert made.ins["unused_default"].default == 5
    assert made.ins["unused_default"].type.display_name == "Int"


def test_a_graph_input_inherits_from_what_it_is_wired_to():
    @op(ins={"n": In(int, default_value=3)})
    def count(n): ...

    @graph(ins={"many": GraphIn("how many")})
    def made(many):
        count(many)

    assert (made.ins["many"].type.display_name, made.ins["many"].default) == ("Int", 3)
    assert made.ins["many"].description == "how many"


def test_outputs_are_named_by_dict_tuple_or_op():
    both = {"x": GraphOut("the x"), "y": GraphOut()}
    by_dict = graph(name="made", out=both)(lambda: {"y": one(), "x": bounds().low})
    by_tuple = graph(name="made", out=both)(lambda: (bounds().low, one()))
    of_op = graph(name="made", out=both)(lambda: bounds() or None)
    alone = graph(name="made")(lambda: bounds() or None)
    assert by_dict.outs == {"y": FromNode("one"), "x": FromNode("bounds", "low")}
    assert by_tuple.outs == {"x": FromNode("bounds", "low"), "y": FromNode("one")}
    assert of_op.outs == {"x": FromNode("bounds", "low"), "y": FromNode("bounds", "high")}
    assert alone.outs == {"low": FromNode("bounds", "low"), "high": FromNode("bounds", "high")}
    assert by_dict.output_named("x").description == "the x"


@pytest.mark.parametrize(
    ("out", "body", "message"),
    [
        (GraphOut(), lambda: None, "'result'"),
        ({"x": GraphOut(), "y": GraphOut()}, lambda: {"x": one()}, "'y'"),
        ({"x": GraphOut()}, lambda: {"z": one()}, "'z'"),
        ({"x": GraphOut(), "y": GraphOut()}, lambda: add(one()), "dict or a tuple"),
        ({"x": GraphOut()}, lambda: (one(), one()), "2 outputs"),
        (None, lambda: (one(), one()), "GraphOut"),
        (None, lambda: 5, "5"),
        (None, lambda: [one()], "cannot be wired"),
    ],
)
def test_outputs_that_are_not_as_declared_are_refused(out, body, message):
    with pytest.raises(InvalidDefinitionError, match=message):
        graph(name="made", out=out)(body)


def test_map_and_collect_are_written_into_the_wires():
    made = composed(lambda: join(letters().map(lambda x: add(shout(x), one())).collect()))
    assert wires(made) == {
        "letters": {},
        "shout": {"letter": FromNode("letters", mode="mapped")},
        "one": {},
        "add": {"a": FromNode("shout", mode="mapped"), "b": FromNode("one")},
        "join": {"parts": FromNode("add", mode="collected")},
    }


def test_what_was_mapped_can_be_mapped_on():
    made = composed(lambda: letters().map(shout).map(shout))
    assert wires(made)["shout_2"] == {"letter": FromNode("shout", mode="mapped")}
    assert made.outs == {"result": FromNode("shout_2", mode="mapped")}
    assert made.output_named("result").is_dynamic


def test_a_map_may_return_several_or_nothing():
    @op(out={"a": Out(), "b": Out()})
    def split(x): ...

    def body():
        _a, b = letters().map(split)
        assert letters().map(lambda x: None) is None
        c, _d = letters().map(lambda x: (shout(x), shout(x)))
        join(b.collect())
        join(c.collect())

    assert wires(composed(body))["join"] == {"parts": FromNode("split", "b", "collected")}


def test_dynamic_outputs_leave_a_graph():
    @graph
    def inner():
        return letters()

    made = composed(lambda: inner().map(shout))
    assert wires(made)["shout"] == {"letter": FromNode("inner", mode="mapped")}


def test_a_mapped_graph_is_one_node():
    @graph
    def twice(x):
        return shout(shout(x))

    made = composed(lambda: join(letters().map(twice).collect()))
    assert wires(made)["twice"] == {"x": FromNode("letters", mode="mapped")}


def two_maps():
    first, second = letters(), letters()
    first.map(lambda x: second.map(lambda y: add(x, y)))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda: shout(letters()), "map"),
        (lambda: join([letters().map(shout)]), "map"),
        (lambda: letters().map(lambda x: 5), "5"),
        (lambda: letters().map(5), "function"),
        (two_maps, "two dynamic outputs"),
        (lambda: letters().map(shout).collect(), "collected"),
        (lambda: one().map(shout), "no dynamic"),
        (lambda: join([[one()]]), "cannot be wired"),
        (lambda: shout(5), "5 of type int"),
        (lambda: shout(one), r"one\(\)"),
        (lambda: shout(one.alias("x")), r"x\(\)"),
        (lambda: shout(bounds()), r"\.low"),
        (lambda: add(one(), c=one()), "'c'"),
        (lambda: add(one(), one(), one()), "3 arguments"),
        (lambda unused: one(), "'unused'"),
        (lambda x: x, "own input"),
        (lambda context: one(), "context"),
        (lambda: (yield one()), "yields"),
    ],
)
def test_what_cannot_be_wired_is_refused(body, message):
    refused(body, message)


def test_nested_dynamic_outputs_are_refused():
    @op(out=DynamicOut())
    def spell(letter):
        yield DynamicOutput(letter, "x")

    refused(lambda: letters().map(spell), "nest")


@pytest.mark.parametrize(
    "body", [lambda: list(one()), lambda: one()[0], lambda: list(letters()), lambda x: [*x]]
)
def test_a_single_output_cannot_be_taken_apart(body):
    refused(body, "unpacked|iterated", InvariantViolationError)


def test_an_input_is_given_once():
    refused(lambda: add(one(), a=one()), "twice", InvalidInvocationError)


def test_wires_do_not_cross_graphs():
    leaked = []

    @graph
    def inner():
        leaked.append(one())

    refused(lambda: shout(leaked[0]), "border")


def test_composition_ends_with_the_body():
    refused(lambda: shout(5), "5")
    assert add(1, 1) == 2


def test_a_job_body_is_composed_like_a_graph():
    @job
    def made():
        add(one())

    assert wires(made.graph) == {"one": {}, "add": {"a": FromNode("one")}}
