"""The graph of all assets: edges, order, circles, and what nobody defines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.asset_decorators import asset
from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import external_asset
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey


def graph_of(deps):
    """A graph of name → names it depends on."""
    return AssetGraph.from_assets([asset(name=name, deps=list(on))(lambda: 1) for name, on in deps.items()])


def names(keys):
    return [key.to_user_string() for key in keys]


@st.composite
def forward_graphs(draw):
    """Graphs without circles: each asset depends on earlier ones, declared in any order."""
    size = draw(st.integers(1, 12))
    deps = {f"a{n}": {f"a{m}" for m in range(n) if draw(st.booleans())} for n in range(size)}
    return {name: sorted(deps[name]) for name in draw(st.permutations(sorted(deps)))}


@given(forward_graphs())
def test_each_asset_comes_after_what_it_depends_on(deps):
    order = names(graph_of(deps).in_order)
    assert sorted(order) == sorted(deps)
    assert all(order.index(up) < order.index(name) for name, ups in deps.items() for up in ups)


@given(forward_graphs())
def test_parents_and_children_are_the_same_edges(deps):
    graph = graph_of(deps)
    down = {(up, key) for key in graph.by_key for up in graph.parents(key)}
    assert down == {(key, below) for key in graph.by_key for below in graph.children(key)}


@given(forward_graphs(), st.integers(0, 4))
def test_walking_up_n_steps_is_walking_up_one_step_n_times(deps, depth):
    graph = graph_of(deps)
    start = {min(graph.by_key)}
    stepwise = set(start)
    for _ in range(depth):
        stepwise = graph.upstream(stepwise, 1)
    assert graph.upstream(start, depth) == stepwise


def test_a_circle_is_named_whole():
    graph = graph_of({"a": ["c"], "b": ["a"], "c": ["b"], "below": ["c"], "apart": []})
    with pytest.raises(InvalidDefinitionError, match="a → b → c → a"):
        _ = graph.in_order


def test_a_circle_far_above_is_found():
    deps = {"x": ["y"], "y": ["x"], "a0": ["x"]} | {f"a{n}": [f"a{n - 1}"] for n in range(1, 50)}
    assert sorted(names(graph_of(deps).find_cycle())) == ["x", "y"]


def test_a_long_chain_is_a_normal_graph():
    size = 5_000
    keys = [AssetKey(f"a{n}") for n in range(size)]
    specs = [AssetSpec(keys[0]), *(AssetSpec(keys[n], deps=[keys[n - 1]]) for n in range(1, size))]
    graph = AssetGraph(map(external_asset, reversed(specs)))
    assert list(graph.in_order) == keys
    assert len(graph.upstream({keys[-1]})) == size


def test_what_nobody_defines_is_external_and_remembered():
    graph = graph_of({"report": ["ghost"], "other": ["ghost"]})
    ghost = AssetKey("ghost")
    assert graph.definition(ghost).is_external
    assert [one.name for one in graph.undeclared[ghost]] == ["report", "other"]
    assert ghost in graph.get_all_asset_keys()
    assert ghost not in graph.materializable_asset_keys


def test_one_key_twice_is_refused_with_both_places():
    with pytest.raises(InvalidDefinitionError, match=r"twin.*test_asset_graph"):
        AssetGraph.from_assets([asset(name="twin")(lambda: 1), asset(name="twin")(lambda: 2)])


def test_one_definition_listed_twice_counts_once():
    one = asset(name="one")(lambda: 1)
    assert len(AssetGraph.from_assets([one, [one]]).definitions) == 1


def test_a_name_without_prefix_means_the_asset_of_that_name_in_the_same_group():
    @asset(key_prefix="shop")
    def orders(): ...

    @asset(key_prefix="mart")
    def report(orders): ...

    @asset(group_name="apart", deps=["orders"])
    def elsewhere(): ...

    graph = AssetGraph.from_assets([orders, report, elsewhere])
    assert graph.parents(report.key) == (orders.key,)
    assert graph.parents(elsewhere.key) == (AssetKey("orders"),)


def test_an_unknown_asset_is_asked_for_with_a_suggestion():
    from penstock.errors import InvariantViolationError

    with pytest.raises(InvariantViolationError, match="'orders'"):
        graph_of({"orders": []}).definition(AssetKey("order"))
