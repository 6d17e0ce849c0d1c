"""Pools by the methods of an instance."""

from __future__ import annotations

from contextlib import closing

import pytest

from penstock import AssetCheckResult, AssetSpec, Instance, asset, asset_check, materialize, multi_asset
from penstock.errors import InvariantViolationError


@pytest.fixture
def instance():
    with closing(Instance.ephemeral()) as instance:
        yield instance


def test_limits_are_set_and_found(instance):
    instance.set_pool_limit("db", 3)
    instance.set_pool_limit(None, 1)
    assert [(pool.name, pool.limit) for pool in instance.get_pools()] == [("db", 3)]
    assert (instance.get_pool("other").limit, instance.get_pool("other").is_default) == (1, True)
    instance.set_pool_limit("db", None)
    assert (instance.get_pool("db").limit, instance.get_pools()) == (1, [])


@pytest.mark.parametrize("slots", [-1, True])
def test_slots_are_a_whole_number_from_0(instance, slots):
    with pytest.raises(InvariantViolationError, match="a whole number of slots from 0"):
        instance.set_pool_limit("db", slots)


def test_every_kind_of_step_can_stand_in_a_pool(instance):
    seen = {}

    def note(context, name):
        seen[name] = [slot.step for slot in context.instance.get_pool(name).taken]

    @asset(pool="one")
    def alone(context):
        note(context, "one")

    @multi_asset(specs=[AssetSpec("x"), AssetSpec("y")], pool="many")
    def several(context):
        note(context, "many")

    @asset_check(asset=alone, pool="check")
    def checked(context):
        note(context, "check")
        return AssetCheckResult(passed=True)

    assert materialize([alone, several, checked], instance=instance).success
    assert seen == {"one": ["alone"], "many": ["several"], "check": ["alone_checked"]}
