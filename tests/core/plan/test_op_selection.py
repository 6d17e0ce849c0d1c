"""Op selections: a small language of names and arrows, and the graph that is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import graph, job, op
from penstock.define.graph import FanIn, FromNode, GraphDefinition, Node
from penstock.errors import InvalidSubsetError
from penstock.plan.flatten import Scope, walk
from penstock.plan.op_selection import edges_of, select_ops


@op
def load():
    return 1


@op
def clean(x):
    return x


@op
def report(x):
    return x


@op
def merge(xs):
    return xs


@graph
def prepare(x):
    return clean(x)


@job
def pipeline():
    rows = prepare(load())
    report.alias("daily")(rows)
    report.alias("weekly")(rows)


def left(*terms):
    """Keys of the ops that a selection leaves."""
    cut = select_ops(pipeline.graph, terms, "pipeline")
    return {".".join(place.path) for place in walk(Scope(cut))}


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ("load", {"load"}),
        ("*", {"load", "prepare.clean", "daily", "weekly"}),
        ("*daily", {"load", "prepare.clean", "daily"}),
        ("+daily", {"prepare.clean", "daily"}),
        ("++daily", {"load", "prepare.clean", "daily"}),
        ("load+", {"load", "prepare.clean"}),
        ("load*", {"load", "prepare.clean", "daily", "weekly"}),
        ("prepare", {"prepare.clean"}),
        ("prepare.clean+", {"prepare.clean", "daily", "weekly"}),
        ("+prepare+", {"load", "prepare.clean", "daily", "weekly"}),
        ("  load  ", {"load"}),
        ("2+daily", {"load", "prepare.clean", "daily"}),
        ("load+1", {"load", "prepare.clean"}),
        ("*prepare.clean", {"load", "prepare.clean"}),
        ("load[?]", {"load"}),
    ],
)
def test_a_term_stands_for(term, wanted):
    assert left(term) == wanted


@graph
def twice(x):
    return clean.alias("second")(clean.alias("first")(x))


@graph
def around(x):
    return twice.alias("inner")(clean(x))


@job
def nested():
    report(around(load()))


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ("load+", {"load", "around.clean", "around.inner.first", "around.inner.second"}),
        ("+report", {"report", "around.clean", "around.inner.first", "around.inner.second"}),
        ("around.clean+", {"around.clean", "around.inner.first", "around.inner.second"}),
        ("around.inner.second+", {"around.inner.second", "report"}),
        ("++around.inner.second", {"around.inner.second", "around.inner.first", "around.clean"}),
        ("2+around.inner", {"load", "around.clean", "around.inner.first", "around.inner.second"}),
    ],
)
def test_a_graph_beside_what_is_named_counts_as_one(term, wanted):
    cut = select_ops(nested.graph, [term], "nested")
    assert {".".join(place.path) for place in walk(Scope(cut))} == wanted


def test_several_terms_are_united():
    assert left("load", "weekly") == {"load", "weekly"}


def test_an_unknown_op_is_named_with_what_is_near():
    with pytest.raises(InvalidSubsetError, match=r"'dayly'.*Did you mean 'daily'"):
        left("dayly")


@pytest.mark.parametrize(
    ("term", "column", "said"),
    [
        ("load weekly", 6, "an entry of its own"),
        ("load,weekly", 1, "wanted one op"),
        ("(load)", 1, "wanted one op"),
        ("group:load", 1, "wanted an op"),
        ("lo*d", 1, "wanted a name"),
        ("+", 1, "'+'"),
        ("", 1, "the end"),
    ],
)
def test_a_term_that_cannot_be_read_is_refused(term, column, said):
    with pytest.raises(InvalidSubsetError, match="cannot be read") as caught:
        left(term)
    assert f"column {column}:" in str(caught.value)
    assert said in str(caught.value)


def test_an_unknown_op_is_shown_where_it_stands():
    with pytest.raises(InvalidSubsetError) as caught:
        left("+dayly")
    assert str(caught.value).endswith("\n  +dayly\n   ^^^^^")


def test_an_op_inside_of_a_graph_is_found_by_its_own_name():
    with pytest.raises(InvalidSubsetError, match=r"'clean'.*Did you mean 'prepare.clean'"):
        left("clean")


def test_one_step_of_a_mapped_op_says_how_to_repeat_it():
    with pytest.raises(InvalidSubsetError, match=r"choose the op, 'load'.*step_selection=\['load\[b\]'\]"):
        left("load[b]+")


def test_a_wire_to_what_was_cut_is_gone():
    cut = select_ops(pipeline.graph, ["daily"], "pipeline")
    assert not cut.nodes["daily"].inputs


def test_a_list_keeps_what_is_left_of_it():
    @job
    def merged():
        merge([load.alias("a")(), load.alias("b")(), load.alias("c")()])

    cut = select_ops(merged.graph, ["a", "c", "merge"], "merged")
    assert cut.nodes["merge"].inputs["xs"] == FanIn((FromNode("a"), FromNode("c")))


def test_an_output_of_a_cut_graph_is_gone():
    @graph
    def both():
        first = load()
        return {"first": first, "second": clean(first)}

    whole = GraphDefinition(
        name="whole",
        nodes={
            "g": Node(
                name="g",
                definition=GraphDefinition(
                    name="g",
                    nodes={
                        "load": Node(name="load", definition=load),
                        "clean": Node(name="clean", definition=clean),
                    },
                    outs={"first": FromNode("load"), "second": FromNode("clean")},
                ),
            ),
            "report": Node(name="report", definition=report, inputs={"x": FromNode("g", "second")}),
        },
    )
    cut = select_ops(whole, ["g.load", "report"], "whole")
    assert set(cut.nodes["g"].definition.outs) == {"first"}
    assert not cut.nodes["report"].inputs


def test_thousands_of_ops_and_terms_are_no_matter():
    nodes = {
        f"n{n}": Node(name=f"n{n}", definition=clean, inputs={"x": FromNode(f"n{n - 1}")} if n else {})
        for n in range(5_000)
    }
    whole = GraphDefinition(name="whole", nodes=nodes)
    assert len(select_ops(whole, [f"n{n}" for n in range(0, 5_000, 2)], "whole").nodes) == 2_500


# ---- the algebra -----------------------------------------------------------------------------------


@st.composite
def chosen(draw):
    """A graph of ops and one of them."""
    count = draw(st.integers(1, 10))
    nodes = {}
    for n in range(count):
        source = draw(st.integers(-1, n - 1))
        nodes[f"n{n}"] = Node(
            name=f"n{n}", definition=clean, inputs={"x": FromNode(f"n{source}")} if source >= 0 else {}
        )
    return GraphDefinition(name="g", nodes=nodes), f"n{draw(st.integers(0, count - 1))}"


def names(graph, *terms):
    return {place.path[0] for place in walk(Scope(select_ops(graph, terms, "g")))}


@given(chosen())
def test_each_plus_goes_one_edge_further(choice):
    graph, name = choice
    reached = {name}
    edges = edges_of(graph)
    for depth in range(1, 4):
        reached |= {path[0] for near in list(reached) for path in edges.down[near,]}
        assert names(graph, name + "+" * depth) == reached


@given(chosen())
def test_a_star_is_as_many_pluses_as_there_can_be(choice):
    graph, name = choice
    many = "+" * len(graph.nodes)
    assert names(graph, f"*{name}") == names(graph, many + name)
    assert names(graph, f"{name}*") == names(graph, name + many)


@given(chosen())
def test_both_directions_are_the_union_of_each(choice):
    graph, name = choice
    assert names(graph, f"*{name}*") == names(graph, f"*{name}") | names(graph, f"{name}*")


@given(chosen())
def test_upstream_and_downstream_mirror_each_other(choice):
    graph, name = choice
    for other in graph.nodes:
        assert (other in names(graph, f"*{name}")) == (name in names(graph, f"{other}*"))


@given(chosen())
def test_choosing_again_changes_nothing(choice):
    graph, name = choice
    once = select_ops(graph, [f"*{name}"], "g")
    assert names(once, *once.nodes) == set(once.nodes)
