"""Conditions with which a project cannot be used."""

from __future__ import annotations

import pytest

from penstock import (
    AssetCheckResult,
    AutomationCondition,
    Definitions,
    InvalidDefinitionError,
    asset,
    asset_check,
)


def test_what_is_no_condition_is_refused():
    @asset(automation_condition="eager")
    def thing(): ...

    with pytest.raises(InvalidDefinitionError, match=r"asset thing is 'eager'.*AutomationCondition\.eager"):
        Definitions.validate_loadable(Definitions(assets=[thing]))


def test_what_is_no_condition_of_a_check_is_refused():
    @asset
    def thing(): ...

    @asset_check(asset=thing, automation_condition=AutomationCondition)
    def fine():
        return AssetCheckResult(passed=True)

    with pytest.raises(InvalidDefinitionError, match="check thing:fine"):
        Definitions.validate_loadable(Definitions(assets=[thing], asset_checks=[fine]))


def test_an_asset_that_nobody_defines_cannot_be_looked_at():
    condition = AutomationCondition.missing() & ~AutomationCondition.asset_matches(
        "ordres", AutomationCondition.newly_updated()
    )

    @asset
    def orders(): ...

    @asset(automation_condition=condition)
    def thing(): ...

    @asset(automation_condition=condition)
    def other(): ...

    with pytest.raises(InvalidDefinitionError, match=r"'ordres', which nobody.*Did you mean 'orders'"):
        Definitions.validate_loadable(Definitions(assets=[orders, thing, other]))


def test_conditions_that_can_be_asked_are_no_fault():
    matching = AutomationCondition.asset_matches("orders", AutomationCondition.newly_updated())

    @asset(automation_condition=AutomationCondition.eager())
    def orders(): ...

    @asset(automation_condition=matching | AutomationCondition.on_cron("@daily"))
    def thing(): ...

    Definitions.validate_loadable(Definitions(assets=[orders, thing]))
