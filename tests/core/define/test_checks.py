"""Checks, observations and graphs as assets: what their functions take."""

from __future__ import annotations

import pytest

from penstock.define.assets import AssetChecksDefinition
from penstock.define.checks import asset_check, multi_asset_check
from penstock.define.graph_assets import graph_asset, graph_multi_asset
from penstock.define.observe import (
    SourceAsset,
    multi_observable_source_asset,
    observable_source_asset,
)
from penstock.define.op import op
from penstock.define.specs import AssetCheckSpec, AssetIn, AssetOut, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey


def test_the_argument_of_a_check_is_its_asset_whatever_its_name():
    @asset_check(asset=["shop", "orders"])
    def tidy(rows): ...

    assert isinstance(tidy, AssetChecksDefinition)
    assert tidy.keys_by_input == {"rows": AssetKey(["shop", "orders"])}
    assert tidy.op.name == "shop__orders_tidy"
    assert tidy.keys == frozenset()


def test_further_arguments_of_a_check_must_be_explained():
    with pytest.raises(InvalidDefinitionError, match="additional_ins"):
        asset_check(asset="orders")(lambda orders, users: None)

    @asset_check(asset="orders", additional_ins={"users": AssetIn("people")}, additional_deps=["days"])
    def known(orders, users): ...

    assert known.dependency_keys == {AssetKey("orders"), AssetKey("people"), AssetKey("days")}


@pytest.mark.parametrize("own", [AssetIn("orders"), AssetKey("orders")])
def test_a_check_does_not_name_its_own_asset_again(own):
    with pytest.raises(InvalidDefinitionError, match="own asset 'orders' among its additional_ins"):
        asset_check(asset="orders", additional_ins={"rows": own})(lambda rows: None)


def test_a_check_that_stands_twice_is_refused():
    specs = [AssetCheckSpec("x", asset="a"), AssetCheckSpec("x", asset="a")]
    with pytest.raises(InvalidDefinitionError, match="a:x"):
        multi_asset_check(specs=specs)


def test_a_source_asset_says_who_reads_it():
    letters = SourceAsset("letters", io_manager_key="archive", group_name="mail", tags={"a": "b"})
    assert letters.is_external
    assert (letters.io_manager_key, letters.group_name, letters.tags) == ("archive", "mail", {"a": "b"})


def test_an_observed_asset_is_external_and_executable():
    @observable_source_asset(key_prefix="in")
    def feed(context): ...

    assert (feed.key, feed.kind) == (AssetKey(["in", "feed"]), "observe")
    assert feed.is_external
    assert feed.is_executable
    with pytest.raises(InvalidDefinitionError, match="reads no assets"):
        observable_source_asset(name="x")(lambda orders: None)


def test_several_observed_assets_have_an_output_each():
    @multi_observable_source_asset(specs=[AssetSpec("door"), AssetSpec(["up", "window"])], group_name="house")
    def house(): ...

    assert house.keys_by_output == {"door": AssetKey("door"), "up__window": AssetKey(["up", "window"])}
    assert set(house.group_names_by_key.values()) == {"house"}


@op
def one():
    return 1


@op
def add(left, right): ...


def test_the_arguments_of_a_graph_asset_are_assets():
    @graph_asset(ins={"start": AssetIn(["raw", "start"])}, kinds={"sql"})
    def total(start):
        return add(one(), start)

    assert total.keys_by_input == {"start": AssetKey(["raw", "start"])}
    assert list(total.node_def.nodes) == ["one", "add"]
    assert total.get_asset_spec().kinds == {"sql"}


def test_a_graph_asset_that_gives_nothing_is_refused():
    with pytest.raises(InvalidDefinitionError, match="return"):

        @graph_asset
        def nothing():
            one()


def test_each_output_of_a_graph_is_an_asset():
    @graph_multi_asset(outs={"a": AssetOut("pre"), "b": AssetOut(group_name="g")})
    def both():
        return {"a": one(), "b": one()}

    assert both.keys == {AssetKey(["pre", "a"]), AssetKey("b")}
    assert both.group_names_by_key[AssetKey("b")] == "g"
