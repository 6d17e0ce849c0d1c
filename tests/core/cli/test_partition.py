"""``penstock partition``, and the grid of ``penstock asset show``."""

from __future__ import annotations

import pytest

CODE = """
    from pathlib import Path

    from penstock import (
        BackfillPolicy, DailyPartitionsDefinition, DynamicPartitionsDefinition, MultiPartitionsDefinition,
        StaticPartitionsDefinition, asset,
    )

    DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11")
    REGIONS = StaticPartitionsDefinition(["north", "south"])

    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def sales(context) -> dict:
        if Path("fail").exists():
            raise ValueError("no sales")
        return dict.fromkeys(context.partition_keys, 1)

    @asset(partitions_def=DynamicPartitionsDefinition(name="files"))
    def pages() -> int: return 1

    @asset(partitions_def=DynamicPartitionsDefinition(name="files"))
    def many(context) -> dict: return dict.fromkeys(context.partition_keys, 1)

    @asset(partitions_def=MultiPartitionsDefinition({"day": DAYS, "region": REGIONS}))
    def visits() -> int: return 1

    @asset
    def plain() -> int: return 1
"""


@pytest.fixture
def code(write):
    write("parts.py", CODE)
    return "parts.py"


@pytest.fixture
def sold(cli, code, write, tmp_path):
    """Three days made, then the third and a fourth failed."""
    cli("materialize", "-f", code, "-s", "sales", "--partition", "2024-01-01...2024-01-03", "-q")
    write("fail", "")
    cli("materialize", "-f", code, "-s", "sales", "--partition", "2024-01-03...2024-01-04", "-q")
    (tmp_path / "fail").unlink()
    return code


# ---- asset show ----------------------------------------------------------------------------------------


def test_an_asset_shows_where_its_partitions_stand(cli, sold):
    answer = cli("asset", "show", "sales", "-f", sold)
    assert answer.code == 0
    lines = answer.steady.splitlines()
    assert "partitions  10: 2 materialized, 2 failed, 6 missing" in lines
    assert "██XX······" in lines
    assert "materialized  2024-01-01  2024-01-02  2" in lines
    assert "failed  2024-01-03  2024-01-04  2" in lines


def test_the_partitions_of_one_run_are_one_line_of_history(cli, sold):
    cli("materialize", "-f", sold, "-s", "sales", "--partition", "2024-01-05", "-q")
    lines = cli("asset", "show", "sales", "-f", sold).steady.splitlines()
    assert lines[-2:] == [
        "MOMENT  RUN  Materialized asset sales, partition '2024-01-05'.",
        "MOMENT  RUN  Materialized 3 partitions: 2024-01-01 … 2024-01-03.",
    ]
    assert cli("asset", "show", "sales", "-f", sold, "--history", "1").steady.splitlines()[-1] == lines[-2]


def test_of_more_facts_than_are_looked_at_it_is_told_that_there_may_be_more(cli, code):
    keys = [f"{n:03}" for n in range(501)]
    cli("partition", "add", "files", *keys, "-f", code)
    cli("materialize", "-f", code, "-s", "many", "--partition", f"{keys[0]}...{keys[-1]}", "-q")
    last = cli("asset", "show", "many", "-f", code, "--history", "1").steady.splitlines()[-1]
    assert last == "MOMENT  RUN  Materialized 500 partitions or more, up to 500."


def test_where_partitions_stand_is_there_as_json(cli, sold):
    found = cli("asset", "show", "sales", "-f", sold, "--json").json["partition_status"]
    assert {name: found[name] for name in ("total", "materialized", "failed", "in_progress", "missing")} == {
        "total": 10, "materialized": 2, "failed": 2, "in_progress": 0, "missing": 6,
    }  # fmt: skip
    assert found["ranges"][1] == {"status": "failed", "first": "2024-01-03", "last": "2024-01-04", "count": 2}


def test_several_dimensions_are_shown_as_a_table(cli, code):
    cli("materialize", "-f", code, "-s", "visits", "--partition", "2024-01-02|south", "-q")
    lines = cli("asset", "show", "visits", "-f", code).steady.splitlines()
    assert "north  ··········  0/10" in lines
    assert "south  ·█········  1/10" in lines
    rows = cli("asset", "show", "visits", "-f", code, "--json").json["partition_status"]["by"]["rows"]
    assert [row["materialized"] for row in rows] == [0, 1]


def test_dynamic_partitions_without_keys_are_none_yet(cli, code):
    assert "partitions  none yet" in cli("asset", "show", "pages", "-f", code).steady


def test_without_definitions_it_is_told_how_many_partitions_were_made(cli, sold):
    answer = cli("asset", "show", "sales")
    assert "3 partitions made" in answer.out
    assert "missing" not in answer.out


# ---- partition list ------------------------------------------------------------------------------------


def test_partitions_are_listed_with_where_they_stand(cli, sold):
    lines = cli("partition", "list", "sales", "-f", sold, "--limit", "4").steady.splitlines()
    assert lines == [
        "PARTITION  STATUS",
        "2024-01-01  materialized",
        "2024-01-02  materialized",
        "2024-01-03  failed",
        "2024-01-04  failed",
        "Only the first 4; --limit shows more.",
    ]


