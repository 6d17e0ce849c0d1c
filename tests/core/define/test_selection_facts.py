"""What a selection asks beyond definitions, and how it is answered."""

from __future__ import annotations

import pytest

from penstock.define.asset_decorators import asset
from penstock.define.asset_graph import AssetGraph
from penstock.define.asset_job import define_asset_job
from penstock.define.selection import AssetSelection, needs_facts, with_answers
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidDefinitionError, InvalidSubsetError
from penstock.keys import AssetKey, user_strings
from penstock.metadata.sets import TableMetadataSet
from penstock.metadata.table import TableColumn, TableSchema

SCHEMA = TableSchema([TableColumn("price", tags={"unit": "eur", "pii": ""})])


@asset(metadata={**TableMetadataSet(column_schema=SCHEMA, table_name="shop.orders")})
def orders(): ...


@asset(deps=[orders])
def report(): ...


GRAPH = AssetGraph.from_assets([orders, report, AssetSpec("feed", metadata={"penstock/table_name": "feed"})])


class Facts:
    """Everything was made but the report, whose last try failed."""

    def having(self, status, keys, graph):
        return [key for key in keys if (status == "failed") == (key == AssetKey("report"))]

    def locations(self):
        return ["shop", "shop.py"]

    def metadata(self, keys):
        return {AssetKey("report"): {"penstock/column_schema": TableSchema([TableColumn("total")])}}


def chosen(text, **more):
    return user_strings(AssetSelection.from_string(text).resolve(GRAPH, **more))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("status:failed", ["report"]),
        ("1+status:failed", ["orders", "report"]),
        ("not status:failed", ["orders"]),
        ('status:"FAILED"', ["report"]),
        ("include_sources(status:materialized)", ["feed", "orders"]),
        ("code_location:shop and report", ["report"]),
        ("column:total", ["report"]),
        ("column:<null>", []),
    ],
)
def test_facts_answer(text, wanted):
    assert chosen(text, facts=Facts()) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("column:price", ["orders"]),
        ("column_tag:unit=eur", ["orders"]),
        ("column_tag:pii", ["orders"]),
        ("column_tag:unit", []),
        ("column:<null>", ["report"]),
        ("table_name:shop.orders", ["orders"]),
        ("table_name:<null>", ["report"]),
        ("include_sources(table_name:feed)", ["feed"]),
    ],
)
def test_definitions_answer_what_they_can(text, wanted):
    assert chosen(text) == wanted


@pytest.mark.parametrize("text", ["status:failed", "report or code_location:shop"])
def test_without_facts_the_question_is_named_and_what_to_do(text):
    with pytest.raises(InvalidSubsetError, match=r"(status|code_location):.*--select.*facts="):
        chosen(text)


def test_another_code_location_is_refused_with_what_is_near():
    with pytest.raises(InvalidSubsetError, match=r"not 'shpo'. Did you mean 'shop'\?"):
        chosen("code_location:shpo", facts=Facts())


def test_an_answered_selection_asks_no_more():
    asking = AssetSelection.from_string("status:failed or orders")
    done = with_answers(asking, GRAPH, Facts())
    assert (needs_facts(asking), needs_facts(done)) == (True, False)
    assert user_strings(done.resolve(GRAPH)) == ["orders", "report"]


def test_a_text_is_read_when_it_is_first_used():
    late = AssetSelection.from_coercible("orders and (")
    assert AssetSelection.from_coercible(["orders and report"]) == AssetSelection.from_string(
        "orders and report"
    )
    with pytest.raises(InvalidDefinitionError, match="column 13"):
        late.resolve(GRAPH)


def test_a_job_whose_selection_cannot_be_read_is_named():
    nightly = define_asset_job("nightly", selection="orders adn report")
    with pytest.raises(InvalidDefinitionError, match=r"Job 'nightly': .*column 8"):
        nightly.resolve(GRAPH)
