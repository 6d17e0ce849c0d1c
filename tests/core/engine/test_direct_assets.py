"""What a directly called asset or check sees of its own definition."""

from __future__ import annotations

import penstock


def test_an_asset_called_directly_knows_its_key():
    @penstock.asset(key_prefix="shop")
    def orders(context: penstock.AssetExecutionContext):
        return context.asset_key

    assert orders(penstock.build_asset_context()) == penstock.AssetKey(["shop", "orders"])


def test_a_check_called_directly_knows_its_specs():
    @penstock.asset_check(asset="orders")
    def tidy(context: penstock.AssetCheckExecutionContext):
        (spec,) = context.check_specs
        return penstock.AssetCheckResult(passed=spec.name == "tidy")

    assert tidy(penstock.build_asset_check_context()).passed
