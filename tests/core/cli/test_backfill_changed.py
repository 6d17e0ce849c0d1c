from __future__ import annotations

import pytest

_SHOP = """
from penstock import DailyPartitionsDefinition, StaticPartitionsDefinition, asset, job, op

days = DailyPartitionsDefinition("2013-01-01", end_date="2013-01-05")

@asset(partitions_def=days, code_version="{code}")
def flights(): ...

@asset(partitions_def=days, code_version="1")
def delays(flights): ...

@asset(code_version="1", deps=["delays"])
def report(): ...

@op
def greet(): ...

@job(partitions_def=StaticPartitionsDefinition(["a"]))
def greeting():
    greet()
"""


@pytest.fixture
def shop(write):
    return lambda code: write(f"shop_{code}.py", _SHOP.format(code=code))


def changed(cli, file, *more):
    return cli("backfill", "launch", "-f", file, "--changed", *more)


def test_a_backfill_of_what_changed_leaves_nothing_stale(cli, shop):
    assert changed(cli, shop("1"), "--asset", "*", "-q").code == 0
    assert cli("plan", "-f", shop("1"), "--changed", "-q").out == ""
    assert cli("plan", "-f", shop("2"), "--changed", "-q").out.split() == ["flights", "delays", "report"]
    assert changed(cli, shop("2"), "--asset", "*", "-q").code == 0
    assert cli("plan", "-f", shop("2"), "--changed", "-q").out == ""


def test_only_the_stale_partitions_are_made(cli, shop):
    changed(cli, shop("1"), "--asset", "flights", "-q")
    cli("materialize", "-f", shop("2"), "-s", "flights", "--partition", "2013-01-02", "-q")
    before = len(cli("run", "list", "--json", "--limit", "100").json)
    assert changed(cli, shop("2"), "--asset", "flights", "-q").code == 0
    assert len(cli("run", "list", "--json", "--limit", "100").json) == before + 3


def test_partitions_can_be_restricted(cli, shop):
    assert changed(cli, shop("1"), "--asset", "flights", "--partitions", "2013-01-02", "-q").code == 0
    assert len(cli("run", "list", "--json").json) == 1


def test_a_job_of_ops_never_changes(cli, shop):
    answer = changed(cli, shop("1"), "--job", "greeting")
    assert answer.code == 2
    assert "not of jobs of ops" in answer.err


def test_one_choice_excludes_the_others(cli, shop):
    answer = changed(cli, shop("1"), "--asset", "flights", "--missing")
    assert answer.code == 2
    assert "Give one of --missing, --failed and --changed." in answer.err
