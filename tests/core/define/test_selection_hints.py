"""Why a selection chooses nothing, and names that nobody has."""

from __future__ import annotations

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.asset_graph import AssetGraph
from penstock.define.selection import AssetSelection
from penstock.define.selection_hints import refuse_unknown_groups, why_empty
from penstock.errors import InvalidSubsetError


@asset(group_name="raw", tags={"tier": "gold"}, kinds={"csv"}, owners=["team:data"])
def orders(): ...


GRAPH = AssetGraph.from_assets([orders])


def why(text):
    return why_empty(AssetSelection.from_string(text), GRAPH)


def test_an_unknown_group_is_shown_where_it_stands():
    with pytest.raises(InvalidSubsetError) as caught:
        refuse_unknown_groups(AssetSelection.from_string("orders or group:rwa+"), GRAPH)
    assert str(caught.value) == (
        "No asset has group:\"rwa\". Did you mean 'raw'? Groups are: raw.\n"
        "  orders or group:rwa+\n"
        "                  ^^^"
    )


@pytest.mark.parametrize("text", ["group:raw", "group:x*", "not group:raw", "tag:x=y"])
def test_other_selections_pass(text):
    refuse_unknown_groups(AssetSelection.from_string(text), GRAPH)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag:tier=gould", ' No asset has tag:"tier"="gould". Did you mean \'tier=gold\'?'),
        ("kind:cvs", " No asset has kind:\"cvs\". Did you mean 'csv'?"),
        ("owner:team:date", " No asset has owner:\"team:date\". Did you mean 'team:data'?"),
        ("key:oder*", " No asset has key:\"oder*\". Did you mean 'orders'?"),
        ("orders and not *", ""),
    ],
)
def test_what_nobody_has_is_named_with_what_is_near(text, said):
    assert why(text) == said
