from __future__ import annotations


def states(cli, shop, *more):
    return {line["key"]: line["state"] for line in cli("asset", "list", "-f", shop, "--json", *more).json}


def test_assets_that_were_never_made_are_listed(cli, shop):
    assert states(cli, shop) == {"orders": "never made", "revenue": "never made", "report": "never made"}


def test_the_list_is_a_table_with_what_each_is_made_from(cli, shop):
    cli("materialize", "-f", shop, "-q")
    assert cli("asset", "list", "-f", shop).steady.splitlines() == [
        "ASSET  GROUP  STATE  MADE  BY RUN  MADE FROM",
        "orders  raw  fresh  TIME  RUN",
        "report  default  fresh  TIME  RUN  revenue",
        "revenue  default  fresh  TIME  RUN  orders",
    ]


def test_what_is_upstream_of_a_newer_asset_is_out_of_date(cli, shop):
    cli("materialize", "-f", shop, "-q")
    cli("materialize", "-f", shop, "-q", "-s", "revenue")
    assert states(cli, shop) == {"orders": "fresh", "revenue": "fresh", "report": "upstream newer"}


def test_changed_code_is_told(cli, shop, write, tmp_path):
    cli("materialize", "-f", shop, "-q")
    text = (tmp_path / "shop.py").read_text().replace('code_version="1"', 'code_version="2"')
    write("shop2.py", text)
    assert states(cli, "shop2.py")["orders"] == "code changed"


def test_the_list_can_be_narrowed(cli, shop):
    assert cli("asset", "list", "-f", shop, "-q", "-s", "group:raw").out == "orders\n"


def test_without_definitions_what_was_ever_made_is_listed(cli, shop):
    assert cli("asset", "list").out == "No assets.\n"
    cli("materialize", "-f", shop, "-q", "-s", "orders")
    assert cli("asset", "list", "-q").out == "orders\n"


def test_an_asset_shows_its_definition_facts_checks_and_history(cli, shop):
    cli("materialize", "-f", shop, "-q")
    answer = cli("asset", "show", "orders", "-f", shop)
    assert answer.code == 0
    for text in (
        "What was ordered.",
        "used by",
        "revenue",
        "has_rows",
        "passed",
        "Materialized asset orders.",
    ):
        assert text in answer.out


def test_an_asset_as_json_has_its_definition(cli, shop):
    found = cli("asset", "show", "orders", "-f", shop, "--json").json
    assert found["definition"]["group"] == "raw"
    assert found["definition"]["used_by"] == ["revenue"]
    assert found["history"] == []


def test_an_unknown_asset_is_answered_with_the_nearest(cli, shop):
    answer = cli("asset", "show", "ordrs", "-f", shop)
    assert answer.code == 2
    assert "Did you mean 'orders'?" in answer.err
