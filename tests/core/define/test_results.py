from __future__ import annotations

import pickle

import pytest

from penstock.define.inout import NO_VALUE
from penstock.define.results import (
    AssetCheckResult,
    MaterializeResult,
    ObserveResult,
    is_asset_result,
)
from penstock.errors import InvalidDefinitionError
from penstock.events.values import AssetCheckSeverity
from penstock.keys import AssetCheckKey, AssetKey


def test_keys_are_taken_in_any_spelling():
    assert MaterializeResult(asset_key=["a", "b"]).asset_key == AssetKey(["a", "b"])
    assert ObserveResult(asset_key="a").asset_key == AssetKey("a")
    assert AssetCheckResult(passed=True, asset_key="a", check_name="c").asset_check_key == AssetCheckKey(
        AssetKey("a"), "c"
    )
    assert AssetCheckResult(passed=True, check_name="c").asset_check_key is None


def test_none_is_a_value_of_an_asset():
    assert MaterializeResult(value=None).has_value
    assert not MaterializeResult().has_value


def test_no_value_survives_pickling():
    assert pickle.loads(pickle.dumps(MaterializeResult())).value is NO_VALUE


def test_what_is_no_check_result_is_refused():
    with pytest.raises(InvalidDefinitionError, match="check_results"):
        MaterializeResult(check_results=[True])
    with pytest.raises(InvalidDefinitionError, match="passed"):
        AssetCheckResult(passed="yes")
    with pytest.raises(InvalidDefinitionError, match="severity"):
        AssetCheckResult(passed=False, severity="WARN")


def test_a_check_result_becomes_an_evaluation():
    result = AssetCheckResult(
        passed=False, metadata={"n": 1}, severity=AssetCheckSeverity.WARN, description="d"
    )
    made = result.to_asset_check_evaluation(AssetCheckKey(AssetKey("a"), "c"), blocking=True)
    assert (made.asset_key, made.check_name, made.passed, made.severity) == (
        AssetKey("a"), "c", False, AssetCheckSeverity.WARN,
    )  # fmt: skip
    assert made.metadata["n"].value == 1
    assert not made.blocks


def test_results_are_told_from_values():
    results = [MaterializeResult(), ObserveResult(), AssetCheckResult(passed=True)]
    assert all(map(is_asset_result, results))
    assert not any(map(is_asset_result, [1, None]))


def test_a_result_keeps_its_metadata_as_it_was_given():
    assert MaterializeResult(metadata={"rows": 3}).metadata == {"rows": 3}
    assert ObserveResult(metadata={"rows": 3}).metadata == {"rows": 3}


def test_results_may_be_told_in_order():
    assert MaterializeResult("a", {"rows": 1}) == MaterializeResult(asset_key="a", metadata={"rows": 1})
    assert ObserveResult("a", {"rows": 1}) == ObserveResult(asset_key="a", metadata={"rows": 1})


@pytest.mark.parametrize("given", [AssetCheckResult(passed=True), [True]])
def test_check_results_are_a_list_of_results(given):
    with pytest.raises(InvalidDefinitionError, match="check_results wants"):
        MaterializeResult(check_results=given)
