"""Specs of assets and checks: what may be said, and what is refused."""

from __future__ import annotations

import pytest

from penstock.define.asset_decorators import asset, multi_asset
from penstock.define.definitions import Definitions
from penstock.define.specs import AssetCheckSpec, AssetDep, AssetIn, AssetOut, AssetSpec, key_of
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey


def test_kinds_live_among_the_tags():
    spec = AssetSpec("orders", kinds={"csv"}, tags={"tier": "gold"})
    assert spec.tags == {"tier": "gold", "penstock/kind/csv": ""}
    assert spec.kinds == {"csv"}


def test_equal_deps_collapse():
    spec = AssetSpec("orders", deps=["raw", AssetKey("raw"), AssetSpec("raw")])
    assert spec.deps == (AssetDep("raw"),)


def test_a_dep_with_two_mappings_is_refused():
    with pytest.raises(InvalidDefinitionError, match="raw"):
        AssetSpec("orders", deps=[AssetDep("raw", partition_mapping="one"), AssetDep("raw")])


def test_a_definition_of_several_assets_is_several_deps():
    @multi_asset(specs=[AssetSpec("left"), AssetSpec("right")])
    def both(): ...

    deps = AssetSpec("sum", deps=[both]).deps
    assert {dep.asset_key for dep in deps} == {AssetKey("left"), AssetKey("right")}
    with pytest.raises(InvalidDefinitionError, match="stands for 2"):
        key_of(both)


def test_deps_given_as_one_text_are_refused():
    with pytest.raises(InvalidDefinitionError, match="list of assets"):
        AssetSpec("orders", deps="raw")


def test_replaced_kinds_leave_other_tags_alone():
    spec = AssetSpec("orders", kinds={"csv"}, tags={"tier": "gold"})
    changed = spec.replace_attributes(kinds={"sql"})
    assert changed.tags == {"tier": "gold", "penstock/kind/sql": ""}
    assert spec.replace_attributes(tags={"a": "b"}).kinds == spec.kinds


def test_merged_attributes_are_added():
    spec = AssetSpec("orders", owners=["team:a"], metadata={"rows": 1}, deps=["raw"])
    merged = spec.merge_attributes(
        owners=["team:b"], metadata={"rows": 2, "unit": "m"}, deps=["other"], kinds={"sql"}
    )
    assert merged.owners == ("team:a", "team:b")
    assert merged.metadata == {"rows": 2, "unit": "m"}
    assert [dep.asset_key for dep in merged.deps] == [AssetKey("raw"), AssetKey("other")]
    assert merged.kinds == {"sql"}


def test_an_unknown_attribute_is_named_with_what_is_near():
    with pytest.raises(InvalidDefinitionError, match="group_name"):
        AssetSpec("orders").replace_attributes(group="raw")


@pytest.mark.parametrize("key", ["..", ".", "", "a\0b", "x" * 256, ["a", ""]])
def test_a_key_that_no_store_could_keep_is_refused(key):
    with pytest.raises(InvalidDefinitionError):
        AssetSpec(key)


@pytest.mark.parametrize("group", ["a b", "a-b", "", "a//b"])
def test_a_group_is_made_of_words(group):
    with pytest.raises(InvalidDefinitionError, match="group"):
        AssetSpec("orders", group_name=group)


@pytest.mark.parametrize("owner", ["nobody", "team:", "x@y", "a b@c.de"])
def test_an_owner_is_an_address_or_a_team(owner):
    with pytest.raises(InvalidDefinitionError, match="cannot own"):
        AssetSpec("orders", owners=[owner])


@pytest.mark.parametrize("tags", [{"a b": "c"}, {"": "c"}, {"a": "b c"}, {"a": "x" * 64}, {"a": 5}])
def test_tags_are_words(tags):
    with pytest.raises(InvalidDefinitionError, match="tag"):
        AssetSpec("orders", tags=tags)


def test_specs_of_equal_content_are_equal_and_hash_alike():
    one, two = (AssetSpec("orders", deps=["raw"], metadata={"rows": [1]}) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)


def test_a_key_and_a_prefix_together_are_refused():
    with pytest.raises(InvalidDefinitionError, match="key_prefix"):
        AssetIn(key="orders", key_prefix="raw")
    with pytest.raises(InvalidDefinitionError, match="key_prefix"):
        AssetOut("raw", key="orders")


def test_an_out_made_of_a_spec_says_the_same():
    spec = AssetSpec(
        ["raw", "orders"], group_name="raw", tags={"tier": "gold"}, kinds={"csv"}, owners=["team:a"]
    )
    assert AssetOut.from_spec(spec).to_spec("orders") == spec


def test_a_check_knows_its_key_and_the_name_of_its_output():
    spec = AssetCheckSpec("has-rows", asset=["shop", "orders"])
    assert spec.key == AssetCheckKey(AssetKey(["shop", "orders"]), "has-rows")
    assert spec.output_name == spec.get_python_identifier() == "shop__orders_has_rows"


def test_metadata_of_an_asset_reach_its_output():
    @asset(metadata={"partition_expr": "day"})
    def orders(): ...

    assert orders.op.outs["result"].metadata == {"partition_expr": "day"}


def test_a_spec_of_a_definition_is_in_the_default_group_unless_given():
    @asset
    def plain():
        return 1

    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b", group_name="own")])
    def both():
        return

    groups = [both.get_asset_spec(key).group_name for key in ("a", "b")]
    assert (plain.get_asset_spec().group_name, groups) == ("default", ["default", "own"])
    defs = Definitions(assets=[plain, AssetSpec("outside")])
    assert {spec.group_name for spec in defs.resolve_all_asset_specs()} == {"default"}
    moved = plain.with_attributes(group_names_by_key={plain.key: "moved"})
    assert moved.get_asset_spec().group_name == "moved"
