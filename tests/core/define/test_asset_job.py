"""Asset jobs: which nodes a selection becomes, how they are wired, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.asset_decorators import asset, multi_asset
from penstock.define.asset_job import build_asset_job, define_asset_job
from penstock.define.checks import asset_check, multi_asset_check
from penstock.define.graph import FromNode
from penstock.define.observe import SourceAsset
from penstock.define.results import AssetCheckResult
from penstock.define.specs import AssetCheckSpec, AssetIn, AssetSpec
from penstock.errors import InvalidDefinitionError, InvalidSubsetError
from penstock.keys import AssetKey
from penstock.partitions import StaticPartitionsDefinition


def made(name, *deps, **options):
    return asset(name=name, deps=list(deps), **options)(lambda: 1)


def nodes(assets, selection=None, **options):
    return build_asset_job("j", assets, selection, **options).graph.nodes


def test_an_argument_is_a_wire_and_a_dep_an_order():
    @asset(deps=["first"])
    def last(middle): ...

    found = nodes([last, made("middle"), made("first")])
    assert list(found) == ["middle", "first", "last"]
    assert found["last"].inputs == {"middle": FromNode("middle")}
    assert found["last"].after == (FromNode("first"),)


def test_an_input_that_is_not_made_in_the_job_has_no_wire():
    @asset
    def low(up): ...

    found = nodes([made("up"), low], ["low"])
    assert list(found) == ["low"]
    assert found["low"].inputs == {}


def test_two_assets_with_one_op_name_get_two_nodes():
    found = nodes([made("a-b"), made("a_b", "a-b")])
    assert list(found) == ["a_b", "a_b_2"]
    assert found["a_b_2"].after == (FromNode("a_b"),)


def test_what_is_downstream_waits_for_a_blocking_check():
    @asset_check(asset="up", blocking=True)
    def fine():
        return AssetCheckResult(passed=True)

    @asset_check(asset="up")
    def other():
        return AssetCheckResult(passed=True)

    found = nodes([made("up"), made("low", "up"), fine, other])
    assert FromNode("up_fine") in found["low"].after
    assert found["up_fine"].after == found["up_other"].after == (FromNode("up"),)


def test_a_definition_that_is_cut_in_two_by_another_is_split():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("c", deps=["b"])], can_subset=True)
    def both(): ...

    job = build_asset_job("j", [both, made("b", "a")])
    assert list(job.graph.nodes) == ["both", "b", "both_2"]
    assert job.assets.by_node["both"].selected == {AssetKey("a")}
    assert job.assets.by_node["both_2"].selected == {AssetKey("c")}


def test_a_definition_that_cannot_be_split_is_refused_by_name():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("c", deps=["b"])])
    def both(): ...

    with pytest.raises(InvalidDefinitionError, match=r"'both' makes several .*can_subset"):
        nodes([both, made("b", "a")])


@given(st.data())
def test_split_definitions_run_in_an_order_that_keeps_every_dependency(data):
    size = data.draw(st.integers(2, 9))
    deps = {n: [m for m in range(n) if data.draw(st.booleans())] for n in range(size)}
    owner = {n: data.draw(st.integers(0, 2)) for n in range(size)}
    assets = [
        multi_asset(
            name=f"m{group}",
            can_subset=True,
            specs=[
                AssetSpec(f"a{n}", deps=[f"a{m}" for m in deps[n]]) for n in range(size) if owner[n] == group
            ],
        )(lambda: None)
        for group in sorted(set(owner.values()))
    ]
    place = {}
    for number, part in enumerate(build_asset_job("j", assets).assets.by_node.values()):
        place |= {key.to_user_string(): number for key in part.keys}
    assert len(place) == size
    assert all(place[f"a{m}"] <= place[f"a{n}"] for n in deps for m in deps[n])


def test_a_part_of_what_is_made_together_is_refused_naming_the_job():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def both(): ...

    with pytest.raises(InvalidSubsetError, match="'half'"):
        build_asset_job("half", [both], ["a"])


def test_a_check_of_several_assets_runs_whole_when_one_of_them_is_made():
    specs = [AssetCheckSpec("odd", asset="left"), AssetCheckSpec("odd", asset="right")]

    @multi_asset_check(specs=specs)
    def oddness(): ...

    assert list(nodes([made("left"), made("right"), oddness], ["left"])) == ["left", "oddness"]


def test_an_argument_that_nobody_defines_is_refused_with_what_is_near():
    @asset
    def bread(harvst): ...

    with pytest.raises(InvalidDefinitionError, match=r"'harvst' of 'bread'.*'harvest'"):
        nodes([bread, made("harvest")])


def test_a_dep_that_nobody_defines_is_external():
    job = build_asset_job("j", [made("bread", "harvest")])
    assert job.assets.known[AssetKey("harvest")].is_external


def test_a_circle_is_refused():
    with pytest.raises(InvalidDefinitionError, match="a → b → a"):
        nodes([made("a", "b"), made("b", "a")])


def test_a_missing_resource_is_named_with_who_needs_it():
    with pytest.raises(InvalidDefinitionError, match=r"'cake'.*'oven'"):
        nodes([made("cake", required_resource_keys={"oven"})])
    assert nodes([made("cake", required_resource_keys={"oven"})], resources={"oven": 1})


def test_the_io_manager_of_an_asset_that_is_only_read_must_be_there():
    @asset
    def summary(letters): ...

    @asset(ins={"letters": AssetIn(input_manager_key="own")})
    def otherwise(letters): ...

    letters = SourceAsset("letters", io_manager_key="archive")
    with pytest.raises(InvalidDefinitionError, match=r"'letters' through the resource 'archive'"):
        nodes([letters, summary])
    assert nodes([letters, otherwise], resources={"own": 1})


def test_different_resources_under_one_key_are_refused():
    one, two = made("one", resource_defs={"r": 1}), made("two", resource_defs={"r": 2})
    with pytest.raises(InvalidDefinitionError, match="'r'"):
        nodes([one, two])


def test_partitions_of_a_job_are_those_of_its_assets():
    keys = StaticPartitionsDefinition(["a"])
    job = build_asset_job("j", [made("p", partitions_def=keys), made("plain")])
    assert job.partitions_def == keys
    with pytest.raises(InvalidDefinitionError, match="different partitions"):
        nodes([made("p", partitions_def=keys), made("q", partitions_def=StaticPartitionsDefinition(["b"]))])


def test_a_selection_of_external_assets_alone_is_refused():
    with pytest.raises(InvalidDefinitionError, match="nothing here makes"):
        nodes([AssetSpec("outside")], ["outside"])


def test_an_empty_selection_is_an_empty_job():
    assert nodes([made("a")], "group:nothing") == {}


def test_a_defined_job_keeps_what_is_said_about_it():
    job = define_asset_job("nightly", ["a"], tags={"n": 1}, config={"ops": {}}, timeout=5.0, hooks=set())
    found = build_asset_job("nightly", [made("a")], job.selection, **job.options)
    assert (found.tags, found.config, found.timeout) == ({"n": "1"}, {"ops": {}}, 5.0)
    with pytest.raises(InvalidDefinitionError, match="run_tags"):
        define_asset_job("nightly", run_tag={})


def test_a_long_chain_is_a_normal_job():
    specs = [AssetSpec("a0"), *(AssetSpec(f"a{n}", deps=[f"a{n - 1}"]) for n in range(1, 3_000))]
    assets = [multi_asset(name=f"m{n}", specs=[spec])(lambda: None) for n, spec in enumerate(specs)]
    assert list(nodes(reversed(assets)))[-1] == "m2999"


def test_what_was_said_of_an_asset_job_can_be_read():
    made = define_asset_job(
        "nightly", config={"ops": {}}, tags={"a": "1"}, run_tags={"b": "2"}, metadata={"rows": 3}
    )
    assert (made.tags, made.run_tags, made.config) == ({"a": "1"}, {"b": "2"}, {"ops": {}})
    assert made.metadata["rows"].value == 3
    assert define_asset_job("plain", tags={"a": "1"}).run_tags == {"a": "1"}
