from __future__ import annotations

import sqlite3

import pytest


def test_info_says_where_everything_is(cli, shop, penstock_home):
    cli("materialize", "-f", shop, "-q")
    answer = cli("instance", "info")
    assert f"home     {penstock_home}" in answer.out
    assert "runs     1" in answer.out
    assert "the environment: home" in answer.out
    found = cli("instance", "info", "--json").json
    assert found["runs"] == 1
    assert cli("instance", "info", "-q").out == f"sqlite://{penstock_home}/penstock.db\n"


def test_migrating_what_is_new_changes_nothing(cli):
    cli("run", "list")
    answer = cli("instance", "migrate")
    assert answer.code == 0
    assert "which is the newest" in answer.out


def test_migrating_nothing_is_refused(cli):
    answer = cli("instance", "migrate")
    assert answer.code == 2
    assert "nothing to migrate" in answer.err


def test_retention_tells_first_and_then_forgets(cli, shop):
    for _ in range(3):
        cli("materialize", "-f", shop, "-q", "-s", "orders")
    assert cli("instance", "retain", "--keep", "1", "--dry-run").out == "Would forget 2 run(s).\n"
    assert cli("instance", "retain", "--keep", "1").out == "Forgot 2 run(s).\n"
    assert len(cli("run", "list", "--json").json) == 1


def test_retention_that_nobody_described_is_refused(cli):
    answer = cli("instance", "retain")
    assert answer.code == 2
    assert "retention.runs_days" in answer.err


def test_a_newer_schema_is_refused_in_one_message(cli, penstock_home):
    cli("run", "list")
    connection = sqlite3.connect(penstock_home / "penstock.db")
    connection.execute("PRAGMA user_version = 99")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if "schema_version" in tables:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.commit()
    connection.close()
    answer = cli("run", "list")
    assert answer.code == 2, answer.out
    assert "99" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("content", [b"garbage\n", b"x" * 8192])
def test_a_damaged_database_is_refused_in_one_message(cli, penstock_home, content):
    penstock_home.mkdir()
    (penstock_home / "penstock.db").write_bytes(content)
    answer = cli("run", "list")
    assert answer.code == 2
    assert "penstock.db" in answer.err
    assert "Traceback" not in answer.err


def test_a_home_that_cannot_be_made_is_refused(cli, monkeypatch):
    monkeypatch.setenv("PENSTOCK_HOME", "/proc/penstock")
    answer = cli("run", "list")
    assert answer.code == 2
    assert "Set PENSTOCK_HOME" in answer.err
