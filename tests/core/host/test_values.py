"""Stored assets are loaded outside of runs, through the managers that stored them."""

from __future__ import annotations

import pytest

from penstock import AssetSpec, Definitions, Instance, IOManager, asset, materialize
from penstock.errors import InvariantViolationError, LoadInputError
from penstock.host.values import AssetValueLoader


@asset
def raw():
    return {"rows": 3}


DEFS = Definitions(assets=[raw, AssetSpec("outside")])


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as made:
        yield made


def test_a_stored_value_is_loaded(instance):
    materialize([raw], instance=instance)
    assert DEFS.load_asset_value("raw", instance=instance) == {"rows": 3}


def test_an_unknown_asset_is_named(instance):
    with pytest.raises(InvariantViolationError, match=r"no asset 'row'.*Did you mean 'raw'"):
        DEFS.load_asset_value("row", instance=instance)


def test_a_value_that_was_never_stored_is_explained(instance):
    with pytest.raises(LoadInputError, match="Loading asset 'raw' failed"):
        DEFS.load_asset_value("raw", instance=instance)


class Shelf(IOManager):
    opened = 0

    def handle_output(self, context, obj):
        pass

    def load_input(self, context):
        return context.asset_key.to_user_string(), context.metadata.get("hint")


def test_a_manager_is_told_key_and_metadata(instance):
    with AssetValueLoader({raw.key: raw}, {"io_manager": Shelf()}, instance) as loader:
        assert loader.load_asset_value("raw", metadata={"hint": 1}) == ("raw", 1)


def test_resources_are_opened_once_and_closed_at_the_end(instance):
    from penstock import resource

    lines = []

    @resource
    def shelf(_context):
        lines.append("open")
        yield Shelf()
        lines.append("close")

    with AssetValueLoader({raw.key: raw}, {"io_manager": shelf}, instance) as loader:
        loader.load_asset_value("raw")
        loader.load_asset_value("raw")
        assert lines == ["open"]
    assert lines == ["open", "close"]
