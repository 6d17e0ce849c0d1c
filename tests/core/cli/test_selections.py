"""Selections on the command line: what instances answer, and how faults look."""

from __future__ import annotations

import pytest

CODE = """
    from pathlib import Path
    from penstock import (
        DailyPartitionsDefinition, Definitions, MaterializeResult, StaticPartitionsDefinition, TableColumn,
        TableSchema, asset,
    )

    def failing():
        return Path("fail").exists()

    @asset(group_name="raw", code_version=Path("version").read_text() if Path("version").exists() else "1")
    def orders():
        if failing():
            raise ValueError("no orders")
        return MaterializeResult(metadata={"penstock/table_name": "shop.orders"})

    @asset(deps=[orders], group_name="marts", metadata={
        "penstock/column_schema": TableSchema([TableColumn("price", "float", tags={"pii": "no"})])})
    def revenue(): ...

    @asset(partitions_def=StaticPartitionsDefinition(["a", "b"]))
    def letters(): ...

    @asset
    def feed():
        return 1

    @asset
    def news(feed):
        return feed

    defs = Definitions(assets=[orders, revenue, letters, feed, news])
"""


@pytest.fixture
def listed(cli, write):
    """A function that names the assets of a selection."""
    write("shop.py", CODE)

    def call(selection):
        answer = cli("asset", "list", "-f", "shop.py", "-s", selection, "--quiet")
        assert answer.code == 0, answer.err
        return answer.out.split()

    return call


def make(cli, selection, *options):
    return cli("materialize", "-f", "shop.py", "-s", selection, *options)


def test_what_was_never_made_is_missing(listed, cli):
    assert listed("status:missing") == ["feed", "letters", "news", "orders", "revenue"]
    make(cli, "orders")
    assert listed("status:missing") == ["feed", "letters", "news", "revenue"]
    assert listed("status:materialized") == listed("status:fresh") == ["orders"]


def test_a_partitioned_asset_is_missing_until_all_partitions_are_made(listed, cli):
    make(cli, "letters", "--partition", "a")
    assert "letters" in listed("status:missing")
    make(cli, "letters", "--partition", "b")
    assert listed("status:materialized") == ["letters"]


def test_what_failed_last_is_failed_until_it_is_made(listed, cli, write, tmp_path):
    write("fail", "")
    assert make(cli, "orders").code == 1
    assert listed("status:failed") == ["orders"]
    (tmp_path / "fail").unlink()
    make(cli, "status:failed")
    assert listed("status:failed") == []
    assert listed("status:materialized") == ["orders"]


def test_asking_what_failed_when_nothing_did_is_no_fault(cli, write):
    write("shop.py", CODE)
    answer = make(cli, "status:failed")
    assert (answer.code, answer.out) == (0, "Nothing to do: status:failed chooses no asset now.\n")
    assert make(cli, "status:failed", "--json").lines[-1]["run_id"] is None


def test_a_selection_needs_definitions(cli):
    answer = cli("asset", "list", "-s", "orders")
    assert answer.code == 2
    assert "where your definitions are" in answer.err


def test_a_backfill_asks_too(cli, write):
    write("shop.py", CODE)
    launch = ("backfill", "launch", "-f", "shop.py", "--all", "--dry-run", "-s")
    assert cli(*launch, "letters and status:missing").code == 0
    assert "Did you mean 'letters'?" in cli(*launch, "lettres").err


def test_a_changed_code_version_makes_stale(listed, cli, write):
    make(cli, "orders or revenue")
    write("version", "2")
    assert listed("status:code_changed") == ["orders"]
    assert "orders" in listed("status:stale")
    assert listed('code_version:"2"') == ["orders"]


def test_an_upstream_that_was_made_anew_makes_stale(listed, cli):
    make(cli, "feed or news")
    make(cli, "feed")
    assert listed("status:upstream_newer") == listed("status:stale") == ["news"]


def test_a_table_is_known_by_its_definition_and_by_what_was_made(listed, cli):
    assert listed("column:price") == listed("column_tag:pii=no") == ["revenue"]
    assert listed("table_name:shop.orders") == []
    make(cli, "orders")
    assert listed("table_name:shop.orders") == ["orders"]


def test_the_code_location_has_the_name_of_its_file(listed):
    assert listed("code_location:shop and group:raw") == ["orders"]


def test_statuses_combine_with_all_else(listed, cli):
    make(cli, "orders")
    assert listed("status:materialized+ and not status:materialized") == ["revenue"]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (
            "orders and grop:raw",
            [
                "column 12: wanted an attribute: key,",
                "Did you mean 'group'?\n  orders and grop:raw\n             ^^^^",
            ],
        ),
        ("group:rwa or orders", ["No asset has group:\"rwa\". Did you mean 'raw'?", "\n        ^^^"]),
        ("+ordres", ["'ordres'. Did you mean 'orders'?", "\n  +ordres\n   ^^^^^^"]),
        ("status:stael", ["column 8", "Did you mean 'stale'?", "\n         ^^^^^"]),
        ("code_location:shp", ["Did you mean 'shop'?"]),
        ("kind:snwoflake", ['holds nothing that can be made. No asset has kind:"snwoflake".']),
        ("orders &", ["For '&' write 'and'."]),
    ],
)
def test_a_fault_is_shown_where_it_stands(cli, write, selection, said):
    write("shop.py", CODE)
    for command in ("materialize", "plan"):
        answer = cli(command, "-f", "shop.py", "-s", selection)
        if command == "plan" and "holds nothing" in said[0]:
            continue
        assert answer.code == 2
        assert "Traceback" not in answer.err
        for words in said:
            assert words in answer.err
    assert cli("run", "list", "--json").json == []


def test_a_status_in_a_job_says_where_to_ask_it(cli, write):
    write(
        "jobs.py",
        """
        from penstock import Definitions, asset, define_asset_job

        @asset
        def a(): ...

        defs = Definitions(assets=[a], jobs=[define_asset_job("j", selection="a and status:missing")])
        """,
    )
    answer = cli("job", "run", "-f", "jobs.py", "j")
    assert answer.code == 2
    assert "status:" in answer.err
    assert "penstock materialize" in answer.err


def test_a_selection_of_a_job_that_cannot_be_read_names_the_job(cli, write):
    write(
        "jobs.py",
        """
        from penstock import Definitions, asset, define_asset_job

        @asset
        def a(): ...

        defs = Definitions(assets=[a], jobs=[define_asset_job("nightly", selection="a adn a")])
        """,
    )
    answer = cli("check", "-f", "jobs.py")
    assert answer.code != 0
    assert "nightly" in answer.out + answer.err
    assert "column 3" in answer.out + answer.err
