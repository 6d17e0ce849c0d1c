"""Definitions gathered from modules and packages."""

from __future__ import annotations

import sys
import types

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.asset_job import define_asset_job
from penstock.define.checks import asset_check
from penstock.define.definitions import Definitions
from penstock.define.loading import (
    load_asset_checks_from_modules,
    load_assets_from_modules,
    load_assets_from_package_name,
    load_definitions_from_modules,
)
from penstock.define.observe import SourceAsset
from penstock.define.results import AssetCheckResult
from penstock.define.specs import AssetSpec
from penstock.errors import CodeLocationError, InvalidDefinitionError
from penstock.keys import AssetKey


@pytest.fixture
def module():
    @asset
    def low(): ...

    @asset(deps=["elsewhere"], group_name="own")
    def high(low, source): ...

    @asset_check(asset=low)
    def fine():
        return AssetCheckResult(passed=True)

    made = types.ModuleType("some_module")
    made.assets, made.source, made.spec, made.fine = (
        [low, high],
        SourceAsset("source"),
        AssetSpec("spec"),
        fine,
    )
    made.again, made.number, made.job = low, 5, define_asset_job("all_of_it")
    return made


def deps_by_key(assets):
    return {one.key.to_user_string(): {key.to_user_string() for key in one.dependency_keys} for one in assets}


def test_assets_are_found_single_and_in_lists_each_once(module):
    assert sorted(deps_by_key(load_assets_from_modules([module]))) == ["high", "low", "source"]
    keys = {one.key for one in load_assets_from_modules([module], include_specs=True)}
    assert AssetKey("spec") in keys


def test_a_prefix_changes_own_keys_and_deps_on_them(module):
    assert deps_by_key(load_assets_from_modules([module], key_prefix=["a", "b"])) == {
        "a/b/low": set(),
        "a/b/high": {"a/b/low", "source", "elsewhere"},
        "source": set(),
    }


def test_external_assets_have_a_prefix_of_their_own(module):
    found = deps_by_key(load_assets_from_modules([module], source_key_prefix="s"))
    assert found["high"] == {"low", "s/source", "elsewhere"}


def test_an_asset_in_another_group_is_refused(module):
    with pytest.raises(InvalidDefinitionError, match=r"'high' is in group 'own'"):
        load_assets_from_modules([module], group_name="loaded")


def test_one_key_in_two_modules_is_refused(module):
    other = types.ModuleType("other")
    other.low = asset(name="low")(lambda: 1)
    with pytest.raises(InvalidDefinitionError, match="'low' is defined twice"):
        load_assets_from_modules([module, other])


def test_checks_are_loaded_apart_and_with_a_prefix(module):
    (check,) = load_asset_checks_from_modules([module], asset_key_prefix="a")
    assert check.check_key.asset_key == AssetKey(["a", "low"])


def test_everything_is_loaded_and_definitions_are_merged_in(module):
    module.more = Definitions(assets=[asset(name="extra")(lambda: 1)], resources={"r": 1})
    defs = load_definitions_from_modules([module], resources={"s": 2})
    assert defs.resources == {"r": 1, "s": 2}
    assert {"low", "high", "source", "spec", "extra"} <= {str(key) for key in defs.resolve_all_asset_keys()}
    assert len(defs.resolve_asset_graph().asset_check_keys) == 1
    assert defs.get_repository_def().has_job("all_of_it")


def test_a_package_is_searched_to_its_last_module(tmp_path, monkeypatch):
    inner = tmp_path / "some_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("")
    (inner / "deep.py").write_text(
        "from penstock.define.asset_decorators import asset\n\n@asset\ndef deep(): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert [one.key.to_user_string() for one in load_assets_from_package_name("some_package")] == ["deep"]
    finally:
        for name in [name for name in sys.modules if name.startswith("some_package")]:
            del sys.modules[name]


def test_a_package_that_does_not_exist_is_named():
    with pytest.raises(CodeLocationError, match="no_such_package"):
        load_assets_from_package_name("no_such_package")