def test_a_list_can_be_narrowed_by_status_and_by_range(cli, sold):
    call = ("partition", "list", "sales", "-f", sold, "-q")
    assert cli(*call, "--status", "failed").out == "2024-01-03\n2024-01-04\n"
    assert cli(*call, "--from", "2024-01-02", "--to", "2024-01-03").out == "2024-01-02\n2024-01-03\n"
    assert len(cli(*call, "--status", "failed", "--status", "missing").out.split()) == 8
    assert cli(*call, "--status", "failed", "--to", "2024-01-02").out == ""


def test_a_list_as_json_has_the_status_of_each(cli, sold):
    found = cli("partition", "list", "sales", "-f", sold, "--json").json
    assert len(found) == 10
    assert found[2] == {"partition": "2024-01-03", "status": "failed"}


def test_several_dimensions_are_listed_by_their_keys(cli, code):
    cli("materialize", "-f", code, "-s", "visits", "--partition", "2024-01-02|south", "-q")
    found = cli("partition", "list", "visits", "-f", code, "-q", "--status", "materialized").out
    assert found == "2024-01-02|south\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--dynamic NAME"),
        (("sales", "--dynamic", "files"), "--dynamic NAME"),
        (("--dynamic", "files", "--status", "failed"), "name the asset"),
        (("slaes",), "Did you mean 'sales'"),
        (("plain",), "no partitions"),
        (("sales", "--from", "2024-01-99"), "2024-01-99"),
        (("sales", "--to", "2024-02-01"), "2024-01-10"),
        (("sales", "--from", "2024-01-05", "--to", "2024-01-02"), "wrong way round"),
        (("sales", "--status", "lost"), "lost"),
    ],
)
def test_what_cannot_be_listed_is_refused(cli, code, arguments, said):
    answer = cli("partition", "list", "-f", code, *arguments)
    assert answer.code == 2
    assert said in " ".join(answer.err.split())


# ---- dynamic keys --------------------------------------------------------------------------------------


def test_keys_are_added_once(cli, code):
    assert cli("partition", "add", "files", "b", "a", "b", "-f", code).out == "Added b, a to files.\n"
    assert (
        cli("partition", "add", "files", "a", "c", "-f", code).out == "Added c to files. Already there: a.\n"
    )
    assert (
        cli("partition", "add", "files", "a", "-f", code).out == "Added nothing to files. Already there: a.\n"
    )
    assert cli("partition", "list", "--dynamic", "files").out == "b\na\nc\n"
    assert cli("partition", "list", "pages", "-f", code, "-q").out == "b\na\nc\n"


def test_what_was_added_and_deleted_is_there_as_json(cli, code):
    cli("partition", "add", "files", "a", "-f", code)
    assert cli("partition", "add", "files", "a", "b", "--json").json == {
        "name": "files", "added": ["b"], "already_there": ["a"],
    }  # fmt: skip
    assert cli("partition", "delete", "--yes", "files", "a", "x", "--json").json == {
        "name": "files", "deleted": ["a"], "not_there": ["x"],
    }  # fmt: skip


def test_a_name_that_no_definition_has_is_refused_unless_forced(cli, code):
    answer = cli("partition", "add", "filez", "a", "-f", code)
    assert answer.code == 2
    assert "Did you mean 'files'?" in answer.err
    assert cli("partition", "list", "--dynamic", "filez", "-q").out == ""
    assert cli("partition", "add", "filez", "a", "-f", code, "--force").code == 0


def test_without_definitions_any_name_may_have_keys(cli):
    assert cli("partition", "add", "files", "a").code == 0
    assert cli("partition", "list", "--dynamic", "files", "-q").out == "a\n"


@pytest.mark.parametrize("key", ["", "a|b", "a...b", "a\nb"])
def test_a_text_that_cannot_be_a_key_is_refused(cli, key):
    answer = cli("partition", "add", "files", "good", key)
    assert answer.code == 2
    assert cli("partition", "list", "--dynamic", "files", "-q").out == ""


def test_a_deleted_key_keeps_what_was_made_of_it(cli, code):
    cli("partition", "add", "files", "a", "b", "-f", code)
    cli("materialize", "-f", code, "-s", "pages", "--partition", "a", "-q")
    assert cli("partition", "delete", "--yes", "files", "a").out == "Deleted a from files.\n"
    assert cli("partition", "delete", "--yes", "files", "a").code == 0
    assert "1: 1 missing" in cli("asset", "show", "pages", "-f", code).steady
    cli("partition", "add", "files", "a")
    assert "2: 1 materialized, 1 missing" in cli("asset", "show", "pages", "-f", code).steady


def test_a_key_that_is_not_there_is_answered_with_the_nearest(cli):
    cli("partition", "add", "files", "orders.csv")
    answer = cli("partition", "delete", "files", "order.csv")
    assert answer.code == 0
    assert answer.out == "Deleted nothing from files. Not there: order.csv. Did you mean 'orders.csv'?\n"


# ---- runs of partitions --------------------------------------------------------------------------------


def test_a_run_is_shown_with_its_partitions(cli, sold):
    cli("materialize", "-f", sold, "-s", "sales", "--partition", "2024-01-05", "-q")
    one, *_, some = cli("run", "list").steady.splitlines()[1:]
    assert one.startswith("RUN  sales [2024-01-05]  done")
    assert some.startswith("RUN  sales [2024-01-01 … 2024-01-03]  done")
    newest, *_, oldest = cli("run", "list", "-q").out.split()
    assert "partition 2024-01-05\n" in cli("run", "show", newest).out
    assert "partition 2024-01-01 … 2024-01-03\n" in cli("run", "show", oldest).out
