"""``@asset`` and ``@multi_asset``: how a function becomes assets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.define.asset_decorators import asset, multi_asset
from penstock.define.assets import AssetsDefinition
from penstock.define.op import op
from penstock.define.results import MaterializeResult
from penstock.define.specs import AssetCheckSpec, AssetIn, AssetOut, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey
from penstock.partitions.static import StaticPartitionsDefinition


def test_arguments_are_assets_and_the_output_is_result():
    @asset(key_prefix="shop")
    def total(prices, taxes): ...

    assert total.keys_by_input == {"prices": AssetKey("prices"), "taxes": AssetKey("taxes")}
    assert total.keys_by_output == {"result": AssetKey(["shop", "total"])}
    assert total.op.name == "shop__total"


def test_an_asset_that_is_argument_and_dep_is_an_argument():
    @asset(deps=["prices", "index"])
    def total(prices): ...

    assert [dep.asset_key.to_user_string() for dep in total.get_asset_spec().deps] == ["prices", "index"]
    assert total.keys_by_input == {"prices": AssetKey("prices")}


def test_the_mapping_of_an_argument_is_kept():
    @asset(ins={"prices": AssetIn("raw", partition_mapping="mapped")})
    def total(prices): ...

    assert total.partition_mappings == {AssetKey("raw"): "mapped"}


def test_an_argument_of_type_nothing_needs_no_parameter():
    @asset(ins={"built": AssetIn("table", type=None)})
    def index(): ...

    assert index.keys_by_input == {}
    assert index.dependency_keys == {AssetKey("table")}


@pytest.mark.parametrize("name", ["in", "type", "context", "a b", "a/b", "ä"])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(InvalidDefinitionError):
        asset(name=name)(lambda: 1)


@pytest.mark.parametrize(("name", "op_name"), [("a-b", "a_b"), ("a.b", "a_b"), ("1a", "1a")])
def test_the_op_has_the_sanitized_name(name, op_name):
    made = asset(name=name)(lambda: 1)
    assert made.key == AssetKey(name)
    assert made.op.name == op_name


def test_a_key_excludes_name_and_prefix():
    with pytest.raises(InvalidDefinitionError, match="whole key"):
        asset(key="a", name="b")(lambda: 1)


def test_an_unknown_argument_of_the_decorator_is_named_with_what_is_near():
    with pytest.raises(InvalidDefinitionError, match="group_name"):
        asset(grop_name="raw")


def test_a_result_class_as_annotation_says_nothing_about_the_value():
    def one() -> MaterializeResult: ...

    def two() -> Iterator[MaterializeResult]: ...

    assert asset(one).op.outs["result"].type.is_any
    made = multi_asset(outs={"a": AssetOut(), "b": AssetOut()})(two)
    assert all(out.type.is_any for out in made.op.outs.values())


def test_an_annotation_is_the_type_of_the_output():
    def one() -> int: ...

    def two() -> None: ...

    assert asset(one).op.outs["result"].type.typing_type is int
    assert asset(two).op.outs["result"].type.is_nothing


def test_an_io_manager_given_as_an_object_is_bound_to_the_asset():
    manager = object()
    made = asset(name="orders", io_manager_def=manager)(lambda: 1)
    assert made.resource_defs == {"orders__io_manager": manager}
    assert made.get_io_manager_key_for_asset_key(made.key) == "orders__io_manager"


def test_a_check_spec_of_another_asset_is_refused():
    with pytest.raises(InvalidDefinitionError, match="other"):
        asset(name="orders", check_specs=[AssetCheckSpec("tidy", asset="other")])(lambda: 1)


def test_specs_and_outs_exclude_each_other():
    with pytest.raises(InvalidDefinitionError, match="neither"):
        multi_asset()
    with pytest.raises(InvalidDefinitionError, match="both"):
        multi_asset(specs=[AssetSpec("a")], outs={"b": AssetOut()})


def test_outputs_of_specs_are_named_after_their_keys():
    @multi_asset(specs=[AssetSpec(["raw", "a"]), AssetSpec("b", skippable=True, deps=[["raw", "a"]])])
    def both(): ...

    assert both.keys_by_output == {"raw__a": AssetKey(["raw", "a"]), "b": AssetKey("b")}
    assert [out.is_required for out in both.op.outs.values()] == [True, False]
    assert both.internal_deps[AssetKey("b")] == {AssetKey(["raw", "a"])}


def test_an_argument_that_no_spec_depends_on_is_refused():
    with pytest.raises(InvalidDefinitionError, match="loads 'extra'"):

        @multi_asset(specs=[AssetSpec("a", deps=["up"]), AssetSpec("b")])
        def both(up, extra): ...


def test_every_output_depends_on_every_input_unless_said_otherwise():
    @multi_asset(outs={"a": AssetOut(), "b": AssetOut()})
    def both(up): ...

    assert both.asset_deps == {AssetKey("a"): {AssetKey("up")}, AssetKey("b"): {AssetKey("up")}}


def test_internal_deps_on_something_unknown_are_refused():
    with pytest.raises(InvalidDefinitionError, match="neither an input nor an output"):

        @multi_asset(outs={"a": AssetOut()}, internal_asset_deps={"a": {AssetKey("ghost")}})
        def one(): ...


def test_an_asset_of_an_op_is_named_after_it():
    @op
    def square(side): ...

    made = AssetsDefinition.from_op(
        square, key_prefix="maths", keys_by_input_name={"side": AssetKey("length")}
    )
    assert made.keys == {AssetKey(["maths", "square"])}
    assert made.dependency_keys == {AssetKey("length")}


def test_a_subset_of_what_is_made_together_is_refused():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def both(): ...

    with pytest.raises(InvalidDefinitionError, match="can_subset"):
        both.subset_for({AssetKey("a")})
    assert both.subset_for({AssetKey("a"), AssetKey("b"), AssetKey("c")}) is both


def test_a_subset_keeps_the_checks_of_its_assets():
    checks = [AssetCheckSpec("x", asset="a"), AssetCheckSpec("x", asset="b")]

    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")], check_specs=checks, can_subset=True)
    def both(): ...

    part = both.subset_for({AssetKey("a")})
    assert part.keys == {AssetKey("a")}
    assert {key.asset_key for key in part.check_keys} == {AssetKey("a")}


def test_renamed_keys_reach_arguments_deps_and_checks():
    @asset(check_specs=[AssetCheckSpec("x", asset="total")])
    def total(prices): ...

    old, new = AssetKey("prices"), AssetKey(["raw", "prices"])
    made = total.with_attributes(
        asset_key_replacements={old: new, total.key: AssetKey("sum")}, group_names_by_key={total.key: "g"}
    )
    assert made.keys_by_input == {"prices": new}
    assert made.dependency_keys == {new}
    assert made.group_names_by_key == {AssetKey("sum"): "g"}
    assert made.check_key.asset_key == AssetKey("sum")


def test_assets_always_made_together_have_the_same_partitions():
    letters, numbers = StaticPartitionsDefinition(["a"]), StaticPartitionsDefinition(["1"])
    specs = [AssetSpec("x", partitions_def=letters), AssetSpec("y", partitions_def=numbers)]
    with pytest.raises(InvalidDefinitionError, match="can_subset=True"):

        @multi_asset(specs=specs)
        def both(): ...

    @multi_asset(specs=specs, can_subset=True)
    def either(): ...


def test_partitions_are_said_in_one_place():
    letters, numbers = StaticPartitionsDefinition(["a"]), StaticPartitionsDefinition(["1"])
    with pytest.raises(InvalidDefinitionError, match="one place"):

        @multi_asset(specs=[AssetSpec("x", partitions_def=letters)], partitions_def=numbers)
        def both(): ...


def test_what_a_step_is_computed_with_is_a_mapping():
    with pytest.raises(InvalidDefinitionError, match="compute= takes a mapping"):
        asset(name="a", compute=5)(lambda: None)


def test_a_compute_kind_is_a_tag_of_the_op():
    @asset(compute_kind="python", op_tags={"a": "b"})
    def rows():
        return 1

    assert rows.op.tags == {"penstock/compute_kind": "python", "a": "b"}
